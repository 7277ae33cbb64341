"""What people begin with must be an example to follow."""

import pytest

from templates_app.rendering import compile_source, undefined_names
from templates_app.starters import LANGUAGES, STARTERS, starter_source
from templates_app.text_part import text_from_html
from templates_app.variables import known_names


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [starter.key for starter in STARTERS])
def test_starters_compile_without_a_word_and_may_be_sent(key: str, language: str) -> None:
    source = starter_source(key, language)
    compiled = compile_source(source)

    assert compiled.warnings == []
    assert undefined_names(source, known=known_names()) == []
    assert {"unsubscribe_url", "organisation.name", "organisation.address"} <= compiled.names
    assert {"contact.may_ask_tracking", "tracking_choice_url"} <= compiled.names
    assert f'lang="{language}"' in compiled.html
    assert "{{ unsubscribe_url }}" in text_from_html(compiled.html)


def test_there_is_no_other_starter() -> None:
    with pytest.raises(KeyError):
        starter_source("../secret", "fr")
