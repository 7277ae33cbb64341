"""Versions: a good one is never lost to a broken one, and the past never moves."""

import pytest

from accounts.models import User
from templates_app.models import Template, TemplateVersion
from templates_app.problems import SourceErrors
from templates_app.services import (
    create_template,
    delete_template,
    duplicate_template,
    restore_version,
    save_template,
    save_version,
)

pytestmark = pytest.mark.django_db


def source(words: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column><mj-text>{words}</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest.fixture
def template(ines: User) -> Template:
    return create_template(name="Lin", source=source("one"), language="fr", user=ines)


def test_saving_adds_a_version_and_an_unchanged_source_adds_none(template: Template, ines: User) -> None:
    second = save_version(template=template, source=source("two"), user=ines)
    again = save_version(template=template, source=source("two"), user=ines)

    assert again == second
    assert list(template.versions.order_by("pk").values_list("source", flat=True)) == [source("one"), source("two")]
    assert Template.objects.get().current == second


def test_a_broken_source_changes_nothing(template: Template, ines: User) -> None:
    before = template.current

    with pytest.raises(SourceErrors):
        save_version(template=template, source="<mjml>", user=ines)

    assert Template.objects.get().current == before
    assert TemplateVersion.objects.count() == 1


def test_restoring_writes_the_old_source_as_a_new_version(template: Template, ines: User) -> None:
    first = template.current
    assert first is not None
    save_version(template=template, source=source("two"), user=ines)

    restored = restore_version(version=first, user=ines)

    assert restored.pk != first.pk
    assert restored.source == first.source
    assert template.versions.count() == 3


def test_copies_find_a_free_name(template: Template, ines: User) -> None:
    names = [duplicate_template(template=template, user=ines).name for _ in range(3)]

    assert names == ["Lin, copy", "Lin, copy 2", "Lin, copy 3"]


def test_the_command_line_names_a_template_and_meets_it_again(db: None) -> None:
    first = save_template(name="letter", source=source("a"), user=None)
    second = save_template(name="letter", source=source("b"), user=None)

    assert first.template == second.template
    assert first != second


def test_an_unused_template_goes_with_its_versions(template: Template) -> None:
    delete_template(template=template)

    assert not Template.objects.exists()
    assert not TemplateVersion.objects.exists()
