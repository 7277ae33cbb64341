"""The page of an account's limits, and a campaign's rhythm from the command to the mailing."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from delivery.limits.limiter import limiter_for
from delivery.models import Limit, Mailing, Pace, Provider

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


def test_what_is_known_is_shown_where_mail_is_handed_over_directly(team_client: Client, relay: Provider) -> None:
    url = f"/providers/{relay.pk}/limits/"
    relayed = team_client.get(url).text
    team_client.post(url, {"is_direct": "on"})

    direct = team_client.get(url).text

    assert "No limit of any of them" in relayed
    assert f'<a href="{url}4/">Orange</a>' in direct
    assert "Known: 600." in team_client.get(f"{url}4/").text


def test_a_limit_at_one_mailbox_provider_is_stored_shown_and_removed(team_client: Client, relay: Provider) -> None:
    relay.options["is_direct"] = True
    relay.save()
    url = f"/providers/{relay.pk}/limits/"

    team_client.post(f"{url}4/", {"connections": "1", "day": "20000"})
    stored = set(Limit.objects.values_list("mx_group", "unit", "amount"))
    shown = team_client.get(url).text
    team_client.post(f"{url}4/", {"clear": "1"})

    assert stored == {(4, Limit.Unit.CONNECTIONS, 1), (4, Limit.Unit.DAY, 20_000)}
    assert "<b>20,000</b>" in shown
    assert not Limit.objects.exists()
    assert AuditEntry.objects.filter(verb="provider.limits", details__group=4).count() == 2
    assert team_client.get(f"{url}99/").status_code == 404
    assert "greater than or equal to 1" in team_client.post(f"{url}4/", {"day": "0"}).text


def test_an_accounts_own_rate_leaves_what_is_known_of_a_mailbox_provider(relay: Provider) -> None:
    relay.options["is_direct"] = True
    Limit.objects.create(provider=relay, unit=Limit.Unit.MINUTE, amount=5_000)
    mailing = Mailing(provider=relay)

    rates = {
        group: min(bucket.amount for bucket in limiter_for(mailing=mailing, provider=relay, mx_group=group).buckets)
        for group in (0, 4)
    }

    assert rates == {0: 5_000, 4: 600}
