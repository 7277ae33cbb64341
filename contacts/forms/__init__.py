"""Input to clean data, a file per screen."""
