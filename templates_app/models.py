"""A template, and every good version of its source."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Template(models.Model):
    """A named message design in MJML with Liquid slots."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    current = models.ForeignKey("TemplateVersion", null=True, on_delete=models.PROTECT, related_name="+")
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        indexes = [models.Index(fields=["-updated_at", "-id"], name="template_newest")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """A source that passed the checks, never changed afterwards: campaigns point at a version."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    source = models.TextField()  # MJML
    html = models.TextField()  # compiled, Liquid still in it
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("version")

    def __str__(self) -> str:
        return f"{self.template} ({self.pk})"
