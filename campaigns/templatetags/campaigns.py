"""Small words of the campaign pages."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import figures

register = template.Library()


@register.simple_tag
def share(part: int, total: int) -> str:
    """`part` of `total` as a percentage; "–" of nothing."""
    return figures.percent(part / total if total else None)


@register.filter
def stretch(time: timedelta) -> str:
    """A time to come, as coarse as it is uncertain: "less than a minute", "27 min", "1 h 05"."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%d min", "%d min", minutes) % minutes
    hours, rest = divmod(minutes, 60)
    return _("%(hours)s h %(minutes)02d") % {"hours": figures.number(hours), "minutes": rest}
