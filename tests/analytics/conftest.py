"""Mailings with hourly counts, written directly: home reads roll-ups, `feedback` has its own tests for making them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from campaigns.models import Campaign
from delivery.models import Mailing, Provider
from delivery.services import ensure_catcher
from feedback.models import MailingStats

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeMailing = Callable[..., Mailing]


@pytest.fixture
def catcher(db: None) -> Provider:
    return ensure_catcher()


@pytest.fixture
def make_mailing(catcher: Provider) -> MakeMailing:
    numbers = iter(range(1_000, 2_000))

    def make(name: str = "Soldes", *, state: str = Mailing.State.FINISHED, **values: object) -> Mailing:
        return Mailing.objects.create(
            **{
                "name": name,
                "state": state,
                "provider": catcher,
                "occasion": next(numbers),
                "policy": "france",
                "public_url": "http://localhost",
                "tracking_url": "http://localhost",
                "starts_at": NOW,
                "started_at": NOW,
            }
            | values
        )

    return make


@pytest.fixture
def make_campaign(make_mailing: MakeMailing) -> Callable[..., Campaign]:
    def make(name: str = "Soldes", *, is_sample: bool = False, **values: object) -> Campaign:
        mailing = make_mailing(name, is_sample=is_sample, **values)
        return Campaign.objects.create(name=name, state="started", mailing=mailing, is_sample=is_sample)

    return make


def count(mailing: Mailing, hour: datetime, **counts: int) -> MailingStats:
    """One hour of a mailing; names without their `_count`."""
    return MailingStats.objects.create(
        mailing=mailing,
        content_id=0,
        mx_group=0,
        hour=hour,
        **{f"{name}_count": value for name, value in counts.items()},
    )
