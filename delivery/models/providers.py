"""Through whom mail leaves."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedJSONField


class Provider(models.Model):
    """One account at a provider. What a kind can do is data in delivery/capabilities.py."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    # "smtp", or the name of a django-anymail backend: "brevo", "mailgun", "postmark", …
    kind = models.CharField(_("kind"), max_length=30, default="smtp")
    options = models.JSONField(default=dict)  # host, port, tls, username: what may be shown
    credentials = EncryptedJSONField(default=dict)  # password, api_key, webhook secret: never shown again
    wire = models.JSONField(default=dict, db_default={}, editable=False)  # what SMTP servers earned: lanes/levels.py
    connection_count = models.PositiveSmallIntegerField(_("connections at once"), default=2)
    is_catcher = models.BooleanField(default=False, editable=False)  # delivers to nobody, and every page says so
    is_default = models.BooleanField(_("used unless another is chosen"), default=False)
    tested_at = models.DateTimeField(null=True, editable=False)
    test_error = models.TextField(blank=True, editable=False)  # the server's words, empty when the test went well
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True), name="one_default")
        ]

    def __str__(self) -> str:
        return gettext("Test inbox") if self.is_catcher else self.name
