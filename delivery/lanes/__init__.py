"""Lanes: how a window of messages is handed to a provider. One contract (contract.py), one file a kind of road."""
