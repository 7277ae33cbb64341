"""The page of an account's limits, and a campaign's rhythm from the command to the mailing."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from delivery.models import Limit, Pace, Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay() -> Provider:
    return Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25})


def test_limits_are_stored_shown_and_taken_away(team_client: Client, relay: Provider) -> None:
    url = f"/providers/{relay.pk}/limits/"

    team_client.post(url, {"minute": "600", "day": "50000", "is_direct": "on"})
    relay.refresh_from_db()
    was_direct = relay.options["is_direct"]
    shown = team_client.get(url).text
    team_client.post(url, {"minute": "", "day": "40000"})

    assert was_direct
    assert 'value="50000"' in shown
    assert list(Limit.objects.values_list("unit", "amount")) == [(Limit.Unit.DAY, 40_000)]
    assert AuditEntry.objects.filter(verb="provider.limits").count() == 2


def test_nonsense_is_told_at_its_field_and_nothing_is_stored(team_client: Client, relay: Provider) -> None:
    answer = team_client.post(f"/providers/{relay.pk}/limits/", {"minute": "0", "day": "many"})

    assert set(answer.context["form"].errors) == {"minute", "day"}
    assert not Limit.objects.exists()


def test_a_slowed_mailbox_provider_is_shown_with_its_words(team_client: Client, relay: Provider) -> None:
    Pace.objects.create(provider=relay, mx_group=4, step=2, reason="421 <b>slow</b> down")

    page = team_client.get(f"/providers/{relay.pk}/limits/").text

    assert "Orange" in page
    assert "421 &lt;b&gt;slow&lt;/b&gt; down" in page
