"""The phases of a campaign as people see them: a word and an icon first, a colour second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Badge:
    """What components/badge.html draws."""

    word: "str | _StrPromise"
    icon: str
    kind: str = ""


BADGES: Mapping[str, Badge] = {
    "draft": Badge(_("Draft"), icon="pencil", kind="dashed"),
    "scheduled": Badge(_("Scheduled"), icon="calendar-time", kind="accent"),
    "planned": Badge(_("About to leave"), icon="hourglass", kind="accent"),
    "sending": Badge(_("Being sent"), icon="send", kind="solid"),
    "paused": Badge(_("Paused"), icon="player-pause", kind="warn"),
    "cancelled": Badge(_("Cancelled"), icon="ban"),
    "finished": Badge(_("Finished"), icon="circle-check", kind="ok"),
}
TO_NOBODY = Badge(_("Delivers to nobody"), icon="inbox", kind="warn")

# The filters of the list, in the order of a campaign's life.
FILTERS: Mapping[str, "str | _StrPromise"] = {
    "draft": _("Drafts"),
    "scheduled": _("Scheduled"),
    "sending": _("Being sent"),
    "paused": _("Paused"),
    "finished": _("Finished"),
    "cancelled": _("Cancelled"),
}
