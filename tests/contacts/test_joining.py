"""Double opt-in: what a post to a form does, and what only the mailbox can do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from contacts.addresses import fingerprint
from contacts.models import (
    Confirmation,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    Purpose,
    SubscribeForm,
    Subscription,
    Suppression,
)
from contacts.services import (
    ConfirmationExpired,
    Posted,
    Witness,
    ask_again,
    confirm_joining,
    erase_contact,
    note_mailed,
    post_form,
    subscribe,
    suppress,
    tidy,
    unsubscribe,
)
from contacts.signals import confirmation_due, lists_joined

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WITNESS = Witness(at=NOW, ip="192.0.2.7", user_agent="Firefox")
State = Subscription.State


@pytest.fixture
def form(newsletter: ContactList) -> SubscribeForm:
    made = SubscribeForm.objects.create(
        name="Site footer", slug="footer", words={"fr": {"consent": "Oui, je veux la lettre", "tracking": "Mesurez"}}
    )
    made.lists.set([newsletter])
    return made


def post(
    form: SubscribeForm, address: str = "lea@courriel.example", *, after: timedelta = timedelta(0), **more: object
) -> None:
    witness = Witness(at=NOW + after, ip="192.0.2.7", user_agent="Firefox")
    post_form(form=form, posted=Posted(address=address, language="fr", **more), witness=witness)  # type: ignore[arg-type]


def answer(confirmation: Confirmation, *, after: timedelta = timedelta(hours=1)) -> Confirmation:
    return confirm_joining(confirmation.pk, witness=Witness(at=NOW + after, ip="198.51.100.4", user_agent="Phone"))


def test_post_waits_for_the_mailbox(form: SubscribeForm, newsletter: ContactList) -> None:
    post(form, first_name="Léa")

    lea = Contact.objects.get()
    assert lea.subscriptions.get().state == State.PENDING
    assert not lea.consents.exists()
    assert lea.first_name == ""
    assert not Contact.objects.mailable().exists()


def test_confirming_subscribes_with_the_whole_proof(form: SubscribeForm, newsletter: ContactList) -> None:
    post(form, first_name="Léa", tracking=True)

    answer(Confirmation.objects.get())

    lea = Contact.objects.get()
    assert lea.first_name == "Léa"
    assert lea.subscriptions.get().state == State.SUBSCRIBED
    consent = lea.consents.get(purpose=Purpose.MAILING)
    assert (consent.contact_list, consent.ip, consent.user_agent) == (newsletter, "198.51.100.4", "Phone")
    assert consent.statement.wording == "Oui, je veux la lettre"
    assert consent.confirmation is not None
    assert (consent.confirmation.asked_ip, consent.confirmation.asked_at) == ("192.0.2.7", NOW)
    assert (lea.open_consent, lea.click_consent) == (ConsentState.GRANTED, ConsentState.GRANTED)


def test_tracking_is_not_granted_by_a_box_left_empty(form: SubscribeForm) -> None:
    post(form)

    answer(Confirmation.objects.get())

    assert Contact.objects.get().open_consent == ConsentState.UNKNOWN


def test_confirming_twice_is_as_once(form: SubscribeForm) -> None:
    post(form)
    confirmation = Confirmation.objects.get()

    answer(confirmation)
    answer(confirmation, after=timedelta(days=30))

    assert Contact.objects.get().consents.count() == 1


def test_a_stranger_changes_nothing_of_a_known_person(form: SubscribeForm, camille: Contact) -> None:
    post(form, camille.address, first_name="Mallory")

    camille.refresh_from_db()
    assert camille.first_name == "Camille"
    assert camille.subscriptions.get().state == State.SUBSCRIBED


def test_somebody_who_left_comes_back_by_confirming(
    form: SubscribeForm, camille: Contact, newsletter: ContactList
) -> None:
    unsubscribe(contact=camille, at=NOW)
    post(form, camille.address)
    assert camille.subscriptions.get().state == State.UNSUBSCRIBED
    before = camille.consents.count()

    answer(Confirmation.objects.get())

    assert Contact.objects.mailable().get() == camille
    assert camille.consents.count() == before + 1


def test_an_erased_person_comes_back_by_confirming_only(form: SubscribeForm, camille: Contact) -> None:
    erase_contact(contact=camille, at=NOW)
    post(form, "camille.roux@courriel.example")
    assert Suppression.objects.filter(reason=Suppression.Reason.ERASED).exists()

    answer(Confirmation.objects.get())

    assert not Suppression.objects.exists()
    assert Contact.objects.mailable().count() == 1


def test_a_complaint_outlives_confirming(form: SubscribeForm, camille: Contact) -> None:
    suppress(address_key=camille.address_key, reason=23, scope=0, origin="loop", at=NOW)
    post(form, camille.address)

    answer(Confirmation.objects.get())

    assert not Contact.objects.mailable().exists()


def test_however_many_posts_for_one_victim_make_one_mail(form: SubscribeForm) -> None:
    spellings = ["lea.roux@gmail.com", "learoux@gmail.com", "lea.roux+7@gmail.com", "l.e.a.roux@googlemail.com"]

    for number in range(500):
        post(form, spellings[number % 4], after=timedelta(seconds=number))

    confirmation = Confirmation.objects.get()
    assert confirmation.address == "lea.roux@gmail.com"
    assert Contact.objects.count() == 1


def test_one_mail_a_day(form: SubscribeForm) -> None:
    post(form)
    note_mailed(Confirmation.objects.get(), at=NOW)
    post(form, after=timedelta(hours=23))

    assert Confirmation.objects.get().mail_due_at is None


def test_a_post_of_another_day_sends_the_mail_anew_three_times_in_all(form: SubscribeForm) -> None:
    post(form)
    for day in range(1, 6):
        if Confirmation.objects.get().mail_due_at:
            note_mailed(Confirmation.objects.get(), at=NOW + timedelta(days=day - 1))
        post(form, after=timedelta(days=day, minutes=1))

    found = Confirmation.objects.get()
    assert (found.mail_count, found.mail_due_at) == (3, None)


def test_a_second_form_joins_the_request_that_waits(form: SubscribeForm) -> None:
    sales = ContactList.objects.create(name="Ventes privées")
    other = SubscribeForm.objects.create(name="Shop", slug="shop", words={"fr": {}})
    other.lists.set([sales])
    post(form)
    post(other, after=timedelta(minutes=5))

    answer(Confirmation.objects.get())

    assert Contact.objects.get().subscriptions.filter(state=State.SUBSCRIBED).count() == 2


def test_a_link_expires_and_a_new_mail_opens_it_again(form: SubscribeForm) -> None:
    post(form)
    confirmation = Confirmation.objects.get()
    note_mailed(confirmation, at=NOW)
    with pytest.raises(ConfirmationExpired):
        answer(confirmation, after=timedelta(days=7))

    assert ask_again(confirmation, at=NOW + timedelta(days=8))
    answer(confirmation, after=timedelta(days=9))

    assert Contact.objects.mailable().count() == 1


def test_asking_again_has_its_limits(form: SubscribeForm) -> None:
    post(form)
    confirmation = Confirmation.objects.get()
    note_mailed(confirmation, at=NOW)
    assert not ask_again(confirmation, at=NOW + timedelta(minutes=30))

    for hours in (2, 4):
        assert ask_again(confirmation, at=NOW + timedelta(hours=hours))
        note_mailed(confirmation, at=NOW + timedelta(hours=hours))

    assert not ask_again(confirmation, at=NOW + timedelta(hours=9))


def test_single_opt_in_joins_a_stranger_at_once_but_nobody_who_left(
    form: SubscribeForm, newsletter: ContactList, camille: Contact
) -> None:
    ContactList.objects.filter(pk=newsletter.pk).update(is_double_opt_in=False)
    unsubscribe(contact=camille, contact_list=newsletter, at=NOW)

    post(form, "lea@courriel.example", first_name="Léa")
    post(form, camille.address)

    lea = Contact.objects.get(address_key="lea@courriel.example")
    assert (lea.first_name, lea.subscriptions.get().state) == ("Léa", State.SUBSCRIBED)
    assert camille.subscriptions.get().state == State.UNSUBSCRIBED
    assert Confirmation.objects.get().contact == camille


def test_new_wording_is_a_new_version(form: SubscribeForm) -> None:
    post(form, "a@courriel.example")
    form.words = {"fr": {"consent": "Oui, deux lettres par mois"}}
    post(form, "b@courriel.example")
    post(form, "c@courriel.example")

    versions = ConsentStatement.objects.filter(source="Site footer").order_by("version")
    assert [(row.version, len(row.digest)) for row in versions] == [(1, 64), (2, 64)]
    assert versions[1].wording == "Oui, deux lettres par mois"


def test_signals_tell_of_the_mail_and_of_the_joining(
    form: SubscribeForm, newsletter: ContactList, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    heard: list[object] = []

    def mail(**told: object) -> None:
        heard.append(("mail", told["confirmation"]))

    def joined(**told: object) -> None:
        heard.append(("joined", told["lists"]))

    confirmation_due.connect(mail, weak=False)
    lists_joined.connect(joined, weak=False)
    try:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            post(form)
        confirmation = Confirmation.objects.get()
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            answer(confirmation)
    finally:
        confirmation_due.disconnect(mail)
        lists_joined.disconnect(joined)

    assert heard == [("mail", confirmation.pk), ("joined", [newsletter.pk])]


def test_who_never_answers_is_forgotten(form: SubscribeForm, camille: Contact, newsletter: ContactList) -> None:
    post(form)
    post(form, camille.address)
    Contact.objects.update(created_at=NOW)

    assert tidy(at=NOW + timedelta(days=8)) == 0
    assert tidy(at=NOW + timedelta(days=31)) == 1

    assert Contact.objects.get() == camille


def test_an_import_confirms_who_is_waiting_but_not_who_left(
    form: SubscribeForm, newsletter: ContactList, statement: ConsentStatement
) -> None:
    post(form)
    lea = Contact.objects.get()

    subscribe(contact=lea, contact_list=newsletter, statement=statement)

    assert lea.subscriptions.get().state == State.SUBSCRIBED


def test_erasure_keeps_a_fingerprint_and_every_reason(camille: Contact) -> None:
    key = camille.address_key
    suppress(address_key=key, reason=23, scope=0, origin="loop of camille.roux@courriel.example", at=NOW)

    erase_contact(contact=camille, at=NOW)

    rows = Suppression.objects.order_by("scope").values_list("address_key", "fingerprint", "reason", "scope", "origin")
    assert [(a, bytes(f), r, s, o) for a, f, r, s, o in rows] == [
        (None, fingerprint(key), 23, 0, ""),
        (None, fingerprint(key), 25, 1, "erasure"),
    ]
    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_posts_at_the_same_instant_make_one_request(form: SubscribeForm) -> None:
    def post_once(number: int) -> None:
        try:
            post(form, ("lea.roux@gmail.com", "learoux@gmail.com")[number % 2])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post_once, range(24)))

    assert Confirmation.objects.count() == 1
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_instant_subscribe_once(form: SubscribeForm) -> None:
    post(form)
    confirmation = Confirmation.objects.get()

    def press(_number: int) -> None:
        try:
            answer(confirmation)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(press, range(6)))

    assert Contact.objects.get().consents.count() == 1
