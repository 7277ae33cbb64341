"""When, as people say it: the nearer, the more exactly."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.figures import clock_layout
from delivery.forecast.outlook import Forecast

_SOON = timedelta(seconds=90)
_BY_THE_CLOCK = timedelta(hours=12)


def end_in_words(until: datetime | None, *, now: datetime) -> str:
    """ "about 14:20", "tomorrow towards noon", "on 12 December 2026"; None: more than a year away."""
    if until is None:
        return _("in more than a year")
    if until - now <= _SOON:
        return _("within two minutes")
    end = timezone.localtime(_rounded(until, now))
    days = (end.date() - timezone.localtime(now).date()).days
    if until - now <= _BY_THE_CLOCK:
        clock = {"time": date_format(end, clock_layout(get_language() or ""))}
        return (_("tomorrow about %(time)s") if days else _("about %(time)s")) % clock
    if days < 2:
        return (_("tomorrow %(part)s") if days else _("today %(part)s")) % {"part": _part(end)}
    if days < 7:
        return _("on %(weekday)s %(part)s") % {"weekday": date_format(end, "l"), "part": _part(end)}
    return _("on %(date)s") % {"date": date_format(end, "j F" if end.year == timezone.localtime(now).year else "j F Y")}


def in_a_sentence(forecast: Forecast, *, now: datetime) -> str:
    """One sentence or two, for a command line."""
    if not forecast.people:
        return ""
    if not forecast.is_known:
        return _("How long it takes is not known: nothing limits it, and no speed was measured yet.")
    said = _("The last message leaves %(when)s.") % {"when": end_in_words(forecast.until, now=now)}
    return f"{said} {forecast.because.words}" if forecast.because else said


def _rounded(until: datetime, now: datetime) -> datetime:
    """Up to the next minute, or to the next five where it is further away than twenty minutes."""
    step = 300 if until - now > timedelta(minutes=20) else 60
    return datetime.fromtimestamp(-(-until.timestamp() // step) * step, until.tzinfo)


def _part(end: datetime) -> str:
    parts = (
        (5, _("before dawn")),
        (11, _("in the morning")),
        (14, _("towards noon")),
        (18, _("in the afternoon")),
        (23, _("in the evening")),
        (24, _("towards midnight")),
    )
    return next(words for hour, words in parts if end.hour < hour)
