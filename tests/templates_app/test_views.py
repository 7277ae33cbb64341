"""The pages: what they show, keep, refuse."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from campaigns.models import Campaign
from contacts.models import Contact
from contacts.services import add_contact
from templates_app.models import Template
from templates_app.services import create_template

pytestmark = pytest.mark.django_db


def source(words: str) -> str:
    return (
        "<mjml><mj-head><mj-title>t</mj-title></mj-head><mj-body><mj-section><mj-column>"
        f"<mj-text>{words}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


@pytest.fixture
def template(ines: User) -> Template:
    return create_template(name="Lin", source=source("Bonjour {{ contact.first_name }}"), language="fr", user=ines)


@pytest.fixture
def camille(db: None) -> Contact:
    return add_contact(address="camille@exemple.example", first_name="Camille", last_name="Roux")


def test_gallery_costs_the_same_for_one_and_three(team_client: Client) -> None:
    def queries(count: int) -> int:
        create_template(name=f"Lin {count}", source=source("a"), language="fr", user=None)
        with CaptureQueriesContext(connection) as captured:
            page = team_client.get("/templates/").content.decode()
        assert page.count("ev-tile__link") == count
        return len(captured)

    team_client.get("/templates/")

    assert queries(1) == queries(2) == queries(3)


def test_an_empty_gallery_teaches(team_client: Client) -> None:
    assert "Write your first template" in team_client.get("/templates/").content.decode()


def test_a_new_template_begins_with_a_good_source_in_its_language(team_client: Client) -> None:
    answer = team_client.post("/templates/new/", {"name": "Mars", "language": "fr", "starter": "newsletter"})

    template = Template.objects.get(name="Mars")
    assert answer["Location"] == f"/templates/{template.pk}/"
    assert template.current is not None
    assert "Les nouvelles du mois" in template.current.source


def test_a_taken_name_is_said(team_client: Client, template: Template) -> None:
    answer = team_client.post("/templates/new/", {"name": "Lin", "language": "fr", "starter": "letter"})

    assert "already exists" in answer.content.decode()


def test_the_editor_shows_source_checks_and_fields(team_client: Client, template: Template) -> None:
    page = team_client.get(f"/templates/{template.pk}/").content.decode()

    assert "Bonjour {{ contact.first_name }}" in page
    assert "No unsubscribe link" in page
    assert "A field without a fallback" in page


def test_saving_a_good_source_makes_a_version(team_client: Client, template: Template) -> None:
    data = {"name": "Lin lavé", "language": "en", "source": source("two").replace(">", ">\r\n", 1)}
    answer = team_client.post(f"/templates/{template.pk}/", data)

    template.refresh_from_db()
    assert answer.status_code == 302
    assert (template.name, template.language) == ("Lin lavé", "en")
    assert template.current is not None
    assert template.current.source == source("two").replace(">", ">\n", 1)
    assert template.versions.count() == 2


def test_a_broken_source_stays_in_the_form_and_the_good_version_in_use(team_client: Client, template: Template) -> None:
    broken = "<mjml><mj-body><mj-section>perdu</mj-body></mjml>"
    answer = team_client.post(f"/templates/{template.pk}/", {"name": "Autre", "language": "fr", "source": broken})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "perdu" in page
    assert "&lt;mj-section&gt; is never closed" in page
    template.refresh_from_db()
    assert template.name == "Lin"
    assert template.versions.count() == 1


def test_checks_follow_what_is_typed(team_client: Client) -> None:
    good = source("{{ contact.first_name | default: 'x' }} {{ contact.nope }} {{ unsubscribe_url }}")
    panel = team_client.post("/templates/check/", {"source": good}).content.decode()
    bad = team_client.post("/templates/check/", {"source": good.replace("<mj-text>", "<mj-foo>")}).content.decode()

    assert "“contact.nope” is not defined anywhere." in panel
    assert "Unsubscribe link" in panel
    assert "of 102 kB" in panel
    assert 'data-line="1"' in bad
    assert "cannot be saved" in bad


def test_a_preview_is_read_by_the_chosen_contact_under_the_message_policy(
    team_client: Client, camille: Contact
) -> None:
    data = {"source": source("Bonjour {{ contact.first_name }}"), "reader": camille.pk, "theme": "dark"}
    answer = team_client.post("/templates/message/", data)

    assert "Bonjour Camille" in answer.content.decode()
    assert '<base target="_blank">' in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_a_preview_of_a_broken_source_says_so(team_client: Client) -> None:
    answer = team_client.post("/templates/message/", {"source": "<mjml>"})

    assert answer.status_code == 422
    assert "sandbox" in answer["Content-Security-Policy"]


def test_readers_are_found_by_name_and_address(team_client: Client, camille: Contact) -> None:
    assert "Camille Roux" in team_client.get("/templates/readers/?who=rou").content.decode()
    assert "Camille Roux" in team_client.get("/templates/readers/?who=camille@").content.decode()
    assert "Camille Roux" not in team_client.get("/templates/readers/?who=zzz").content.decode()


def test_versions_are_listed_shown_and_restored(team_client: Client, template: Template) -> None:
    first = template.current
    assert first is not None
    team_client.post(f"/templates/{template.pk}/", {"name": "Lin", "language": "fr", "source": source("two")})

    assert "in use" in team_client.get(f"/templates/{template.pk}/versions/").content.decode()
    assert "Bonjour" in team_client.get(f"/templates/versions/{first.pk}/").content.decode()
    team_client.post(f"/templates/versions/{first.pk}/restore/")

    template.refresh_from_db()
    assert template.current is not None
    assert template.current.source == first.source
    assert template.versions.count() == 3


def test_duplicate_and_delete(team_client: Client, template: Template) -> None:
    team_client.post(f"/templates/{template.pk}/duplicate/")
    copy = Template.objects.get(name="Lin, copy")

    assert copy.language == "fr"
    team_client.post(f"/templates/{copy.pk}/delete/")

    assert list(Template.objects.all()) == [template]


def test_a_template_a_campaign_was_written_with_stays(team_client: Client, template: Template) -> None:
    Campaign.objects.create(name="Lin", template_version=template.current)

    page = team_client.post(f"/templates/{template.pk}/delete/", follow=True).content.decode()

    assert "A campaign was written with this template" in page
    template.refresh_from_db()
    assert template.current is not None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_forced_on_a_message_that_knows_it(team_client: Client, theme: str) -> None:
    head = "<mj-head><mj-style>@media (prefers-color-scheme: dark) { p { color: red } }</mj-style></mj-head>"
    data = {"source": source("a").replace("<mj-head><mj-title>t</mj-title></mj-head>", head), "theme": theme}

    html = team_client.post("/templates/message/", data).content.decode()

    assert ("min-width:0" if theme == "dark" else "max-width:0") in html
    assert "invert" not in html
