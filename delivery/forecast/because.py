"""What decides about the end, in a sentence, with the page where it is changed."""

from datetime import time, timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import time_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from common.figures import clock_layout, number
from contacts.mailbox_providers import BY_NUMBER
from deliverability.models import WarmupPlan
from delivery.forecast.outlook import Because
from delivery.models import Limit, Pace, Provider, StreamLimit
from delivery.models.limits import EVERYBODY

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = ["Because"]


def account(provider: Provider, limit: Limit) -> Because:
    values = {"provider": provider, "who": _who(limit.mx_group), "limit": _amount(limit)}
    if limit.mx_group == EVERYBODY:
        words = _("The limit of %(provider)s decides: %(limit)s.") % values
        return Because(words, reverse("delivery:limits", args=[provider.pk]), _("Its limits"))
    words = _("The limit of %(provider)s at %(who)s decides: %(limit)s.") % values
    return _at_mailbox(provider, limit.mx_group, words)


def courtesy(provider: Provider, group: int, per_minute: int) -> Because:
    values = {"who": _who(group), "count": number(per_minute)}
    words = _("What %(who)s takes from a server of ours decides: %(count)s messages a minute.") % values
    return _at_mailbox(provider, group, words)


def connections(provider: Provider, group: int, most: int) -> Because:
    words = ngettext(
        "%(who)s is sent to by %(count)d connection at a time: that decides.",
        "%(who)s is sent to by %(count)d connections at a time: that decides.",
        most,
    )
    return _at_mailbox(provider, group, words % {"who": _who(group), "count": most})


def governor(pace: Pace) -> Because:
    words = _("%(provider)s was asked to slow down: that decides, until it may go faster again.")
    if pace.mx_group == EVERYBODY:
        return Because(words % {"provider": pace.provider})
    words = _("%(who)s has asked us to slow down: that decides, until it is content again.") % {
        "who": _who(pace.mx_group)
    }
    return Because(words, who=_who(pace.mx_group))


def stream(limit: StreamLimit) -> Because:
    words = _("The limit of the stream “%(stream)s” decides: %(limit)s.")
    values = {"stream": limit.stream, "limit": f"{number(limit.amount)} {limit.get_unit_display()}"}
    return Because(words % values, reverse("delivery:stream", args=[limit.stream_id]), _("The stream"))


def warmup(plan: WarmupPlan) -> Because:
    words = _("The warm-up of %(domain)s decides (%(who)s: %(count)s today, more each day that goes well).")
    values = {"domain": plan.domain.name, "who": plan.who, "count": number(plan.ceiling)}
    return Because(words % values, reverse("deliverability:warmup", args=[plan.pk]), _("The plan"), who=plan.who)


def pace(over: timedelta) -> Because:
    hours = round(over.total_seconds() / 3600)
    words = ngettext(
        "Spread evenly over %(hours)d hour, as asked.", "Spread evenly over %(hours)d hours, as asked.", hours
    )
    return Because(words % {"hours": hours})


def quiet(start: time, stop: time) -> Because:
    words = _("Nothing leaves between %(start)s and %(stop)s, as asked.")
    layout = clock_layout(get_language() or "")
    return Because(words % {"start": time_format(start, layout), "stop": time_format(stop, layout)})


def watched(minutes: int) -> Because:
    words = ngettext(
        "The first wave is watched for %(minutes)d minute before the rest leaves.",
        "The first wave is watched for %(minutes)d minutes before the rest leaves.",
        minutes,
    )
    return Because(words % {"minutes": minutes})


def own_speed(per_second: float) -> Because:
    return Because(
        _("At the speed of the last minute: %(count)s messages.") % {"count": number(round(per_second * 60))}
    )


def speed(provider: Provider, per_second: float) -> Because:
    values = {"provider": provider, "count": number(round(per_second * 60))}
    return Because(_("As fast as %(provider)s lately took mail: %(count)s messages a minute.") % values)


def _at_mailbox(provider: Provider, group: int, words: str) -> Because:
    address = reverse("delivery:mailbox_limits", args=[provider.pk, group])
    return Because(words, address, _("Its limits"), who=_who(group))


def _who(group: int) -> "str | _StrPromise":
    return "" if group == EVERYBODY else BY_NUMBER[group].name


def _amount(limit: Limit) -> str:
    return f"{number(limit.amount)} {limit.get_unit_display()}"
