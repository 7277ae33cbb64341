import re

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("with_gallery")]


def test_every_component_renders_without_inline_script_handler_or_style(team_client: Client) -> None:
    html = team_client.get("/design/").content.decode()

    assert html.count("ev-card__head") > 8
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\son[a-z]+=\"|\sstyle=\"|javascript:", html)


def test_sticks_to_the_theme_that_was_chosen_and_to_nothing_else(team_client: Client) -> None:
    team_client.cookies["theme"] = "dark"
    chosen = team_client.get("/design/").content.decode()
    team_client.cookies["theme"] = '"><script>'
    forged = team_client.get("/design/").content.decode()

    assert 'data-bs-theme="dark"' in chosen
    assert "data-bs-theme" not in forged


def test_navigation_marks_the_page_it_is_on_and_leaves_out_what_does_not_exist(team_client: Client) -> None:
    html = team_client.get("/settings/").content.decode()

    assert re.search(r'<a href="/settings/" aria-current="page"', html)
    assert "Journeys" not in html
