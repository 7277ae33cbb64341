"""What the pages of hygiene show: counts that stop where a person would, the people behind each of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from contacts.hygiene.duplicates import open_duplicates
from contacts.hygiene.quiet import rule_of
from contacts.models import AddressFlag, Confirmation, HygieneRule, HygieneRun, Sunset

MOST = 10_000  # counted; beyond it a page says "more than"
Kind = HygieneRule.Kind


@dataclass(frozen=True, slots=True)
class Overview:
    """How many of each are waiting for a look; at most MOST + 1."""

    roles: int
    typos: int
    duplicates: int
    sunset: HygieneRule
    retention: HygieneRule


def overview() -> Overview:
    return Overview(
        roles=_up_to(open_flags(AddressFlag.Kind.ROLE)),
        typos=_up_to(open_flags(AddressFlag.Kind.TYPO)),
        duplicates=_up_to(open_duplicates()),
        sunset=rule_of(Kind.SUNSET),
        retention=rule_of(Kind.RETENTION),
    )


def _up_to(rows: "QuerySet[Any]") -> int:
    return rows.order_by()[: MOST + 1].count()


def open_flags(kind: int) -> "QuerySet[AddressFlag]":
    """Flags nobody has settled, with their contacts; page by ["contact_id"]."""
    return AddressFlag.objects.filter(kind=kind, settled_at=None).select_related("contact")


def runs_of(kind: str) -> list[HygieneRun]:
    """The latest thirty passes of a rule."""
    return list(HygieneRun.objects.filter(rule=kind).order_by("-at")[:30])


def stages_of(kind: str) -> list[tuple[str, int]]:
    """(stage, people) as things stand: of the sunset rule asked, suppressed and back; of retention asked and stayed."""
    if kind == Kind.SUNSET:
        return [(state.name.lower(), _up_to(sunset_people(state.name.lower()))) for state in Sunset.State]
    return [(stage, _up_to(retention_people(stage))) for stage in ("asked", "stayed")]


def sunset_people(stage: str, *, run: HygieneRun | None = None) -> "QuerySet[Sunset]":
    """Quiet people of one stage, or of one pass, with their contacts, the latest first; page by ["-moved_at", "-pk"].

    Whoever a pass put on the win-back list is found though they have moved on since.
    """
    rows = Sunset.objects.select_related("contact").order_by("-moved_at", "-pk")
    state = Sunset.State[stage.upper()]
    if run is not None and state == Sunset.State.ASKED:
        return rows.filter(asked_at=run.at)
    rows = rows.filter(state=state)
    return rows.filter(moved_at=run.at) if run else rows


def retention_people(stage: str, *, run: HygieneRun | None = None) -> "QuerySet[Confirmation]":
    """Whom the end of retention has asked: who has not answered, or who stays; page by ["-asked_at", "-pk"].

    Of one pass: whom it asked, whatever they said since; the erased are nobody's to show.
    """
    rows = Confirmation.objects.filter(kind=Confirmation.Kind.STAY).select_related("contact")
    if run is not None:
        return rows.filter(asked_at=run.at).order_by("-asked_at", "-pk")
    confirmed = Confirmation.State.CONFIRMED
    rows = rows.filter(state=confirmed) if stage == "stayed" else rows.exclude(state=confirmed)
    return rows.order_by("-asked_at", "-pk")
