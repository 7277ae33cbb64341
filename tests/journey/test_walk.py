"""The walk as a person makes it, against the very processes of `make run`: from the first sign-in to the report."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journey.installation import Installation
from tests.journey.walk import Walk

PEOPLE = (
    ("Camille", "Roux", "camille.roux@courriel.example"),
    ("Yanis", "Khelifi", "yanis.khelifi@courriel.example"),
    ("Salimata", "Diallo", "salimata@atelier-nord.example"),
    ("Anaïs", "Lefèvre", "anais@poste.example"),
)
FILE = "Prénom;Nom;E-mail;Ville\r\n" + "".join(f"{first};{last};{mail};Lyon\r\n" for first, last, mail in PEOPLE)
BROKEN = "Zoé;Martin;sans-arobase.example;Nantes\r\nCamille;Roux;CAMILLE.ROUX@courriel.example;Lyon\r\n"


@pytest.mark.journey
@pytest.mark.timeout(600)
def test_from_sign_in_to_report(browser: Browser, installation: Installation, artifacts: Path, tmp_path: Path) -> None:
    walk = Walk(browser, url=installation.url, language="fr-FR", artifacts=artifacts)
    file = tmp_path / "clients.csv"
    file.write_bytes((FILE + BROKEN).encode("cp1252"))

    sign_in(walk, installation)
    say_who_you_are(walk)
    import_contacts(walk, file)
    add_a_sender(walk)
    make_a_template(walk)
    speak_english(walk)
    compose_a_campaign(walk)
    send_it(walk)
    read_it(walk)
    leave(walk)
    read_the_report(walk)
    look_around(walk)

    found = [*walk.faults, *(f"console: {words}" for words in walk.said)]
    assert not found, "\n".join(["", *found])


def sign_in(walk: Walk, installation: Installation) -> None:
    walk.go("/")
    walk.look("sign-in")
    walk.page.fill("[name=login]", installation.email)
    walk.page.fill("[name=password]", installation.password)
    with walk.page.expect_navigation():
        walk.page.press("[name=password]", "Enter")


def say_who_you_are(walk: Walk) -> None:
    expect(walk.page).to_have_url(re.compile("/welcome/"))
    walk.look("welcome")
    walk.page.fill("[name=name]", "Maison Verdier")
    walk.page.fill("[name=address]", "14 rue Mercière\n69002 Lyon")
    # everybody may be measured, so that the report has something to show
    walk.page.select_option("[name=tracking_policy]", "none")
    walk.press("Begin")
    expect(walk.page.get_by_role("heading", level=1)).to_contain_text("Bienvenue")
    walk.look("first-steps")


def import_contacts(walk: Walk, file: Path) -> None:
    walk.go("/contacts/imports/new/")
    walk.look("import-file")
    walk.page.set_input_files("[name=file]", file)
    walk.press("Continue to the columns")
    walk.look("import-columns")
    walk.press("Continue to the people")
    walk.page.fill("[name=new_list]", "Clients")
    walk.page.fill("[name=consent_source]", "Bulletin d’inscription en boutique, case cochée")
    walk.look("import-consent")
    walk.press("Start the dry run")
    walk.until(lambda: walk.page.locator("form[action$='/try/']").count() > 0, seconds=20)
    walk.look("import-check")
    with walk.page.expect_navigation():
        walk.page.locator(".ev-head .btn-primary").click()
    walk.until(lambda: walk.page.locator(".ev-badge.is-ok").count() > 0, seconds=20)
    figures = walk.page.locator(".ev-figures dd").all_inner_texts()
    assert figures[:4] == ["4", "0", "0", "2"], figures
    walk.look("import-report")
    walk.go("/contacts/")
    expect(walk.page.get_by_text("camille.roux@courriel.example").first).to_be_visible()
    walk.look("contacts")


def add_a_sender(walk: Walk) -> None:
    walk.go("/senders/new/")
    walk.page.fill("[name=name]", "Maison Verdier")
    walk.page.fill("[name=address]", "bonjour@maison-verdier.example")
    walk.look("sender")
    walk.press("Save")
    walk.look("senders")


def make_a_template(walk: Walk) -> None:
    walk.go("/templates/new/")
    walk.page.fill("[name=name]", "Carnet")
    walk.page.check("[name=starter] >> nth=0")
    walk.look("template-new")
    walk.press("Create and edit")
    walk.page.wait_for_timeout(500)  # the editor and its first preview
    walk.look("template-editor")
    walk.go("/templates/")
    walk.look("templates")


def speak_english(walk: Walk) -> None:
    walk.go("/settings/me/")
    walk.look("my-details")
    walk.page.fill("[name=name]", "Inès Laurent")
    walk.page.select_option("select[name=language]", "en")
    walk.press("Save")
    walk.language = "en"


def compose_a_campaign(walk: Walk) -> None:
    walk.go("/campaigns/new/")
    walk.page.fill("[name=name]", "Soldes d’été")
    walk.page.check("[name=lists] >> nth=0")
    walk.look("campaign-audience")
    walk.press("Go on: the message")
    walk.page.select_option("[name=template]", label="Carnet")
    walk.page.fill("[name=subject]", "{{ contact.first_name }}, le lin lavé est à −40 %")
    walk.page.fill("[name=preheader]", "Draps, parures, rideaux")
    walk.page.select_option("[name=sender]", index=1)
    walk.look("campaign-content")
    walk.press("Go on: review")
    to_nobody = re.compile("nobody outside gets one|delivers to nobody", re.IGNORECASE)
    expect(walk.page.get_by_text(to_nobody).first).to_be_visible()
    walk.look("campaign-review")


def send_it(walk: Walk) -> None:
    with walk.page.expect_navigation():
        walk.page.locator("button[name=when][value=now]").locator("visible=true").first.click()
    walk.look("campaign-undo")
    walk.until(lambda: "/live/" in walk.page.url or "/report/" in walk.page.url, seconds=30)
    walk.look("campaign-live")
    walk.until(lambda: "Finished" in walk.page.content(), seconds=40)


def read_it(walk: Walk) -> None:
    walk.go("/inbox/?q=camille")
    walk.until(lambda: walk.page.locator(".ev-mail__item").count() == 1, seconds=10, reload=True)
    walk.page.locator(".ev-mail__item").click()
    frame = walk.page.frame_locator("iframe.ev-frame")
    expect(walk.page.get_by_role("heading", name="Camille, le lin lavé est à −40 %")).to_be_visible()
    walk.look("inbox")
    body = frame.locator("body")
    expect(body).to_contain_text("Camille")
    with walk.popup(lambda: body.locator("a[href*='/c/']").first.click()) as elsewhere:
        assert not elsewhere.url.startswith(walk.url), elsewhere.url


def leave(walk: Walk) -> None:
    walk.go("/inbox/?q=yanis")
    walk.page.locator(".ev-mail__item").first.click()
    link = walk.page.frame_locator("iframe.ev-frame").locator("a[href*='/u/']").first
    with walk.popup(link.click) as page:
        walk.look("unsubscribe", page)
        unsubscribe(page)
        walk.look("unsubscribed", page)


def unsubscribe(page: Page) -> None:
    with page.expect_navigation():
        page.locator("button[type=submit]").first.click()


def read_the_report(walk: Walk) -> None:
    walk.go("/campaigns/")
    walk.look("campaigns")
    walk.page.get_by_role("link", name="Soldes d’été").first.click()
    expect(walk.page).to_have_url(re.compile("/report/"))
    shown = walk.page.locator(".ev-rate")
    walk.until(
        lambda: all(rate_of(shown.filter(has_text=name).first) for name in ("Opens", "Clicks", "Unsubscribes")),
        seconds=30,
        reload=True,
    )
    walk.look("report")


def rate_of(rate: object) -> bool:
    """Whether a rate says that somebody is behind it."""
    return not re.search(r"\b0 people", rate.inner_text())  # type: ignore[attr-defined]


def look_around(walk: Walk) -> None:
    for name, path in (
        ("home", "/"),
        ("home-90", "/?days=90"),
        ("search", "/search/?q=camille"),
        ("lists", "/contacts/lists/"),
        ("imports", "/contacts/imports/"),
        ("providers", "/providers/"),
        ("settings", "/settings/"),
    ):
        walk.go(path)
        walk.look(name)
    walk.go("/contacts/?q=yanis")
    walk.page.get_by_role("link", name=re.compile("Yanis")).first.click()
    walk.page.wait_for_load_state()
    walk.look("contact")
