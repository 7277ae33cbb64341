"""The inbox as a person sees it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catcher.models import CaughtMessage
from catcher.services import Incoming, store

HTML = (
    b"Subject: Soldes\r\nFrom: Verdier <v@x.example>\r\nList-Unsubscribe: <https://x.example/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<!doctype html><html><head></head><body><script>alert(1)</script><a href='https://x.example'>go</a></body></html>"
)


def caught(source: bytes = HTML, to: str = "camille@x.example") -> CaughtMessage:
    store([Incoming(mail_from="v@x.example", recipients=(to,), source=source)])
    return CaughtMessage.objects.latest("pk")


def test_empty_inbox_teaches(team_client: Client) -> None:
    response = team_client.get(reverse("catcher:inbox"))

    assert "Nothing has arrived yet" in response.text
    assert "Delivers to nobody" in response.text


def test_list_costs_the_same_for_one_and_three(team_client: Client) -> None:
    costs = []
    for expected in (1, 3):
        while CaughtMessage.objects.count() < expected:
            caught()
        with CaptureQueriesContext(connection) as queries:
            response = team_client.get(reverse("catcher:inbox"))
        assert response.text.count("ev-mail__item") == expected
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_search_finds_a_recipient_and_a_subject(team_client: Client) -> None:
    caught(to="camille@x.example")
    caught(b"Subject: Facture\r\n\r\n", to="yanis@x.example")

    assert "yanis@" not in team_client.get(reverse("catcher:inbox"), {"q": "cami"}).text
    assert "camille@" not in team_client.get(reverse("catcher:inbox"), {"q": "fact"}).text
    assert "No message to “50%”" in team_client.get(reverse("catcher:inbox"), {"q": "50%"}).text


def test_list_asked_by_htmx_is_rows_alone(team_client: Client) -> None:
    caught()

    response = team_client.get(reverse("catcher:inbox"), headers={"hx-request": "true"})

    assert "ev-mail__item" in response.text
    assert "<html" not in response.text


def test_message_is_shown_in_a_sandboxed_frame(team_client: Client) -> None:
    message = caught()

    page = team_client.get(reverse("catcher:message", args=[message.pk]))

    assert f'src="{reverse("catcher:body", args=[message.pk])}"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "in one click, from the mailbox" in page.text
    assert "alert(1)" not in page.text


def test_body_has_the_policy_of_a_message(team_client: Client) -> None:
    response = team_client.get(reverse("catcher:body", args=[caught().pk]))

    policy = response["Content-Security-Policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert '<head><base target="_blank">' in response.text


@pytest.mark.parametrize("view", ["text", "source", "headers", "message", "nonsense"])
def test_views_escape_what_strangers_wrote(team_client: Client, view: str) -> None:
    message = caught(b"Subject: <script>alert(1)</script>\r\nX-Evil: <img src=x>\r\n\r\n<script>alert(2)</script>\r\n")

    response = team_client.get(reverse("catcher:message", args=[message.pk]), {"view": view})

    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert "<img src=x>" not in response.text


def test_download_is_the_message_octet_by_octet(team_client: Client) -> None:
    response = team_client.get(reverse("catcher:download", args=[caught().pk]))

    assert response.content == HTML
    assert response["Content-Disposition"].startswith("attachment")


def test_message_forgotten_is_not_found(team_client: Client) -> None:
    assert team_client.get(reverse("catcher:message", args=[404])).status_code == 404


def test_clear_deletes_all_and_says_how_many(team_client: Client) -> None:
    caught(), caught()

    response = team_client.post(reverse("catcher:clear"), follow=True)

    assert "2 messages deleted." in response.text
    assert not CaughtMessage.objects.exists()
