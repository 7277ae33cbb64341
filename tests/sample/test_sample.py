"""The sample, loaded and removed: its ledgers balance, and nothing of it is left behind."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from campaigns.models import Campaign
from catcher.models import CaughtMessage
from common.locks import only_one
from contacts.models import Consent, ConsentState, Contact, ContactList, Purpose, Subscription
from delivery.ledger import check_ledger, ledger_of
from delivery.models import Mailing, Message, Provider
from feedback.models import Event
from feedback.rates import by_name, rates_of
from sample import services
from sample.services import LOCK, SampleRefused, load, remove
from templates_app.models import Template

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("test_inbox", "small")]


def loaded() -> services.Loaded:
    return load(now=timezone.now(), say=lambda _words: None)


def everything() -> dict[str, int]:
    """Rows by table, but those that only count upwards, note who looked, or which process is at work."""
    kept_apart = {"delivery.Counter", "delivery.Guard", "delivery.Process", "feedback.Event", "accounts.AuditEntry"}
    counts = {
        model._meta.label: model.objects.count()  # type: ignore[attr-defined]
        for model in apps.get_models()
        if model._meta.managed and model._meta.label not in kept_apart
    }
    with connection.cursor() as cursor:
        for table in ("feedback_event", "feedback_rollup"):
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def test_everything_balances_and_everybody_is_a_sample() -> None:
    result = loaded()

    assert result.people == 380
    assert not Contact.objects.filter(is_sample=False).exists()
    assert not Contact.objects.exclude(address__endswith=".example").exists()
    mailings = list(Mailing.objects.all())
    assert len(mailings) == 4
    for mailing in mailings:
        assert mailing.is_sample
        assert mailing.state == Mailing.State.FINISHED
        assert ledger_of(mailing.pk).is_balanced
        assert check_ledger(mailing) is None


def test_history_is_believable() -> None:
    loaded()
    history = list(Mailing.objects.order_by("started_at")[:3].values_list("pk", flat=True))

    rates = by_name(rates_of(history))

    assert 0.95 < (rates["delivery"].value or 0) < 1
    assert 0.25 < (rates["open"].value or 0) < 0.55
    assert 0.02 < (rates["click"].value or 0) < 0.12
    assert 0 < rates["open"].measurable < rates["delivery"].numerator
    assert not Event.objects.filter(at__gt=timezone.now()).exists()
    assert not Event.objects.filter(applied_at__isnull=True).exists()


def test_consents_are_in_all_three_states_and_copied_to_the_contact() -> None:
    loaded()

    assert set(Contact.objects.values_list("open_consent", flat=True)) == set(ConsentState)
    granted = Contact.objects.filter(open_consent=ConsentState.GRANTED).count()
    assert Consent.objects.filter(purpose=Purpose.OPENS, state=ConsentState.GRANTED).count() == granted
    assert Consent.objects.filter(purpose=Purpose.MAILING).values("contact").distinct().count() == 380


def test_one_campaign_really_arrives() -> None:
    result = loaded()

    live = Campaign.objects.get(name__startswith="Avant-première")
    assert live.mailing
    assert CaughtMessage.objects.count() == result.sent == ledger_of(live.mailing.pk).accepted > 0
    assert "List-Unsubscribe-Post" in bytes(CaughtMessage.objects.latest("pk").source).decode()


def test_first_start_still_asks_in_whose_name_mail_goes_out() -> None:
    loaded()

    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.address, organisation.set_up_at) == ("", "", None)


def test_organisation_that_was_given_is_the_one_that_writes(organisation: Organisation) -> None:
    Organisation.objects.update(name="Atelier Nord")

    loaded()

    assert {mailing.organisation["name"] for mailing in Mailing.objects.all()} == {"Atelier Nord"}


def test_second_load_does_nothing_and_a_broken_one_is_begun_again() -> None:
    loaded()
    assert loaded().people == 0

    Campaign.objects.filter(name__startswith="Avant-première").delete()
    assert loaded().people == 380
    assert Contact.objects.count() == 380


def test_removing_leaves_nothing_behind() -> None:
    before = everything()
    loaded()

    removed = remove()

    assert (removed.people, removed.campaigns, removed.kept) == (380, 5, 0)
    assert everything() == before


def make_own(name: str, **values: object) -> Contact:
    return Contact.objects.create(address=f"{name}@x.example", address_key=f"{name}@x.example", sort_key=name, **values)


def test_what_the_team_has_made_stays(catcher: Provider) -> None:
    own = make_own("ines")
    own_list = ContactList.objects.create(name="Clients")
    Subscription.objects.create(contact=own, contact_list=own_list)
    loaded()
    carnet = Template.objects.get(name__startswith="Carnet")
    campaign = Campaign.objects.create(name="À moi", template_version=carnet.current)
    campaign.lists.set(ContactList.objects.all())
    club = ContactList.objects.get(name__startswith="Club")
    Subscription.objects.create(contact=own, contact_list=club)

    removed = remove()

    assert list(Contact.objects.all()) == [own]
    assert set(ContactList.objects.all()) == {own_list, club}
    assert list(Campaign.objects.all()) == [campaign]
    assert list(Template.objects.values_list("pk", "is_sample")) == [(carnet.pk, False)]
    assert removed.kept == 2


def test_real_campaign_to_a_sample_list_keeps_its_ledger(make_real: Callable[[ContactList], Mailing]) -> None:
    loaded()
    mailing = make_real(ContactList.objects.get(name__startswith="Club"))
    numbers = ledger_of(mailing.pk).numbers()
    assert numbers["accepted"] > 0

    remove()

    assert ledger_of(mailing.pk).numbers() == numbers
    assert check_ledger(mailing) is None
    assert Message.objects.filter(mailing=mailing).count() == numbers["planned"]


@pytest.fixture
def catcher() -> Provider:
    return Provider.objects.get(is_catcher=True)


@pytest.fixture
def make_real(catcher: Provider) -> Callable[[ContactList], Mailing]:
    """A campaign of the team's own, really sent through the test inbox."""
    from contacts.audience import Audience
    from delivery.services import ContentOrder, MailingOrder, drive, plan_mailing

    def make(to: ContactList) -> Mailing:
        Organisation.objects.update(name="Verdier", address="Lyon", set_up_at=timezone.now())
        content = ContentOrder(
            subject="Bonjour", html='<a href="{{ unsubscribe_url }}">x</a>', sender_address="a@verdier.example"
        )
        order = MailingOrder(
            name="À moi",
            audience=Audience(lists=(to.pk,)),
            provider=catcher,
            contents=(content,),
            starts_at=timezone.now(),
        )
        return drive(plan_mailing(order).pk, report=lambda _ledger: None)

    return make


def test_two_at_once_are_refused() -> None:
    with only_one_elsewhere(), pytest.raises(SampleRefused):
        remove()


def only_one_elsewhere() -> object:
    """The lock held by another connection."""
    import threading
    from contextlib import contextmanager

    @contextmanager
    def held():  # type: ignore[no-untyped-def]
        taken, done = threading.Event(), threading.Event()

        def hold() -> None:
            with only_one(LOCK):
                taken.set()
                done.wait(10)
            connection.close()

        thread = threading.Thread(target=hold)
        thread.start()
        assert taken.wait(5)
        yield
        done.set()
        thread.join(5)

    return held()


def test_command_prints_json_and_refuses_with_one_sentence() -> None:
    out = StringIO()
    call_command("sample", "load", "--json", stdout=out)
    assert json.loads(out.getvalue())["people"] == 380

    with only_one_elsewhere(), pytest.raises(CommandError, match="Another process"):
        call_command("sample", "remove")

    out = StringIO()
    call_command("sample", "remove", stdout=out)
    assert "Removed 380 people and 5 campaigns" in out.getvalue()


def test_button_is_there_only_while_there_is_a_sample(team_client: Client) -> None:
    assert "Remove" not in team_client.get(reverse("sample:panel")).text
    loaded()
    assert "Remove the sample data" in team_client.get(reverse("sample:panel")).text

    response = team_client.post(reverse("sample:remove"), follow=True)

    assert "The sample data is gone: 380 people" in response.text
    assert not Contact.objects.exists()
