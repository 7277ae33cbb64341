"""Sending that waits for a person is told to the administrators by mail, once while it lasts.

Nothing announces it: each look compares what is so now with what was told, so no alert is lost with a worker. The mails
go the system's own way (EMAIL_URL), not through an account that may be what is out of order; where that way is closed,
the home page says so.
"""

from collections.abc import Iterator
from datetime import datetime
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.mailbox_providers import BY_NUMBER
from deliverability.warmup.queries import stepped_back
from delivery import alignment, guard
from delivery.holds import said_of
from delivery.models import Alert, Brake, Mailing, Outage
from delivery.own_words import said
from delivery.queries import QUIET, pause_words

log = structlog.get_logger(__name__)
EACH = 50  # matters of one kind in a mail: more are open at once nowhere


def matters() -> dict[str, str]:
    """{key: a sentence in the active language} of what waits for a person now, the most urgent first."""
    return dict([*_restored(), *_braked(), *_paused(), *_outages(), *_lost(), *_stepped_back()])


def _restored() -> Iterator[tuple[str, str]]:
    if guard.is_held():
        yield (
            "restored",
            _("The database was restored from a backup. Nothing is sent until somebody has decided: %(url)s")
            % {"url": f"{settings.ENVOL_URL}/restored/"},
        )


def _braked() -> Iterator[tuple[str, str]]:
    alive = (Mailing.State.SENDING, Mailing.State.PAUSED)
    stopped = Brake.objects.filter(state=Brake.State.STOPPED, mailing__state__in=alive).select_related("mailing")
    for brake in stopped.order_by("-changed_at")[: EACH * len(BY_NUMBER)]:
        who = brake.get_mx_group_display()
        yield f"brake:{brake.pk}", _("“%(name)s” is stopped at %(who)s: %(words)s") % {
            "name": brake.mailing.name, "who": who, "words": said_of(brake),
        }  # fmt: skip


def _paused() -> Iterator[tuple[str, str]]:
    """By what a server said or a worker found; what a person paused, a person knows."""
    paused = Mailing.objects.filter(state=Mailing.State.PAUSED)
    for mailing in paused.exclude(Q(pause_reason__in=("", QUIET, guard.RESTORED))).order_by("-pk")[:EACH]:
        yield f"paused:{mailing.pk}", _("“%(name)s” is paused: %(words)s") % {
            "name": mailing.name, "words": pause_words(mailing),
        }  # fmt: skip


def _outages() -> Iterator[tuple[str, str]]:
    found = Outage.objects.filter(ended_at=None).exclude(began_at=None).select_related("provider")
    for outage in found.order_by("-began_at")[:EACH]:
        words = ": ".join(str(part) for part in (outage.get_cause_display(), said(outage.words)) if part)
        yield f"outage:{outage.pk}", _("“%(name)s” cannot send – %(words)s") % {
            "name": outage.provider.name, "words": words,
        }  # fmt: skip


def _lost() -> Iterator[tuple[str, str]]:
    for row in alignment.lost(most=EACH):
        yield f"alignment:{row.pk}", _("%(provider)s may no longer write for %(domain)s: %(url)s") % {
            "provider": row.provider, "domain": row.domain.name,
            "url": f"{settings.ENVOL_URL}/providers/{row.provider_id}/domains/{row.domain_id}/",
        }  # fmt: skip


def _stepped_back() -> Iterator[tuple[str, str]]:
    for found in stepped_back(most=EACH):
        said = _("The warm-up of %(domain)s stepped back at %(who)s: %(words)s")
        values = {"domain": found.plan.domain.name, "who": found.plan.who, "words": found.finding}
        yield f"warmup:{found.plan_id}:{found.pk}", said % values


def tell(*, now: datetime) -> int:
    """Mail what is new to every administrator; returns how many were written to. One caller at a time."""
    keys = list(matters())
    Alert.objects.exclude(key__in=keys).delete()
    Alert.objects.bulk_create([Alert(key=key, seen_at=now) for key in keys], ignore_conflicts=True)
    new = list(Alert.objects.filter(told_at=None).values_list("key", flat=True))
    people = list(User.objects.filter(is_active=True, is_staff=True).order_by("pk"))
    if not new or not people:
        return 0
    rows = Alert.objects.filter(key__in=new)
    told, error = _mail(people, set(new))
    rows.update(error=error[:300], **({"told_at": now} if told else {}))
    return told


def _mail(people: list[User], keys: set[str]) -> tuple[int, str]:
    """(how many were written to, what went wrong)."""
    told, error = 0, ""
    connection = get_connection()
    for person in people:
        try:
            told += connection.send_messages([_letter(person, keys)]) or 0
        except (OSError, SMTPException) as problem:
            log.warning("alert_not_mailed", error=str(problem))
            error = str(problem)
    return told, error


def _letter(person: User, keys: set[str]) -> EmailMessage:
    with translation.override(person.language or settings.LANGUAGE_CODE):
        lines = [sentence for key, sentence in matters().items() if key in keys]
        subject = _("Sending needs you: %(what)s") % {"what": " ".join(lines[0].split())[:80]} if lines else "Envol"
        body = "\n\n".join(
            [*(f"• {line}" for line in lines), _("What waits for a decision is on the home page: %(url)s")
             % {"url": f"{settings.ENVOL_URL}/"}]
        )  # fmt: skip
    return EmailMessage(subject, body, to=[person.email], headers={"Auto-Submitted": "auto-generated"})
