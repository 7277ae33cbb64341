"""Starts Envol from a bare checkout: environment, assets, embedded servers, processes. Standard library only."""
