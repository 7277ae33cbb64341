"""Keeping lists clean: flags on addresses, quiet people, the end of retention, duplicates.

Nothing here refuses an address or brings anybody back; every rule is off until somebody has seen its forecast.
"""
