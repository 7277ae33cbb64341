"""How long an answer asks to wait: its headers, its words, or what is known of the quota it speaks of."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)

# Of a rate. Seconds or a date (RFC 9110 10.2.3), Brevo's and the sixth draft's seconds, SendGrid's second of the epoch.
_RATES = ("retry-after", "ratelimit-reset", "x-sib-ratelimit-reset", "x-ratelimit-reset")
_EPOCH = 1_000_000_000
_AFTER = re.compile(r"(?:try again|enabled) after ((?:\w{3}, )?\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \w+)", re.IGNORECASE)
_IN = re.compile(r"(?:try again|retry|enabled) (?:after|in) (\d{1,6}) ?(second|minute|hour)s?\b", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


def of_rate(text: str, headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """By the headers, else by the words; at most a day; None where neither says."""
    lower = _lower(headers)
    for name in _RATES:
        found = _wait(lower.get(name, ""), now)
        if found is not None:
            return found
    return in_words(text, now=now)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """The Retry-After header alone: the others stand in every answer, whatever it says."""
    return _wait(_lower(headers).get("retry-after", ""), now)


def in_words(text: str, *, now: datetime) -> timedelta | None:
    """ "try again after Mon, 25 Aug 2025 07:00:31 UTC", "in 341 seconds"."""
    if match := _IN.search(text):
        return _bounded(timedelta(seconds=int(match[1]) * _SECONDS[match[2].lower()]))
    match = _AFTER.search(text)
    return _wait(match[1], now) if match else None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): str(value).strip() for name, value in headers.items()}


def _wait(value: str, now: datetime) -> timedelta | None:
    if value.isdigit():
        seconds = int(value[:12])
        return _bounded(timedelta(seconds=seconds - now.timestamp() if seconds > _EPOCH else seconds))
    try:
        return _bounded(parsedate_to_datetime(value) - now)
    except (TypeError, ValueError):
        return None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(0)), LONGEST)
