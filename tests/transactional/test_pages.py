"""Pages: the log, the keys, how to call."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.api_keys import issue_key
from accounts.models import ApiKey, AuditEntry
from delivery.models import Provider
from tests.transactional.conftest import Shop
from transactional.models import MessageRequest
from transactional.writing import write_due

pytestmark = pytest.mark.django_db


def test_an_empty_log_teaches(team_client: Client) -> None:
    page = team_client.get("/transactional/").content.decode()

    assert "Nothing was asked for yet" in page
    assert 'href="/transactional/guide/"' in page


def test_the_log_tells_what_became_of_each_and_leads_to_its_life(
    team_client: Client, shop: Shop, relay: Provider
) -> None:
    shop.ask({"messages": [shop.message(), shop.message("zoe@courriel.example")]})
    write_due(at=timezone.now())
    shop.ask(shop.message("new@courriel.example"))

    page = team_client.get("/transactional/").content.decode()

    row = MessageRequest.objects.get(address_key="zoe@courriel.example")
    assert f'href="/messages/{row.message_id}/"' in page
    assert page.index("new<wbr>@") < page.index("zoe<wbr>@")
    assert "Reçu" in page


def test_the_log_is_searched_by_address_id_and_key(team_client: Client, shop: Shop) -> None:
    _status, told = shop.ask(shop.message("zoe@courriel.example"))
    shop.ask(shop.message())
    other = issue_key(name="Website", scopes=[], per_minute=None, user=None)

    def found(**query: Any) -> int:
        return len(team_client.get("/transactional/", query).context["lines"])

    assert found(q="Zoe@courriel.example ") == 1
    assert found(q=told["id"]) == 1
    assert found(q="nobody") == 0
    assert found(key=shop.key.pk) == 2
    assert found(key=other.key.pk) == 0
    assert found(key="x", cursor="damaged") == 2


@pytest.mark.parametrize("count", [1, 3])
def test_statements_do_not_grow_with_the_rows(
    team_client: Client, shop: Shop, relay: Provider, count: int, django_assert_max_num_queries: Any
) -> None:
    shop.ask({"messages": [shop.message()] * count})
    write_due(at=timezone.now())
    team_client.get("/transactional/")

    with django_assert_max_num_queries(9):
        team_client.get("/transactional/")


class TestKeys:
    def test_an_administrator_makes_one_and_sees_its_secret_once(self, admin_client: Client) -> None:
        posted = {"name": " Boutique  en ligne ", "scopes": ["messages:send"], "per_minute": "60"}

        page = admin_client.post("/transactional/keys/new/", posted)

        key = ApiKey.objects.get()
        secret = page.context["issued"].secret
        assert (key.name, key.scopes, key.per_minute) == ("Boutique en ligne", ["messages:send"], 60)
        assert secret in page.content.decode()
        assert secret not in admin_client.get("/transactional/keys/").content.decode()
        assert AuditEntry.objects.get().verb == "api_key.issue"
        assert "no-store" in page["Cache-Control"]

    def test_what_is_missing_is_said(self, admin_client: Client) -> None:
        page = admin_client.post("/transactional/keys/new/", {"name": "", "per_minute": "0"})

        assert page.status_code == 400
        assert set(page.context["form"].errors) == {"name", "scopes", "per_minute"}

    def test_a_revoked_key_stays_in_the_list(self, admin_client: Client, shop: Shop) -> None:
        admin_client.post(f"/transactional/keys/{shop.key.pk}/revoke/")
        again = admin_client.post(f"/transactional/keys/{shop.key.pk}/revoke/", follow=True)

        assert "revoked" in again.content.decode()
        assert AuditEntry.objects.filter(verb="api_key.revoke").count() == 1
        assert shop.ask(shop.message())[0] == 401

    def test_others_of_the_team_only_look(self, team_client: Client, shop: Shop) -> None:
        assert team_client.get("/transactional/keys/").status_code == 200
        assert team_client.get("/transactional/keys/new/").status_code == 403
        assert team_client.post(f"/transactional/keys/{shop.key.pk}/revoke/").status_code == 403
        assert ApiKey.objects.get().revoked_at is None


def test_the_guide_names_our_address(team_client: Client) -> None:
    assert f"{settings.ENVOL_URL}/api/v1/messages" in team_client.get("/transactional/guide/").content.decode()
