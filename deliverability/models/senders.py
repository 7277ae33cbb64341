"""In whose name mail goes out."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SendingDomain(models.Model):
    """A domain that stands after the @ of our From addresses."""

    name = models.CharField(_("domain"), max_length=253, unique=True)  # A-label, lower case
    # Where bounces of its mail go, "+token" behind the part before the @; empty: to the sender, and nobody is named.
    bounce_address = models.CharField(_("address for bounces"), max_length=290, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("sending domain")
        verbose_name_plural = _("sending domains")

    def __str__(self) -> str:
        return self.name


class Sender(models.Model):
    """A From address with its display name, and where replies go."""

    name = models.CharField(_("name shown"), max_length=100)
    address = models.CharField(_("address"), max_length=320)
    domain = models.ForeignKey(SendingDomain, on_delete=models.PROTECT, related_name="senders")
    reply_to = models.CharField(_("reply to"), max_length=320, blank=True)
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [models.UniqueConstraint(fields=["name", "address"], name="one_sender")]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"
