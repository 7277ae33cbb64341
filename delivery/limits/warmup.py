"""Warm-ups seen from the ledger: what a day showed, judged each night, and who is written to first."""

from datetime import UTC, datetime, time, timedelta

from django.db import connection

from common.sql import load_sql
from contacts.mailbox_providers import MAILBOX_PROVIDERS, OTHERS
from contacts.models import ConsentState
from deliverability.models import WarmupDay, WarmupPlan
from deliverability.warmup.days import covered
from deliverability.warmup.judging import Signs, decide
from delivery.limits.quotas import has_warmups
from delivery.models import Mailing
from delivery.reasons import Reason

HOLD = timedelta(hours=1)  # a snapshot that takes longer lets what it has leave unsorted
_STILL_TOLD = timedelta(days=45)  # a complaint about older mail counts for nobody's day

# Who is written to first while a domain is warming up, 0 before all others: a click says most; opens are asked only
# where the person agreed to be measured; then whoever joined lately.
_RANK = f"""case
    when e.last_clicked_at > clock_timestamp() - interval '30 days' then 0
    when e.last_clicked_at > clock_timestamp() - interval '90 days'
      or v.subscribed_at > clock_timestamp() - interval '30 days' then 1
    when e.last_clicked_at > clock_timestamp() - interval '365 days'
      or (c.open_consent = {int(ConsentState.GRANTED)} and e.last_opened_on > current_date - 30) then 2
    when v.subscribed_at > clock_timestamp() - interval '180 days' then 3
    else 4 end"""
_RECENCY = "coalesce(e.last_clicked_at, v.subscribed_at, c.created_at)"
_JOINS = """left join contacts_engagement e on e.contact_id = c.id
         left join contacts_subscription v on v.contact_id = c.id and v.contact_list_id = p.list_id"""


def ranked_groups(mailing: Mailing) -> list[int]:
    """Mailbox providers at which the domain of a mailing is warming up."""
    if mailing.is_transactional or not has_warmups(mailing=mailing, provider=mailing.provider):
        return []
    return sorted(covered(domain=mailing.from_domain))


def columns(groups: list[int]) -> dict[str, str]:
    """The snapshot's SQL: a person's rank, what orders people of one rank, and the joins both need."""
    if not groups:
        return {"{rank}": "0", "{recency}": "null::timestamptz", "{engagement}": ""}
    chosen = ", ".join(str(int(group)) for group in groups)
    return {
        "{rank}": f"case when c.mx_group in ({chosen}) then {_RANK} else 0 end",
        "{recency}": f"case when c.mx_group in ({chosen}) then {_RECENCY} end",
        "{engagement}": _JOINS,
    }


def let_go(mailing_id: int) -> None:
    """After the last block, in its transaction: what waited for it is due, the most engaged of all blocks first.

    Those parked for their first wave stay parked, in the same order.
    """
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "let_go"), [mailing_id])


def judge_due(*, now: datetime) -> int:
    """Judge every plan that was not judged for yesterday (UTC); how many moved on. Cheap when there is nothing."""
    today = now.astimezone(UTC).date()
    yesterday = today - timedelta(days=1)
    due = list(WarmupPlan.objects.open().filter(judged_on__lt=yesterday).select_related("domain"))
    moved = 0
    for plan in due:
        day = (
            WarmupDay.objects.filter(plan=plan, on__gt=plan.judged_on, on__lte=yesterday, reserved_count__gt=0)
            .order_by("-on")
            .first()
        )
        signs = count_signs(plan, day) if day else None
        moved += decide(plan, signs, on=day.on if day else yesterday, judged_to=yesterday, now=now)
    return moved


def count_signs(plan: WarmupPlan, day: WarmupDay) -> Signs:
    """What came back that day of the mail the plan is about, counted from the rows."""
    start = datetime.combine(day.on, time(), tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("delivery", "warmup_signs"),
            {
                "domain": plan.domain.name,
                "groups": _groups_of(plan),
                "start": start,
                "end": start + timedelta(days=1),
                "since": start - _STILL_TOLD,
                "dead": int(Reason.REFUSED_ADDRESS),
            },
        )
        complaints, hard, deferred = map(int, cursor.fetchone() or (0, 0, 0))
    return Signs(sent=day.reserved_count, complaints=complaints, hard=hard, deferred=deferred)


def _groups_of(plan: WarmupPlan) -> list[int]:
    """The mailbox providers whose messages count for a plan: its own; for the others, all without a plan."""
    if plan.mx_group != OTHERS:
        return [plan.mx_group]
    own = set(plan.domain.warmups.exclude(mx_group=OTHERS).values_list("mx_group", flat=True))
    return [known.number for known in MAILBOX_PROVIDERS if known.number not in own]
