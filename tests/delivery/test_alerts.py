"""What waits for a person is mailed to the administrators, once while it lasts, and home says when it cannot be."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from accounts.models import User
from delivery import alerts, dispatch
from delivery.models import Alert, Brake, Guard, Mailing, Outage, Provider
from delivery.models.outages import Cause
from tests.delivery.ledger.conftest import make_mailing

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_user("patron@verdier.example", "x", is_staff=True, language="fr")


@pytest.fixture
def paused(db: None) -> Mailing:
    mailing = make_mailing(Provider.objects.create(name="P"))
    Mailing.objects.filter(pk=mailing.pk).update(state=Mailing.State.SENDING, name="Soldes")
    assert dispatch.pause_for(mailing.pk, words="535 5.7.8 bad login")
    return mailing


def test_a_mailing_paused_by_the_server_is_told_once_in_the_persons_language(boss: User, paused: Mailing) -> None:
    User.objects.create_user("stagiaire@verdier.example", "x")
    User.objects.create_user("anne@verdier.example", "x", is_staff=True, language="en")

    assert [alerts.tell(now=NOW) for _ in range(3)] == [2, 0, 0]

    first, second = mail.outbox
    assert (first.to, second.to) == (["patron@verdier.example"], ["anne@verdier.example"])
    assert "« Soldes »" in first.body.replace("\u00a0", " ")
    assert "is paused: 535 5.7.8 bad login" in second.body
    assert second.subject.startswith("Sending needs you")
    assert second.extra_headers["Auto-Submitted"] == "auto-generated"


def test_what_ends_and_comes_back_is_told_again(boss: User, paused: Mailing) -> None:
    alerts.tell(now=NOW)
    Mailing.objects.update(state=Mailing.State.SENDING, pause_reason="")
    alerts.tell(now=NOW)
    assert not Alert.objects.exists()

    dispatch.pause_for(paused.pk, words="535 5.7.8 bad login")

    assert alerts.tell(now=NOW) == 1


def test_what_a_person_paused_is_not_told(boss: User, paused: Mailing) -> None:
    Mailing.objects.update(pause_reason="")

    assert alerts.tell(now=NOW) == 0


def test_a_stopped_share_an_account_out_of_order_and_a_restored_database_are_told_together(
    boss: User, paused: Mailing
) -> None:
    Brake.objects.create(
        mailing=paused,
        mx_group=1,
        state=Brake.State.STOPPED,
        wave_size=1,
        kind=Brake.Kind.REFUSALS,
        value=0.08,
        limit=0.05,
    )
    relay = Provider.objects.create(name="Relay")
    Outage.objects.create(provider=relay, cause=Cause.QUOTA, words="450 daily quota", struck_at=NOW, began_at=NOW)
    Guard.objects.update_or_create(pk=1, defaults={"held_at": NOW, "raised_at": NOW})

    assert alerts.tell(now=NOW) == 1

    (letter,) = mail.outbox
    for word in ("/restored/", "Gmail", "Relay", "450 daily quota", "535 5.7.8"):
        assert word in letter.body


def test_a_mail_system_that_is_closed_is_kept_for_the_home_page_and_tried_again(
    boss: User, paused: Mailing, settings: Settings
) -> None:
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    assert alerts.tell(now=NOW) == 0
    assert "refused" in Alert.objects.get(told_at=None).error

    settings.EMAIL_BACKEND = usual

    assert alerts.tell(now=NOW) == 1
    assert Alert.objects.get().error == ""
