"""Screens, a file each: parse, one call, answer."""
