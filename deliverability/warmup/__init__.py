"""Warm-up: a domain nobody knows sends a little more each day, to those who care most first."""
