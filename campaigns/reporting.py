"""The report of a campaign as JSON and as lines, for the command line."""

from typing import Any

from campaigns.models import Campaign
from delivery.ledger import Ledger, ledger_of
from delivery.models import Outcome
from delivery.reasons import Reason
from feedback.applying import apply_pending
from feedback.rates import Rate, rates_of
from feedback.rollups import roll_up


def bring_up_to_date(mailing_id: int) -> None:
    """Apply what was heard and count it again, as a worker would have."""
    apply_pending()
    roll_up([mailing_id])


def report_json(campaign: Campaign) -> dict[str, Any]:
    """`ledger` by state, `reasons` by state and reason, `rates` by name with what is divided by what."""
    mailing_id = campaign.mailing_id or 0
    ledger = ledger_of(mailing_id)
    return {
        "id": campaign.pk,
        "name": campaign.name,
        "state": campaign.phase,
        "delivers_to_nobody": bool(campaign.mailing and campaign.mailing.provider.is_catcher),
        "ledger": ledger.numbers(),
        "is_balanced": ledger.is_balanced,
        "reasons": _reasons(ledger),
        "rates": {rate.name: _rate(rate) for rate in rates_of([mailing_id])},
    }


def _reasons(ledger: Ledger) -> dict[str, dict[str, int]]:
    return {
        Outcome.State(state).name.lower(): {Reason(reason).name.lower(): count for reason, count in rows.items()}
        for state, rows in ledger.reasons.items()
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "value": None if rate.value is None else round(rate.value, 6),
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "measurable": rate.measurable,
        "is_presumed": rate.is_presumed,
        "definition": str(rate.definition),
    }


def report_text(campaign: Campaign) -> str:
    """The same for people, a fact a line."""
    found = report_json(campaign)
    lines = [f"{campaign.name}: {found['state']}" + (" (delivers to nobody)" if found["delivers_to_nobody"] else "")]
    lines += [f"  {state:<10} {count:>10,}" for state, count in found["ledger"].items()]
    lines += ["  the count balances" if found["is_balanced"] else "  THE COUNT DOES NOT BALANCE"]
    for state, rows in found["reasons"].items():
        lines += [f"  {state}: {reason} {count:,}" for reason, count in rows.items()]
    for name, rate in found["rates"].items():
        value = "–" if rate["value"] is None else f"{rate['value']:.2%}"
        lines.append(f"  {name:<14} {value:>8}  {rate['numerator']:,} of {rate['denominator']:,}")
    return "\n".join(lines)
