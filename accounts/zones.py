"""Time zones to choose from."""

from zoneinfo import available_timezones


def zone_choices() -> list[tuple[str, str]]:
    """Time zones people live in, by name; not the historical and offset ones."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if name.startswith(areas)] + [
        ("UTC", "UTC")
    ]
