"""The public doors: subscribe and confirm."""

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from common import tokens
from contacts import guard
from contacts.guard import again_token
from contacts.models import (
    Confirmation,
    Contact,
    ContactField,
    ContactList,
    OptInGate,
    SubscribeForm,
    Subscription,
    Suppression,
)
from contacts.services import note_mailed, request_address, request_own, unsubscribe
from contacts.services.confirmations import Witness

WORDS = {
    "fr": {"title": "La lettre", "consent": "Oui, je veux la lettre", "button": "M’abonner", "tracking": "Mesurez"},
    "en": {"title": "The letter", "consent": "Yes, I want it", "button": "Subscribe", "tracking": "Measure"},
}


@pytest.fixture(autouse=True)
def no_counts() -> None:
    cache.clear()


@pytest.fixture
def form(newsletter: ContactList, organisation: Organisation) -> SubscribeForm:
    made = SubscribeForm.objects.create(name="Footer", slug="footer", words=WORDS, asks_tracking=True)
    made.lists.set([newsletter])
    return made


def post(client: Client, slug: str = "footer", *, waited: float = 10, **fields: object) -> str:
    made = timezone.now() - timedelta(seconds=waited)
    values = {"email": "lea@courriel.example", "consent": "on", "t": guard.stamp(at=made), "language": "fr"} | fields
    answer = client.post(f"/s/{slug}/", values)
    return answer.content.decode()


def link(confirmation: Confirmation) -> str:
    return f"/y/{tokens.encode(tokens.Purpose.CONFIRM, mailing=0, message=confirmation.pk)}"


def the_confirmation(client: Client, form: SubscribeForm) -> Confirmation:
    post(client)
    return Confirmation.objects.get()


def test_page_needs_no_script_and_ticks_nothing(client: Client, form: SubscribeForm) -> None:
    page = client.get("/s/footer/?language=fr").content.decode()

    assert "<script" not in page
    assert " checked" not in page
    assert "La lettre" in page and "Oui, je veux la lettre" in page


def test_get_changes_nothing(client: Client, form: SubscribeForm) -> None:
    client.get("/s/footer/?email=lea@courriel.example&consent=on")

    assert not Contact.objects.exists()


def test_page_speaks_the_languages_it_has_words_in(client: Client, form: SubscribeForm) -> None:
    assert "The letter" in client.get("/s/footer/", headers={"accept-language": "en"}).content.decode()
    form.words = {"fr": WORDS["fr"]}
    form.save()
    assert "La lettre" in client.get("/s/footer/", headers={"accept-language": "en"}).content.decode()


def test_known_unknown_left_and_suppressed_get_the_same_answer(
    client: Client, form: SubscribeForm, camille: Contact, newsletter: ContactList
) -> None:
    left = Contact.objects.create(address="nils@courriel.example", address_key="nils@courriel.example", sort_key="n")
    unsubscribe(contact=left, at=timezone.now())
    Suppression.objects.create(address_key="mona@courriel.example", reason=23, scope=0)

    answers = {
        re.sub(r'name="again" value="[^"]+"', "", post(client, email=address).replace(address, "…"))
        for address in (camille.address, "lea@courriel.example", left.address, "mona@courriel.example")
    }

    assert len(answers) == 1


def test_a_broken_address_and_no_tick_are_shown_beside_their_fields(client: Client, form: SubscribeForm) -> None:
    page = post(client, email="lea@courriel", consent="")

    assert 'aria-describedby="in-email-e"' in page
    assert 'aria-describedby="in-consent-e"' in page
    assert not Contact.objects.exists()


def again(client: Client, page: str) -> str:
    token = re.search(r'name="again" value="([^"]+)"', page)
    assert token
    return client.post("/s/footer/", {"again": token[1], "language": "en"}).content.decode()


def test_the_mail_is_sent_again_once_a_day_and_strangers_learn_nothing(client: Client, form: SubscribeForm) -> None:
    page = post(client, language="en")
    waiting = Confirmation.objects.get()
    note_mailed(waiting, at=timezone.now() - timedelta(days=2))

    assert "Asked for again" in again(client, page)
    waiting.refresh_from_db()
    assert waiting.mail_due_at is None  # today's one has left
    OptInGate.objects.all().delete()
    answer = again(client, page)
    waiting.refresh_from_db()
    assert waiting.mail_due_at is not None

    with_left = re.sub(r'value="[^"]+"', "", answer)
    unknown = again_token("nobody@courriel.example")
    other = client.post("/s/footer/", {"again": unknown, "language": "en"}).content.decode()
    assert re.sub(r'value="[^"]+"', "", other.replace("nobody@", "lea@")) == with_left
    assert not Contact.objects.filter(address_key="nobody@courriel.example").exists()


def test_the_button_for_another_mail_opens_for_nobody_elses_token(client: Client, form: SubscribeForm) -> None:
    assert client.post("/s/footer/", {"again": "lea@courriel.example"}).status_code == 404
    assert client.post("/s/footer/", {"again": guard.stamp(at=timezone.now())}).status_code == 404


@pytest.mark.parametrize("fields", [{"website": "http://spam.example"}, {"waited": 0}])
def test_machines_get_the_usual_answer_and_nothing_is_done(
    client: Client, form: SubscribeForm, fields: dict[str, object]
) -> None:
    page = post(client, **fields)  # type: ignore[arg-type]

    assert "lea@courriel.example" in page
    assert not Contact.objects.exists()


def test_one_network_is_slowed_down_and_other_networks_are_not(client: Client, form: SubscribeForm) -> None:
    for number in range(guard.POSTS_AN_HOUR + 3):
        post(client, email=f"{number}@courriel.example")
    assert Contact.objects.count() == guard.POSTS_AN_HOUR

    post(Client(REMOTE_ADDR="198.51.100.77"), email="lea@courriel.example")

    assert Contact.objects.filter(address="lea@courriel.example").exists()


def test_without_redis_rows_are_counted(client: Client, form: SubscribeForm, settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    for number in range(guard.POSTS_AN_HOUR + 3):
        post(client, email=f"{number}@courriel.example")

    assert Contact.objects.count() == guard.POSTS_AN_HOUR


def test_embedded_form_needs_no_stamp_at_first_and_one_more_touch_later(client: Client, form: SubscribeForm) -> None:
    for number in range(guard.UNSTAMPED_AN_HOUR):
        post(client, email=f"{number}@courriel.example", t="")
    page = post(client, email="lea@courriel.example", t="forged")

    assert Contact.objects.count() == guard.UNSTAMPED_AN_HOUR
    assert 'value="lea@courriel.example"' in page


def test_posting_from_another_site_needs_no_csrf_token(form: SubscribeForm) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"origin": "https://blog.example"})

    assert "lea@courriel.example" in post(strict)
    assert Contact.objects.exists()


def test_disposable_domains_are_refused_on_request(client: Client, form: SubscribeForm) -> None:
    post(client, email="x@mailinator.com")
    assert Contact.objects.count() == 1
    SubscribeForm.objects.update(refuses_disposable=True)

    page = post(client, email="y@mailinator.com")

    assert "in-email-e" in page
    assert Contact.objects.count() == 1


def test_fields_are_normalised_and_kept_until_confirmed(client: Client, form: SubscribeForm) -> None:
    size = ContactField.objects.create(key="size", label="Pointure", kind=ContactField.Kind.NUMBER)
    form.fields = [{"key": "first_name", "is_required": True}, {"key": f"field:{size.pk}", "is_required": False}]
    form.save()
    assert f'name="field:{size.pk}"' in client.get("/s/footer/").content.decode()
    post(client, **{"first_name": "Léa", f"field:{size.pk}": "38,50"})
    confirmation = Confirmation.objects.get()

    client.post(link(confirmation), {"act": "confirm"})

    lea = Contact.objects.get()
    assert (lea.first_name, lea.fields) == ("Léa", {str(size.pk): 38.5})


def test_choices_are_offered_and_nothing_else_is_taken(client: Client, form: SubscribeForm) -> None:
    kinds = ContactField.Kind
    size = ContactField.objects.create(key="size", label="Taille", kind=kinds.CHOICE, options=["S", "M"])
    likes = ContactField.objects.create(key="likes", label="Goûts", kind=kinds.CHOICES, options=["lin", "laine"])
    form.fields = [{"key": f"field:{row.pk}", "is_required": False} for row in (size, likes)]
    form.save()
    page = client.get("/s/footer/").content.decode()
    assert '<option value="M"' in page
    assert 'type="checkbox" name="field:' in page

    post(client, **{f"field:{size.pk}": "XXL"})
    assert not Confirmation.objects.exists()
    post(client, **{f"field:{size.pk}": "M", f"field:{likes.pk}": ["lin", "laine"]})
    client.post(link(Confirmation.objects.get()), {"act": "confirm"})

    assert Contact.objects.get().fields == {str(size.pk): "M", str(likes.pk): ["lin", "laine"]}


def test_several_lists_are_chosen_one_by_one(client: Client, form: SubscribeForm) -> None:
    sales = ContactList.objects.create(name="Ventes privées")
    form.lists.add(sales)
    assert "in-lists-e" in post(client)

    post(client, lists=[sales.pk])

    assert Confirmation.objects.get().lists == [sales.pk]


def test_a_closed_or_unknown_form_says_so(client: Client, form: SubscribeForm) -> None:
    SubscribeForm.objects.update(is_active=False)

    assert client.get("/s/footer/").status_code == 404
    assert client.post("/s/nothing/", {"email": "lea@courriel.example"}).status_code == 404


def test_link_asks_and_the_button_confirms(client: Client, form: SubscribeForm, newsletter: ContactList) -> None:
    confirmation = the_confirmation(client, form)

    page = client.get(link(confirmation)).content.decode()
    client.head(link(confirmation))
    assert newsletter.name in page and "<script" not in page
    assert Contact.objects.get().subscriptions.get().state == Subscription.State.PENDING

    client.post(link(confirmation), {"act": "confirm"}, HTTP_USER_AGENT="Phone", REMOTE_ADDR="198.51.100.4")

    assert Contact.objects.get().subscriptions.get().state == Subscription.State.SUBSCRIBED
    confirmation.refresh_from_db()
    assert (confirmation.confirmed_ip, confirmation.confirmed_agent) == ("198.51.100.4", "Phone")


@pytest.mark.parametrize("purpose", [tokens.Purpose.UNSUBSCRIBE, tokens.Purpose.PREFERENCES, tokens.Purpose.VIEW])
def test_tokens_of_other_doors_open_nothing(client: Client, form: SubscribeForm, purpose: tokens.Purpose) -> None:
    confirmation = the_confirmation(client, form)
    foreign = tokens.encode(purpose, mailing=0, message=confirmation.pk)
    true = link(confirmation)
    damaged = f"{true[:-4]}{'B' if true[-4] == 'A' else 'A'}{true[-3:]}"

    assert client.post(f"/y/{foreign}", {"act": "confirm"}).status_code == 404
    assert client.post(damaged, {"act": "confirm"}).status_code == 404
    assert not Contact.objects.mailable().exists()


def test_an_old_link_is_polite_and_sends_a_new_mail(client: Client, form: SubscribeForm) -> None:
    confirmation = the_confirmation(client, form)
    note_mailed(confirmation, at=timezone.now() - timedelta(days=8))
    Confirmation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    assert "act" in client.get(link(confirmation)).content.decode()
    client.post(link(confirmation), {"act": "confirm"})
    assert not Contact.objects.mailable().exists()
    client.post(link(confirmation), {"act": "again"})

    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.mail_due_at is not None) == (Confirmation.State.OPEN, True)


def test_language_of_the_pages_follows_the_person_and_the_link(client: Client, form: SubscribeForm) -> None:
    confirmation = the_confirmation(client, form)

    assert client.get(link(confirmation))["Content-Language"] == "fr"
    assert client.get(f"{link(confirmation)}?{urlencode({'language': 'en'})}")["Content-Language"] == "en"


def test_a_new_address_is_confirmed_from_the_new_mailbox(
    client: Client, camille: Contact, organisation: Organisation
) -> None:
    witness = Witness(at=timezone.now())
    unsubscribe(contact=camille, at=timezone.now())
    request_address(contact=camille, address="camille@neuf.example", language="fr", witness=witness)
    camille.refresh_from_db()
    assert camille.address_key == "camille.roux@courriel.example"

    client.post(link(Confirmation.objects.get()), {"act": "confirm"})

    camille.refresh_from_db()
    assert camille.address == "camille@neuf.example"
    assert Suppression.objects.filter(address_key="camille@neuf.example", reason=20).exists()


def test_an_address_of_somebody_else_is_refused_to_its_owner_only(
    client: Client, camille: Contact, organisation: Organisation
) -> None:
    Contact.objects.create(address="nils@courriel.example", address_key="nils@courriel.example", sort_key="n")
    request_address(contact=camille, address="nils@courriel.example", language="fr", witness=Witness(at=timezone.now()))

    answer = client.post(link(Confirmation.objects.get()), {"act": "confirm"})

    assert answer.status_code == 409
    assert Confirmation.objects.get().state == Confirmation.State.OPEN


def test_a_copy_of_the_data_is_a_file_with_every_proof(
    client: Client, camille: Contact, organisation: Organisation
) -> None:
    request_own(contact=camille, kind=Confirmation.Kind.COPY, language="fr", witness=Witness(at=timezone.now()))
    confirmation = Confirmation.objects.get()
    assert client.get(link(confirmation))["Content-Type"].startswith("text/html")

    answer = client.post(link(confirmation), {"act": "confirm"})

    found = json.loads(answer.content)
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert found["person"]["address"] == camille.address
    assert found["consents"][0]["source"] == "Stand at the fair of Lyon, May 2026"
    assert found["messages"] == []


def test_erasing_oneself_takes_two_steps(client: Client, camille: Contact, organisation: Organisation) -> None:
    request_own(contact=camille, kind=Confirmation.Kind.ERASURE, language="fr", witness=Witness(at=timezone.now()))
    confirmation = Confirmation.objects.get()
    client.get(link(confirmation))
    assert Contact.objects.exists()

    client.post(link(confirmation), {"act": "confirm"})

    assert not Contact.objects.exists()
    assert client.get(link(confirmation)).status_code == 404


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("127.0.0.1", "203.0.113.9, 198.51.100.4", "198.51.100.4"),
        ("127.0.0.1", "<script>", "127.0.0.1"),
        ("203.0.113.5", "198.51.100.4", "203.0.113.5"),  # a stranger's own words
    ],
)
def test_whose_request_it_is(peer: str, forwarded: str, whose: str) -> None:
    assert guard.client_ip({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}) == whose


def test_networks_are_counted_as_one_line_of_a_subscriber() -> None:
    assert guard.network_of("2001:db8:1:2::7") == guard.network_of("2001:db8:1:2:ffff::1")
    assert guard.network_of("::ffff:192.0.2.7") == guard.network_of("192.0.2.7")
