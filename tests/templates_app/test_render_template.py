"""./manage.py render_template"""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db
GOOD = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ contact.first_name }}{{ contact.nope }}</mj-text>"
    "</mj-column></mj-section></mj-body></mjml>"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.mjml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_prints_the_html_of_one_person(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("render_template", file, contact='{"first_name": "Zoé"}')

    out = capsys.readouterr()
    assert "Hi Zoé" in out.out
    assert "contact.nope is not defined" in out.err


def test_prints_liquid_where_no_person_is_given(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("render_template", file, json=True)

    found = json.loads(capsys.readouterr().out)
    assert "Hi {{ contact.first_name }}" in found["html"]
    assert found["undefined"] == ["contact.nope"]
    assert found["text"].startswith("Hi")


def test_refuses_with_line_and_column(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("<mjml>\n  <mj-foo/>\n</mjml>")

    with pytest.raises(SystemExit) as caught:
        call_command("render_template", file)

    assert caught.value.code == 1
    assert f"{file}:2:3: error: MJML has no tag <mj-foo>." in capsys.readouterr().err


@pytest.mark.parametrize("contact", ["{", "[1]"])
def test_wrong_use_is_said(file: Path, contact: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("render_template", file, contact=contact)

    assert caught.value.returncode == 2


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("render_template", tmp_path / "none.mjml")

    assert caught.value.returncode == 2
