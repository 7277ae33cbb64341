"""Fields of one's own: made on their page, obeyed at every door, indexed in the background."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from contacts.field_indexes import MOST_FAST, tend_indexes, value_expression
from contacts.imports.checking import Checker, KnownFields, RowRefused
from contacts.imports.mapping import plan_of
from contacts.models import BulkChange, Contact, ContactField
from contacts.services import FieldRefused, add_contact, archive_field, change_field, create_field
from contacts.values import WrongValue, value_of

Kind, Speed = ContactField.Kind, ContactField.Speed


@pytest.fixture
def size(db: None) -> ContactField:
    return create_field(label="Taille", key="size", kind=Kind.CHOICE, options=["S", "M", "Très grand"])


def test_field_is_made_on_its_page_with_a_key_of_its_own(team_client: Client) -> None:
    url = reverse("contacts:new_field")

    response = team_client.post(url, {"label": "Pointure d’été", "kind": "choices", "options": "38\n 39 \n38\n"})

    assert response.status_code == 302
    made = ContactField.objects.get()
    assert (made.key, made.options, made.speed) == ("pointure_d_ete", ["38", "39"], Speed.PLAIN)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"key": "Size"}, "Lower-case"),
        ({"key": "email"}, "something else"),
        ({"key": "size"}, "Another field"),
        ({"kind": "choice", "options": "Paris, Texas"}, "no comma"),
    ],
)
def test_field_that_cannot_be_is_refused_with_the_reason(
    team_client: Client, size: ContactField, given: dict[str, str], said: str
) -> None:
    posted = {"label": "Other", "kind": "text", "key": "other", **given}

    response = team_client.post(reverse("contacts:new_field"), posted)

    assert said in response.content.decode()
    assert ContactField.objects.count() == 1


def test_value_outside_the_choices_is_refused_in_the_form(
    team_client: Client, camille: Contact, size: ContactField
) -> None:
    url = reverse("contacts:edit_contact", args=[camille.pk])
    words = {"address": camille.address, "first_name": "Camille", "last_name": "Roux", "language": "fr"}
    name = f"field_{size.pk}"

    refused = team_client.post(url, {**words, name: "XXL"})
    taken = team_client.post(url, {**words, name: "Très grand", "time_zone": "Indian/Reunion"})

    assert refused.status_code == 200
    assert taken.status_code == 302
    camille.refresh_from_db()
    assert camille.fields == {str(size.pk): "Très grand"}
    assert camille.time_zone == "Indian/Reunion"


def test_archived_field_keeps_its_values_and_is_offered_nowhere(
    team_client: Client, camille: Contact, size: ContactField
) -> None:
    Contact.objects.filter(pk=camille.pk).update(fields={str(size.pk): "M"})
    archive_field(field=size)
    url = reverse("contacts:edit_contact", args=[camille.pk])

    assert "Taille" not in team_client.get(url).content.decode()
    team_client.post(url, {"address": camille.address, "last_name": "Roux"})

    camille.refresh_from_db()
    assert camille.fields == {str(size.pk): "M"}
    assert "Taille" not in team_client.get(reverse("contacts:contact", args=[camille.pk])).content.decode()


def test_choice_is_spelled_as_the_field_does_and_any_other_refused_with_the_field_named(size: ContactField) -> None:
    assert value_of(size, " TRES GRAND ") == "Très grand"
    with pytest.raises(WrongValue, match="Taille: “XL” is none of the choices: S, M, Très grand"):
        value_of(size, "XL")


def test_count_of_values_is_a_fragment_of_its_own(team_client: Client, camille: Contact, size: ContactField) -> None:
    Contact.objects.filter(pk=camille.pk).update(fields={str(size.pk): "M"})

    assert "1 contact has" in team_client.get(reverse("contacts:field_count", args=[size.pk])).content.decode()


def test_twenty_fields_are_fast_and_no_more(db: None) -> None:
    for number in range(MOST_FAST):
        create_field(label=f"F{number}", key=f"f_{number}", kind=Kind.TEXT, is_fast=True)

    with pytest.raises(FieldRefused):
        create_field(label="One more", key="more", kind=Kind.TEXT, is_fast=True)


@pytest.mark.django_db(transaction=True)
def test_indexes_are_built_used_and_dropped_again() -> None:
    kinds = (Kind.TEXT, Kind.NUMBER, Kind.CHOICES)
    fields = [create_field(label=kind, key=kind, kind=kind, is_fast=True) for kind in kinds]
    text, number, _choices = fields
    add_contact(address="a@b.example", fields={str(text.pk): "Lyon", str(number.pk): "not a number"})

    assert tend_indexes() >= 3
    assert tend_indexes() == 0
    assert set(ContactField.objects.values_list("speed", flat=True)) == {Speed.READY}
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        plan = Contact.objects.alias(own=value_expression(text)).filter(own="Lyon").explain()
        cursor.execute("reset enable_seqscan")
    assert f"contact_own_{text.pk}" in plan

    for field in fields:
        change_field(field=field, label=field.label, options=[], is_fast=False)
    assert tend_indexes() == 0
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_class where relname like 'contact\\_own%%'")
        assert cursor.fetchone() == (0,)


def test_deleting_a_field_is_a_bulk_change_that_can_be_watched(team_client: Client, size: ContactField) -> None:
    answer = team_client.post(reverse("contacts:remove_field", args=[size.pk]))

    change = BulkChange.objects.get()
    assert answer["Location"] == reverse("contacts:bulk", args=[change.pk])
    size.refresh_from_db()
    assert size.archived_at is not None
    assert (change.action, change.terms) == (BulkChange.Action.CLEAR_FIELD, {"field": size.pk, "drop": True})


def test_row_of_a_file_outside_the_choices_is_refused_with_the_field_named(size: ContactField) -> None:
    known = KnownFields(made={size.pk: size}, by_key={"size": (size.pk, size.kind)})
    plan = plan_of({"0": "address", "1": f"field:{size.pk}"}, width=2, kinds={size.pk: size.kind})

    with pytest.raises(RowRefused) as refused:
        Checker(plan, known).check(["a@b.example", "XL"])

    assert refused.value.detail == "Taille: “XL” is none of the choices: S, M, Très grand."
    assert f'"{size.pk}":"S"' in Checker(plan, known).check(["a@b.example", "s"])[7]
