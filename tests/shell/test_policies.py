"""Every route answers under one of the four content security policies."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from common.policies import POLICIES, editor_policy, message_policy, policy_of, public_policy
from tests.access.table import PUBLIC, ROUTES
from tests.browser import context_of

# Open to strangers, and yet pages of the interface.
ENTRANCE = {"accounts:language"}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}", entry


def test_every_route_has_one_of_the_four() -> None:
    unknown = {name: policy_of(entry.callback) for name, entry in routes(get_resolver())}

    assert set(unknown.values()) <= set(POLICIES)


def test_doors_for_the_people_written_to_run_no_script() -> None:
    public = {name for name, row in ROUTES.items() if row.who == PUBLIC and "GET" in row.methods} - ENTRANCE
    with_script = {
        name
        for name, entry in routes(get_resolver())
        if name in public and policy_of(entry.callback) not in ("public", "message")
    }

    assert with_script == set()


def test_only_the_editor_may_style_inline_and_no_policy_lets_foreign_script_in() -> None:
    for name, directives in POLICIES.items():
        scripts = directives.get("script-src", directives["default-src"])
        styles = directives["style-src"]
        assert set(scripts) <= {"'self'", "'none'"}, name
        assert ("'unsafe-inline'" in styles) == (name in ("editor", "message")), name


IMAGE = '<img id="seen" src="/static/envol.svg">'
SCRIPT = "<script>document.title = 'ran'</script>"


@public_policy
def _public(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<title>quiet</title>{SCRIPT}")


@editor_policy
def _editor(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<title>quiet</title>")


@message_policy
def _message(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<!doctype html><title>quiet</title>{SCRIPT}<p style='color: red'>Hello</p>{IMAGE}")


for _view in (_public, _editor, _message):
    _view.login_required = False  # type: ignore[attr-defined]

urlpatterns = [path("public/", _public), path("editor/", _editor), path("message/", _message)]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_decorator_chooses_the_header(client: Client) -> None:
    def header(address: str) -> str:
        return client.get(address).headers["Content-Security-Policy"]

    assert "script-src 'none'" in header("/public/")
    assert "script-src 'self'" in header("/editor/")
    assert "sandbox allow-popups" in header("/message/")


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
def test_a_message_opened_directly_shows_its_style_and_images_and_runs_nothing(
    browser: Browser, live_server: LiveServer
) -> None:
    context = context_of(browser)
    page = context.new_page()
    page.goto(f"{live_server.url}/message/")

    assert page.title() == "quiet"
    assert page.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(255, 0, 0)"
    assert page.evaluate("document.getElementById('seen').naturalWidth") > 0  # our own pixel and images come through
    context.close()
