"""The translation tool: what it finds in templates, and what it refuses."""

from pathlib import Path

import pytest
from babel.messages.catalog import Message

from tools import messages


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "templates" / "contacts").mkdir(parents=True)
    return tmp_path / "templates" / "contacts" / "list.html"


def test_finds_what_a_template_says_in_each_of_its_ways(template: Path) -> None:
    template.write_text(
        """{% load i18n %}
        {% card title=_("Lists") %}{% translate "Save" context "button" %}{% endcard %}
              {% blocktranslate trimmed count n=n %}
                {{ n }} contact
              {% plural %}{{ n }} contacts{% endblocktranslate %}
           <p>it's not "ours"</p>{{ _("Hello")|upper }}"""
    )

    found = set(messages.messages_in(template))

    assert found == {
        ("Lists", ""),
        ("Save", "button"),
        (("%(n)s contact", "%(n)s contacts"), ""),
        ("Hello", ""),
    }


def test_a_percent_sign_django_would_double_is_refused(template: Path) -> None:
    template.write_text('{% card title=_("100% sure") %}{% endcard %}')

    with pytest.raises(SystemExit, match="translate"):
        list(messages.messages_in(template))


def test_each_file_belongs_to_its_app_and_the_rest_to_the_shell() -> None:
    def name(*parts: str) -> str:
        return messages.catalogue_name(messages.ROOT.joinpath(*parts))

    assert name("contacts", "views.py") == "contacts"
    assert name("templates", "campaigns", "list.html") == "campaigns"
    assert name("templates", "components", "card.html") == "shell"
    assert name("common", "figures.py") == "shell"


@pytest.mark.parametrize(
    ("english", "french", "faults"),
    [
        ("Really?", "Vraiment\u202f?", 0),
        ("Really?", "Vraiment ?", 1),
        ("Really?", "Vraiment?", 1),
        ("List:", "Liste\u00a0:", 0),
        ("List:", "Liste:", 1),
        ("the list", "l'abonné", 1),
        ("%(n)s people", "%(m)s personnes", 1),
        ("%(n)s people", "%(n)s personnes", 0),
        ("98%% of them", "98\u202f%% d’entre eux", 0),
        ("at https://envol.example/?a=1", "sur https://envol.example/?a=1", 0),
    ],
)
def test_french_spacing_and_placeholders_are_checked(english: str, french: str, faults: int) -> None:
    assert len(messages.faults_of(Message(english, french))) == faults
