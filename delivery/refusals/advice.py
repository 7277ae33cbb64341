"""What a refusal or a skip means for a marketer: an icon, its weight, and what happens next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from delivery.reasons import Reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Advice:
    """`kind` colours the icon: bad, warn, doubt or nothing."""

    next: "str | _StrPromise"
    icon: str = "mail-off"
    kind: str = ""


_ADVICE: Mapping[Reason, Advice] = {
    Reason.REFUSED_ADDRESS: Advice(
        _("They will not be written to again. Nothing to do on your side."), icon="mail-x", kind="bad"
    ),
    Reason.REFUSED_FULL: Advice(
        _("Passing trouble: they will be tried again with the next campaign."), icon="inbox-off"
    ),
    Reason.REFUSED_SIZE: Advice(_("Make the message lighter: fewer or smaller images."), icon="weight", kind="warn"),
    Reason.REFUSED_POLICY: Advice(
        _("It is about the sender, not the people. Look at the server's words, and at the sender's domain."),
        icon="shield-x",
        kind="bad",
    ),
    Reason.REFUSED_CONTENT: Advice(
        _("Something in the message looked like spam to them. Look at the server's words, and at the links."),
        icon="file-alert",
        kind="warn",
    ),
    Reason.REFUSED_OTHER: Advice(
        _("Look at the server's words. They will be tried again with the next campaign."), icon="mail-off"
    ),
    Reason.DEFERRED_TOO_LONG: Advice(
        _("Their server asked to come back later, every time. They will be tried again with the next campaign."),
        icon="clock-pause",
        kind="warn",
    ),
    Reason.LEASE_OVER: Advice(
        _("They may have received it: the provider's answer will tell."), icon="help", kind="doubt"
    ),
    Reason.REPLY_LOST: Advice(
        _("They may have received it: the provider's answer will tell."), icon="help", kind="doubt"
    ),
    Reason.SERVER_ERROR: Advice(
        _("They may have received it: the provider's answer will tell."), icon="help", kind="doubt"
    ),
    Reason.CANNOT_RENDER: Advice(
        _("Look at what their fields hold, and at the template."), icon="file-alert", kind="warn"
    ),
    Reason.UNSUBSCRIBED: Advice(_("They said no; it is kept."), icon="user-off"),
    Reason.NOT_SUBSCRIBED: Advice(_("They left this list; it is kept."), icon="user-off"),
    Reason.NO_CONSENT: Advice(_("They never agreed, or took it back."), icon="user-question"),
    Reason.HARD_BOUNCE: Advice(_("Their address does not exist any more."), icon="mail-x"),
    Reason.COMPLAINED: Advice(_("They called an earlier message spam."), icon="user-off"),
    Reason.PAUSED: Advice(_("They chose a break, and come back by themselves."), icon="player-pause"),
    Reason.ERASED: Advice(_("They asked to be forgotten."), icon="user-off"),
    Reason.INACTIVE: Advice(_("We heard nothing of them for long, win-back included."), icon="zzz"),
    Reason.CANCELLED: Advice(_("Somebody cancelled before their turn."), icon="ban"),
    Reason.NOT_ALLOWED_HERE: Advice(_("Sample people exist only for the test inbox."), icon="user-off"),
}
_NOTHING = Advice("")


def advice(reason: int) -> Advice:
    """What to say beside a reason; empty words where the reason says it all."""
    return _ADVICE.get(Reason(reason), _NOTHING)
