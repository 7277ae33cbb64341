"""The ground floor: nothing with meaning of its own. Ten modules at most."""
