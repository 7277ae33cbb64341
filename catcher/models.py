"""Mail kept instead of delivered."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class CaughtMessage(models.Model):
    """One message as it came over SMTP. Only the last ones are kept (catcher/services.py)."""

    received_at = models.DateTimeField(db_default=Now())
    mail_from = models.CharField(max_length=320, blank=True)
    rcpt_to = models.CharField(max_length=320)
    subject = models.CharField(max_length=500, blank=True)
    sender = models.CharField(max_length=500, blank=True)  # the From header, decoded
    source = models.BinaryField()  # octets as received, CRLF
    size = models.IntegerField()

    class Meta:
        verbose_name = _("caught message")
        indexes = [
            models.Index(
                fields=["rcpt_to", "-id"], name="caught_by_recipient", opclasses=["varchar_pattern_ops", "int8_ops"]
            )
        ]

    def __str__(self) -> str:
        return self.subject or f"message {self.pk}"
