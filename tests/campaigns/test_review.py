"""What the review page says, finding by finding."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import Organisation
from campaigns.models import Campaign
from campaigns.review import Review, Severity, review
from campaigns.review.message import is_broken
from campaigns.review.reach import ANY, ReachSelection, reach_contacts, reach_of, verdicts_of
from contacts.models import Contact, ContactList, Suppression
from contacts.services import suppress, unsubscribe
from deliverability.models import Sender, SendingDomain
from delivery.models import Alignment, Provider, Stream, StreamProvider
from delivery.reasons import Reason
from delivery.streams import default_stream
from tests.campaigns.conftest import SOURCE, make_version

Change = Callable[..., Campaign]
NOW = datetime(2026, 6, 29, 7, 0, tzinfo=UTC)


def severities(found: Review) -> dict[str, Severity]:
    return {check.name: check.severity for check in found.checks}


def test_complete_draft_has_nothing_blocking_and_says_it_delivers_to_nobody(campaign: Campaign) -> None:
    found = review(campaign=campaign)

    assert found.blocking == []
    assert [check.name for check in found.looks] == ["provider_catcher"]
    assert found.verdict == "warn"


def test_empty_draft_is_told_everything_that_is_missing(organisation: Organisation) -> None:
    Provider.objects.filter(is_default=True).delete()
    found = review(campaign=Campaign.objects.create(name="Empty"))

    assert {check.name for check in found.blocking} == {
        "audience_missing",
        "template_missing",
        "sender_missing",
        "provider_missing",
    }


@pytest.mark.parametrize(
    ("values", "name", "severity"),
    [
        ({"subject": "  "}, "subject_empty", Severity.BLOCKING),
        ({"subject": "Re: votre commande"}, "subject_fake_reply", Severity.BLOCKING),
        ({"subject": "FWD : les soldes"}, "subject_fake_reply", Severity.BLOCKING),
        ({"subject": "Lin\nBcc: x@y.example"}, "subject_characters", Severity.BLOCKING),
        ({"subject": "TOUT LE LIN EN SOLDES"}, "subject_capitals", Severity.LOOK),
        ({"subject": "le lin " * 15}, "subject_long", Severity.LOOK),
        ({"subject": "{{ contact.prenom }}, le lin"}, "names_undefined", Severity.BLOCKING),
        ({"subject": "{{ contact.first_name"}, "liquid", Severity.BLOCKING),
        ({"preheader": ""}, "preheader_empty", Severity.LOOK),
        ({"preheader": "{{ campaign.name }}"}, "names_undefined", Severity.BLOCKING),
        ({"sender": None}, "sender_missing", Severity.BLOCKING),
    ],
)
def test_draft_with_one_fault(change: Change, values: dict[str, object], name: str, severity: Severity) -> None:
    assert severities(review(campaign=change(**values)))[name] == severity


@pytest.mark.parametrize(
    ("state", "name", "severity"),
    [
        (Alignment.State.REFUSED, "unaligned", Severity.BLOCKING),
        (Alignment.State.OPEN, "alignment_open", Severity.LOOK),
        (Alignment.State.ALIGNED, "alignment", Severity.GOOD),
    ],
)
def test_a_domain_that_does_not_allow_the_provider_is_told_before_sending(
    change: Change, state: int, name: str, severity: Severity
) -> None:
    relay = Provider.objects.create(name="Relay", options={"host": "127.0.0.1"})
    draft = change(provider=relay)
    assert draft.sender is not None
    Alignment.objects.create(domain=draft.sender.domain, provider=relay, state=state, answered_at=timezone.now())

    assert severities(review(campaign=draft))[name] == severity


def test_subject_about_regions_is_no_fake_reply(change: Change) -> None:
    assert "subject_fake_reply" not in severities(review(campaign=change(subject="Région : les offres")))


def test_undefined_names_are_listed(change: Change) -> None:
    found = review(campaign=change(subject="{{ contact.prenom }} {{ contact.ville }}"))

    check = next(check for check in found.blocking if check.name == "names_undefined")
    assert "contact.prenom" in check.text
    assert "contact.ville" in check.text


@pytest.mark.parametrize(
    ("old", "new", "name", "severity"),
    [
        ('<a href="{{ unsubscribe_url }}">Se désabonner</a>', "", "unsubscribe_missing", Severity.BLOCKING),
        ("{{ organisation.address }}", "", "address_missing", Severity.BLOCKING),
        ('https://shop.example/lin"', 'lin.html"', "links_broken", Severity.BLOCKING),
        ('https://shop.example/lin"', '#"', "links_nowhere", Severity.LOOK),
        (' alt="Draps en lin"', "", "images_silent", Severity.LOOK),
        ("Bonjour", "Bonjour" + "x" * 110_000, "size_clipped", Severity.LOOK),
        ("contact.first_name", "contact.prenom", "names_undefined", Severity.BLOCKING),
    ],
)
def test_template_with_one_fault(change: Change, old: str, new: str, name: str, severity: Severity) -> None:
    version = make_version("Faulty", SOURCE.replace(old, new))

    assert severities(review(campaign=change(template_version=version)))[name] == severity


def test_preference_link_serves_as_the_way_out(change: Change) -> None:
    version = make_version("Preferences", SOURCE.replace("unsubscribe_url", "preferences_url"))

    assert "unsubscribe" in severities(review(campaign=change(template_version=version)))


def test_postal_address_typed_by_hand_is_seen(change: Change) -> None:
    source = SOURCE.replace("{{ organisation.address }}", "12 rue Mercière<br />69002 Lyon")

    assert "address" in severities(review(campaign=change(template_version=make_version("By hand", source))))


def test_template_changed_after_it_was_chosen_deserves_a_look(campaign: Campaign) -> None:
    assert campaign.template_version is not None
    template = campaign.template_version.template
    template.current = template.versions.create(source=SOURCE, html=campaign.template_version.html)
    template.save()

    assert severities(review(campaign=Campaign.objects.get(pk=campaign.pk)))["template_newer"] == Severity.LOOK


def test_organisation_without_address_blocks(change: Change, organisation: Organisation) -> None:
    Organisation.objects.update(address="")

    assert severities(review(campaign=change()))["organisation_missing"] == Severity.BLOCKING


def test_draft_that_names_no_provider_leaves_through_its_streams(change: Change, catcher: Provider) -> None:
    Provider.objects.filter(is_default=True).update(is_default=False)
    draft = change(provider=None)
    assert severities(review(campaign=draft))["provider_missing"] == Severity.BLOCKING

    StreamProvider.objects.create(stream=default_stream(Stream.Kind.MARKETING), provider=catcher, position=0)
    assert severities(review(campaign=draft))["provider_catcher"] == Severity.LOOK


def test_draft_by_a_stream_that_does_not_suit_it_blocks(change: Change) -> None:
    brand = Stream.objects.create(
        name="Brand", kind=Stream.Kind.OTHER, domain=SendingDomain.objects.create(name="boutique.example")
    )
    assert severities(review(campaign=change(stream=brand)))["stream_domain"] == Severity.BLOCKING

    transactional = default_stream(Stream.Kind.TRANSACTIONAL)
    assert severities(review(campaign=change(stream=transactional)))["stream"] == Severity.BLOCKING


def real_provider() -> Provider:
    return Provider.objects.create(name="Relay", options={"host": "smtp.relay.example", "port": 587, "tls": "starttls"})


@override_settings(ENVOL_URL="http://localhost:8000")
def test_real_provider_with_a_local_address_of_ours_blocks(change: Change) -> None:
    assert "address" in {check.name for check in review(campaign=change(provider=real_provider())).blocking}


@override_settings(ENVOL_URL="https://mail.maison-verdier.com", TRACKING_URL="https://mail.maison-verdier.com")
def test_real_provider_with_a_public_address_of_ours_is_good(change: Change) -> None:
    found = review(campaign=change(provider=real_provider()))

    assert found.blocking == []
    assert [check.name for check in found.looks] == ["provider_untested"]


@override_settings(ENVOL_URL="https://mail.maison-verdier.com", TRACKING_URL="https://mail.maison-verdier.com")
def test_sender_at_gmail_through_a_real_provider_blocks(change: Change) -> None:
    domain = SendingDomain.objects.create(name="gmail.com")
    sender = Sender.objects.create(name="Maison Verdier", address="maison.verdier@gmail.com", domain=domain)

    assert "sender_domain" in {
        check.name for check in review(campaign=change(provider=real_provider(), sender=sender)).blocking
    }


@pytest.mark.parametrize(
    ("href", "broken"),
    [
        ("https://shop.example/lin?a=1", False),
        ("{{ unsubscribe_url }}", False),
        ("https://shop.example/{{ contact.first_name }}", False),
        ("https://{{ contact.shop }}/lin", False),
        ("mailto:bonjour@maison-verdier.example", False),
        ("tel:+33478000000", False),
        ("#haut", False),
        ("", True),
        ("/lin", True),
        ("www.shop.example", True),
        ("http:/shop.example", True),
        ("https://", True),
        ("https://shop", True),
        ("https://shop example/lin", True),
        ("htps://shop.example", True),
        ("https://[::1", True),
        ("mailto:", True),
    ],
)
def test_link_that_cannot_work(href: str, broken: bool) -> None:
    assert is_broken(href) is broken


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_reach_counts_mailboxes_and_reasons(campaign: Campaign, people: list[Contact]) -> None:
    suppress(
        address_key=people[1].address_key,
        reason=Suppression.Reason.HARD_BOUNCE,
        scope=Suppression.Scope.ALL,
        origin="test",
        at=NOW,
    )

    reach = reach_of(campaign)

    assert (reach.recipient_count, reach.left_out_count, reach.total_count) == (2, 1, 3)
    assert {box.name: box.count for box in reach.mailboxes} == {"Gmail": 1, "La Poste": 1}
    assert [(row.reason, row.count) for row in reach.left_out] == [(Reason.HARD_BOUNCE, 1)]
    assert reach.nameless_count == 1


def test_reach_leaves_out_who_left_the_list(campaign: Campaign, people: list[Contact], newsletter: ContactList) -> None:
    unsubscribe(contact=people[0], contact_list=newsletter, at=NOW)

    reach = reach_of(campaign)

    assert reach.total_count == 2
    assert [(row.name, row.count) for row in reach.gone] == [("Newsletter", 1)]


def test_somebody_on_two_lists_counts_once(campaign: Campaign, people: list[Contact], statement: object) -> None:
    other = ContactList.objects.create(name="Shop")
    other.subscriptions.create(contact=people[0])
    campaign.lists.add(other)

    assert reach_of(Campaign.objects.get(pk=campaign.pk)).total_count == 3


@override_settings(ENVOL_URL="https://mail.maison-verdier.com", TRACKING_URL="https://mail.maison-verdier.com")
def test_sample_people_only_get_mail_in_the_test_inbox(change: Change, people: list[Contact]) -> None:
    Contact.objects.filter(pk=people[0].pk).update(is_sample=True)

    assert reach_of(change()).recipient_count == 3
    reach = reach_of(change(provider=real_provider()))
    assert [(row.reason, row.count) for row in reach.left_out] == [(Reason.NOT_ALLOWED_HERE, 1)]


def test_nobody_left_blocks(campaign: Campaign, people: list[Contact]) -> None:
    for contact in people:
        unsubscribe(contact=contact, contact_list=None, at=NOW)

    found = review(campaign=campaign)

    assert "audience_empty" in {check.name for check in found.blocking}
    reach = reach_of(campaign)
    assert reach.left_out_count == 3 or reach.gone


def test_each_number_opens_its_people(campaign: Campaign, people: list[Contact]) -> None:
    suppress(
        address_key=people[1].address_key,
        reason=Suppression.Reason.COMPLAINED,
        scope=Suppression.Scope.ALL,
        origin="test",
        at=NOW,
    )

    assert {c.pk for c in reach_contacts(campaign, ReachSelection())} == {people[0].pk, people[2].pk}
    assert [c.pk for c in reach_contacts(campaign, ReachSelection(reason=ANY))] == [people[1].pk]
    assert [c.pk for c in reach_contacts(campaign, ReachSelection(reason=str(Reason.COMPLAINED.value)))] == [
        people[1].pk
    ]
    assert [c.pk for c in reach_contacts(campaign, ReachSelection(mailbox=1))] == [people[0].pk]
    assert [c.pk for c in reach_contacts(campaign, ReachSelection(words="camille", is_search=True))] == [people[0].pk]


def test_verdicts_tell_in_out_and_elsewhere(campaign: Campaign, people: list[Contact]) -> None:
    stranger = Contact.objects.create(address="x@gmail.com", address_key="x@gmail.com", sort_key="x")
    unsubscribe(contact=people[1], contact_list=None, at=NOW)

    verdicts = verdicts_of(campaign, [*people, stranger])

    assert verdicts[people[0].pk] == 0
    assert verdicts[people[1].pk] in (int(Reason.UNSUBSCRIBED), -1)
    assert verdicts[stranger.pk] == -1
