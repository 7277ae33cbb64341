"""Tags by hand: on one person, and themselves."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from contacts.models import Contact, ContactTag, Tag
from contacts.services import add_contact, tag_contact


def names_on(contact: Contact) -> set[str]:
    return set(Tag.objects.filter(links__contact=contact).values_list("name", flat=True))


def test_tag_is_put_on_a_person_and_taken_off_again(team_client: Client, camille: Contact) -> None:
    url = reverse("contacts:tag_contact", args=[camille.pk])

    for _ in range(2):
        team_client.post(url, {"name": "  Très   fidèle "})
    team_client.post(url, {"name": " "})

    assert names_on(camille) == {"Très fidèle"}
    assert "Très fidèle" in team_client.get(reverse("contacts:contact", args=[camille.pk])).content.decode()
    team_client.post(url, {"remove": Tag.objects.get().pk})
    assert names_on(camille) == set()


def test_tag_is_renamed_but_not_to_one_that_is_there(team_client: Client) -> None:
    vip, _shop = Tag.objects.create(name="VIP"), Tag.objects.create(name="Shop")
    url = reverse("contacts:edit_tag", args=[vip.pk])

    assert "merge the two" in team_client.post(url, {"name": "Shop"}).content.decode()
    assert team_client.post(url, {"name": "Gold"}).status_code == 302
    assert set(Tag.objects.values_list("name", flat=True)) == {"Gold", "Shop"}


def test_merged_tag_leaves_its_people_with_the_other(team_client: Client, camille: Contact) -> None:
    other = add_contact(address="lea@courriel.example")
    for person, name in ((camille, "VIP"), (camille, "Gold"), (other, "VIP")):
        tag_contact(contact=person, name=name)
    vip, gold = Tag.objects.get(name="VIP"), Tag.objects.get(name="Gold")
    url = reverse("contacts:merge_tag", args=[vip.pk])

    assert team_client.post(url, {"into": vip.pk}).status_code == 422
    assert team_client.post(url, {"into": gold.pk}).status_code == 302

    assert names_on(camille) == names_on(other) == {"Gold"}
    assert AuditEntry.objects.filter(verb="tag.merge").count() == 1


def test_deleted_tag_leaves_its_people(team_client: Client, camille: Contact) -> None:
    tag_contact(contact=camille, name="VIP")

    team_client.post(reverse("contacts:remove_tag", args=[Tag.objects.get().pk]))

    assert not ContactTag.objects.exists()
    assert Contact.objects.filter(pk=camille.pk).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_tags_with_counts_cost_the_same(
    team_client: Client, camille: Contact, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        tag_contact(contact=camille, name=f"tag {number}")
    team_client.get(reverse("contacts:tags"))

    with django_assert_num_queries(7):
        page = team_client.get(reverse("contacts:tags")).content.decode()
    assert ">1</a>" in page
