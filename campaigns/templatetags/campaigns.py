"""Small words of the campaign pages."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import figures
from delivery.forecast import Forecast, Stretch, end_in_words

register = template.Library()
_DAYS = 36 * 60  # minutes from which on it is told in days


@register.simple_tag
def share(part: int, total: int) -> str:
    """`part` of `total` as a percentage; "–" of nothing."""
    return figures.percent(part / total if total else None)


@register.filter
def ends(forecast: Forecast | Stretch) -> str:
    """When the last of it leaves: "about 14:20", "tomorrow towards noon"."""
    return end_in_words(forecast.until, now=timezone.now())


@register.filter
def timeleft(until: datetime) -> str:
    """From now until then."""
    return stretch(until - timezone.now())


@register.filter
def stretch(time: timedelta) -> str:
    """A time to come, as coarse as it is uncertain: "less than a minute", "27 min", "1 h 05", "3 days"."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%d min", "%d min", minutes) % minutes
    if minutes >= _DAYS:
        return ngettext("%d day", "%d days", round(minutes / 1440)) % round(minutes / 1440)
    hours, rest = divmod(minutes, 60)
    return _("%(hours)s h %(minutes)02d") % {"hours": figures.number(hours), "minutes": rest}
