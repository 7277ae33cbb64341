"""A mailing of ten people in two batches, made without a snapshot."""

from datetime import UTC, datetime, timedelta

import pytest

from contacts.models import Contact
from delivery.counters import draw
from delivery.ledger import Claim, claim_batch
from delivery.models import Batch, Content, Mailing, Message, Provider

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=15)


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(
        name="Relay", kind="smtp", options={"host": "127.0.0.1", "port": 2599, "tls": "none"}, connection_count=2
    )


def make_mailing(provider: Provider, *, sizes: tuple[int, ...] = (5, 5), before: str = "m") -> Mailing:
    """`before`: of the message's number in the address of each person."""
    mailing = Mailing.objects.create(
        name="Soldes", state=Mailing.State.SENDING, provider=provider, occasion=draw("occasion"), policy="none",
        public_url="http://localhost", tracking_url="http://localhost", starts_at=NOW, snapshot_done_at=NOW,
        audience={}, planned_count=sum(sizes),
    )  # fmt: skip
    content = Content.objects.create(mailing=mailing, subject="Soldes", sender_address="a@b.example", html="<p>x</p>")
    first = draw("message", sum(sizes))
    mailing.first_message_id, mailing.last_message_id = first, first + sum(sizes) - 1
    mailing.save()
    for size in sizes:
        for number in range(first, first + size):
            key = f"{before}{number}@ecole.example"
            contact = Contact.objects.create(address=key, address_key=key, sort_key=key)
            Message.objects.create(
                id=number, mailing=mailing, content=content, occasion=mailing.occasion, contact_id=contact.pk,
                address=key, address_key=key, tracking=0, vars={},
            )  # fmt: skip
        Batch.objects.create(
            mailing=mailing, provider=provider, mx_group=0, first_id=first, last_id=first + size - 1,
            due_at=NOW - timedelta(days=1), done_to=first - 1, open_to=first - 1,
        )  # fmt: skip
        first += size
    return mailing


@pytest.fixture
def mailing(provider: Provider) -> Mailing:
    return make_mailing(provider)


def claim(mailing: Mailing) -> Claim:
    taken = claim_batch(provider_id=mailing.provider_id, lease=LEASE)
    assert taken is not None
    return taken


def let_lease_end(batch_id: int) -> None:
    Batch.objects.filter(pk=batch_id).update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
