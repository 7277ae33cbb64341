"""The pages of sign-in, password and second step, each opened and used."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client, RequestFactory

from accounts.models import Organisation, User
from config import errors

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/?next=/settings/"


def html(client: Client, path: str, data: dict[str, str] | None = None, *, language: str = "en") -> str:
    """A page by GET, or what answers a POST, redirects followed."""
    headers = {"accept-language": language}
    response = (
        client.post(path, data, headers=headers, follow=True)
        if data
        else client.get(path, headers=headers, follow=True)
    )
    return response.content.decode()


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.fixture
def signed_in(client: Client, organisation: Organisation, ines: User) -> Client:
    client.post(SIGN_IN, {"login": ines.email, "password": "correct horse"})
    return client


def test_second_step_is_turned_on_asked_for_and_turned_off(signed_in: Client, ines: User) -> None:
    client = signed_in
    assert "Turn on" in html(client, "/accounts/2fa/")

    again = {"password": "correct horse", "next": "/accounts/2fa/totp/activate/"}
    assert "Is it you?" in html(client, "/accounts/2fa/totp/activate/")
    page = html(client, "/accounts/reauthenticate/", again)
    secret = re.search(r'id="secret" value="(\w+)"', page)
    assert secret
    assert 'alt="QR code' in page
    codes = html(client, "/accounts/2fa/totp/activate/", {"code": code_for(secret[1])})
    assert "Recovery codes" in codes
    first_code = re.search(r'<pre class="ev-codes" id="codes">(\w+)', html(client, "/accounts/2fa/recovery-codes/"))
    assert first_code

    client.post("/accounts/logout/")
    asked = html(client, SIGN_IN, {"login": ines.email, "password": "correct horse"})
    assert "The code from your phone" in asked
    client.post("/accounts/2fa/authenticate/", {"code": first_code[1]})

    assert "9 codes left" in html(client, "/accounts/2fa/")
    html(client, "/accounts/reauthenticate/", again)
    assert "The codes you have now stop working" in html(client, "/accounts/2fa/recovery-codes/generate/")
    assert "Keep it on" in html(client, "/accounts/2fa/totp/deactivate/")
    assert "Turn on" in html(client, "/accounts/2fa/totp/deactivate/", {"sure": "yes"})


def test_a_forgotten_password_is_chosen_again_by_mail(client: Client, organisation: Organisation, ines: User) -> None:
    sent = html(client, "/accounts/password/reset/", {"email": ines.email}, language="fr")
    assert "Regardez votre boîte" in sent
    assert "Choisissez-le ici" in mail.outbox[0].body
    link = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link

    page = client.get(link[1], follow=True)
    form_path = page.redirect_chain[-1][0]
    done = html(client, form_path, {"password1": "battery staple 9", "password2": "battery staple 9"})

    assert "Password changed" in done
    assert "This link has been used" in html(Client(), link[1])
    ines.refresh_from_db()
    assert ines.check_password("battery staple 9")


def test_an_address_without_account_is_answered_alike_and_told_by_mail(
    client: Client, organisation: Organisation
) -> None:
    page = html(client, "/accounts/password/reset/", {"email": "nobody@courriel.example"})

    assert "Look at your mailbox" in page
    assert "no account has this address" in mail.outbox[0].body


def test_nobody_makes_an_account_for_themselves(client: Client, organisation: Organisation) -> None:
    assert "Accounts are made by your administrator" in html(client, "/accounts/signup/")


def test_a_stale_form_is_explained(organisation: Organisation) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/accounts/login/", {"login": "a@b.example"})

    assert response.status_code == 403
    assert "This form has waited too long" in response.content.decode()


def test_a_broken_page_says_so_without_database_or_script(rf: RequestFactory) -> None:
    page = errors.server_error(rf.get("/")).content.decode()

    assert "Something broke on our side" in page
    assert "<script" not in page
