"""Limits shared by all workers on all hosts. They act before a window is marked, never on one that is open."""
