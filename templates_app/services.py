"""The verbs of templates. A version is written once; a source with errors never becomes one."""

from django.db import transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from templates_app.models import Template, TemplateVersion
from templates_app.rendering import compile_source


class TemplateInUse(Exception):
    """A campaign was written with it, and shows it for ever."""


def create_template(*, name: str, source: str, language: str, user: User | None, is_sample: bool = False) -> Template:
    """A new template with its first version. Raises SourceErrors; IntegrityError where the name is taken."""
    html = compile_source(source).html
    with transaction.atomic():
        template = Template.objects.create(name=name, language=language, is_sample=is_sample)
        _add_version(template, source=source, html=html, user=user)
    return template


def save_version(*, template: Template, source: str, user: User | None) -> TemplateVersion:
    """Make `source` the current version; an unchanged one stays as it is. Raises SourceErrors, nothing saved."""
    html = compile_source(source).html
    with transaction.atomic():
        locked = Template.objects.select_for_update(of=("self",)).select_related("current").get(pk=template.pk)
        if locked.current is not None and locked.current.source == source:
            return locked.current
        return _add_version(locked, source=source, html=html, user=user)


def save_edit(*, template: Template, name: str, language: str, source: str, user: User | None) -> TemplateVersion:
    """What the editor saves: name, language and source, or nothing. Raises SourceErrors, IntegrityError."""
    with transaction.atomic():
        version = save_version(template=template, source=source, user=user)
        Template.objects.filter(pk=template.pk).update(name=name, language=language)
    return version


def save_template(*, name: str, source: str, user: User | None, language: str = "fr") -> TemplateVersion:
    """The version of `source` under this name, made where there is none (command line). Raises SourceErrors."""
    template = Template.objects.filter(name=name).first()
    if template is None:
        template = create_template(name=name, source=source, language=language, user=user)
    return save_version(template=template, source=source, user=user)


def restore_version(*, version: TemplateVersion, user: User | None) -> TemplateVersion:
    """Make an old version current again, as a new one: nothing in the history moves."""
    return save_version(template=version.template, source=version.source, user=user)


def duplicate_template(*, template: Template, user: User | None) -> Template:
    """A copy of the current version under a free name."""
    source = template.current.source if template.current else ""
    with transaction.atomic():
        return create_template(name=_free_name(template.name), source=source, language=template.language, user=user)


def delete_template(*, template: Template) -> None:
    """Delete it with all its versions. Raises TemplateInUse where a campaign was written with one."""
    try:
        with transaction.atomic():
            Template.objects.filter(pk=template.pk).update(current=None)
            template.delete()
    except ProtectedError as error:
        raise TemplateInUse from error


def _add_version(template: Template, *, source: str, html: str, user: User | None) -> TemplateVersion:
    version = TemplateVersion.objects.create(template=template, source=source, html=html, user=user)
    Template.objects.filter(pk=template.pk).update(current=version, updated_at=timezone.now())
    template.current = version
    return version


def _free_name(name: str) -> str:
    words = _("%(name)s, copy")
    wanted = base = words % {"name": name[:120]}
    taken = set(Template.objects.filter(name__startswith=base).values_list("name", flat=True))
    number = 2
    while wanted in taken:
        wanted, number = f"{base} {number}", number + 1
    return wanted
