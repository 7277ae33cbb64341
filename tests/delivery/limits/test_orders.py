"""What a shift looks up once a second for all its connections."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from delivery import orders as room
from delivery.limits.days import used_today
from delivery.models import Limit, Mailing, Provider
from delivery.models.limits import EVERYBODY
from delivery.orders import Orders
from tests.delivery.ledger.conftest import claim, make_mailing

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing() -> Mailing:
    return make_mailing(Provider.objects.create(name="Relais", connection_count=4), sizes=(5, 5))


def test_batches_of_one_second_share_what_was_looked_up(
    mailing: Mailing, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    orders, taken = Orders(mailing.provider), claim(mailing)
    orders.limiter(taken), orders.rooms(), orders.has_tombstones()

    with django_assert_num_queries(0):
        orders.limiter(taken), orders.rooms(), orders.has_tombstones()


def test_a_limit_set_meanwhile_holds_a_second_later(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    orders, taken = Orders(mailing.provider), claim(mailing)
    assert not orders.limiter(taken).days

    Limit.objects.create(provider=mailing.provider, mx_group=EVERYBODY, unit=Limit.Unit.DAY, amount=5)
    monkeypatch.setattr(room, "GOOD_FOR", 0.0)

    assert len(orders.limiter(taken).days) == 1


def test_what_a_batch_reserved_only_it_gives_back(mailing: Mailing) -> None:
    limit = Limit.objects.create(provider=mailing.provider, mx_group=EVERYBODY, unit=Limit.Unit.DAY, amount=50)
    orders, taken, now = Orders(mailing.provider), claim(mailing), timezone.now()
    first, second = orders.limiter(taken), orders.limiter(taken)

    assert first.take(20, now=now).count == 20
    second.give_back(20)
    assert used_today(limit, now=now) == 20
    first.give_back(20)
    assert used_today(limit, now=now) == 0
