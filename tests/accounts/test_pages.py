"""Signing in, the first visit, and whose language a page speaks."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, Organisation, User  # noqa: F401

pytestmark = pytest.mark.django_db

ANSWERS = {
    "name": "Maison Verdier",
    "address": "12 rue Mercière, 69002 Lyon",
    "time_zone": "Europe/Paris",
    "tracking_policy": "france",
}


def test_a_stranger_signs_in_and_is_asked_for_the_organisation(client: Client, ines: User) -> None:
    refused = client.post("/accounts/login/", {"login": ines.email, "password": "wrong"})
    answer = client.post("/accounts/login/", {"login": ines.email, "password": "correct horse"}, follow=True)

    assert refused.status_code == 200
    assert answer.redirect_chain[-1][0].endswith("/welcome/")


def test_the_first_visit_stores_the_answers(client: Client, ines: User) -> None:
    client.force_login(ines, backend="allauth.account.auth_backends.AuthenticationBackend")

    bad = client.post("/welcome/", ANSWERS | {"address": ""})
    good = client.post("/welcome/", ANSWERS)

    assert bad.status_code == 200
    assert "address" in bad.context["form"].errors
    assert good.status_code == 302
    assert Organisation.objects.get().is_complete


def test_nobody_signs_up(client: Client) -> None:
    client.post(
        "/accounts/signup/", {"email": "x@envol.example", "password1": "correct horse", "password2": "correct horse"}
    )

    assert not User.objects.exists()


@pytest.mark.parametrize(("accepts", "word"), [("fr-CA,fr;q=0.9", 'lang="fr"'), ("de,en;q=0.5", 'lang="en"')])
def test_the_language_follows_the_browser(client: Client, accepts: str, word: str) -> None:
    assert word in client.get("/accounts/login/", headers={"accept-language": accepts}).text


def test_a_chosen_language_stays_with_the_person(team_client: Client, ines: User) -> None:
    team_client.post("/language/", {"language": "fr", "next": "/settings/"})

    ines.refresh_from_db()
    assert ines.language == "fr"
    assert 'lang="fr"' in team_client.get("/settings/", headers={"accept-language": "en"}).text
