"""The administrators' pages: nothing counts a million rows, and people come in through the import only."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact, ContactList, Suppression
from contacts.services import suppress
from tests.contacts.test_services import NOW


@pytest.mark.parametrize(
    "model", ["contact", "contactlist", "suppression", "contactfield", "contactimport", "maildomain"]
)
def test_tables_open_and_count_no_further_than_a_person_pages(
    admin_client: Client, camille: Contact, model: str
) -> None:
    with CaptureQueriesContext(connection) as captured:
        response = admin_client.get(reverse(f"admin:contacts_{model}_changelist"))

    assert response.status_code == 200
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"] and f"contacts_{model}" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counts)


def test_contacts_are_searched_as_on_their_page(admin_client: Client, camille: Contact) -> None:
    url = reverse("admin:contacts_contact_changelist")

    assert "Camille.Roux@Courriel.example" in admin_client.get(url + "?q=CAMILLE").content.decode()
    assert "Camille.Roux@Courriel.example" not in admin_client.get(url + "?q=thevenet").content.decode()


def test_contacts_come_in_through_the_import_only(admin_client: Client, camille: Contact) -> None:
    page = admin_client.get(reverse("admin:contacts_contact_changelist")).content.decode()

    assert reverse("contacts:new_import") in page
    assert admin_client.get(reverse("admin:contacts_contact_add")).status_code == 403


def test_contacts_go_out_with_harmless_cells(admin_client: Client, camille: Contact) -> None:
    Contact.objects.update(first_name="=HYPERLINK(1)")

    response = admin_client.post(reverse("admin:contacts_contact_export"), {"format": "0", "resource": "0"} | CHOSEN)

    assert "'=HYPERLINK(1)" in response.content.decode()


CHOSEN = {
    f"contactresource_{name}": "on"
    for name in ("uuid", "address", "first_name", "last_name", "language", "created_at", "updated_at")
}


def test_suppressions_come_in_by_their_key(admin_client: Client, db: None) -> None:
    content = b"address,reason,scope,origin\nLEA@Courriel.example,,,Mailchimp\n"
    form = {"format": "0", "resource": "0", "import_file": SimpleUploadedFile("gone.csv", content)}
    page = admin_client.post(reverse("admin:contacts_suppression_import"), form)
    confirm = page.context["confirm_form"].initial

    admin_client.post(reverse("admin:contacts_suppression_process_import"), confirm)

    row = Suppression.objects.get()
    assert (row.address_key, row.reason, row.scope, row.origin) == ("lea@courriel.example", 24, 0, "Mailchimp")


def test_lists_and_suppressions_go_out(admin_client: Client, newsletter: ContactList) -> None:
    suppress(address_key="lea@courriel.example", reason=23, scope=0, origin="loop", at=NOW)
    form = {"format": "0", "resource": "0"}
    columns = {f"suppressionresource_{name}": "on" for name in ("address", "reason", "scope", "origin")}

    gone = admin_client.post(reverse("admin:contacts_suppression_export"), form | columns).content.decode()
    lists = admin_client.post(
        reverse("admin:contacts_contactlist_export"), form | {"contactlistresource_name": "on"}
    ).content.decode()

    assert "lea@courriel.example,23,0,loop" in gone
    assert "Newsletter Maison" in lists
