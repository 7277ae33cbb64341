"""A campaign that waits says why in the reader's words, what to do, and for how long; and no longer than it does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from campaigns.models import Campaign
from contacts.models import Contact
from delivery.models import Mailing
from delivery.own_words import OURS, said
from tests.campaigns.ledgers import sent
from tests.campaigns.test_pages import text_of

FRENCH = {
    "Connection refused": ("Connexion refusée", "Le serveur du fournisseur ne répond pas"),
    "STARTTLS is not offered": ("STARTTLS n’est pas proposé", "Le port et le chiffrement ne vont pas à ce serveur"),
    "535 5.7.8 wrong password": ("535 5.7.8 wrong password", "Notre fournisseur ne nous laisse pas envoyer"),
}


@pytest.mark.parametrize("words", FRENCH)
def test_why_nothing_moves_is_said_in_french_with_its_cause(
    team_client: Client, ines: User, campaign: Campaign, people: list[Contact], words: str
) -> None:
    found = sent(campaign, people, [{}, {}, {}], state="sending")
    User.objects.update(language="fr")
    mailing = Mailing.objects.filter(pk=found.mailing_id)
    live = reverse("campaigns:live", args=[found.pk])
    mailing.update(pause_reason=words, paused_until=timezone.now() + timedelta(minutes=1))

    page = text_of(team_client, live)

    assert all(part in page for part in FRENCH[words])
    mailing.update(paused_until=timezone.now() - timedelta(seconds=1))
    assert FRENCH[words][1] not in text_of(team_client, live), "its pause is over"


def test_a_servers_own_words_are_never_translated() -> None:
    with translation.override("fr"):
        assert said("None") == "None"
        assert said("") == ""
        assert all(said(words) != words for words in OURS)
