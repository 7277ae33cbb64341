"""What other software asked us to send: the queue between the answer and the ledger."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class MessageRequest(models.Model):
    """One message somebody's software asked for, durable before it was told so.

        stored → written (a row of the ledger: `mailing_id`, `message_id`)
           └→ refused (`error`: it can never be written)

    A row is the queue: without message and error it is due.
    """

    uuid = models.UUIDField(unique=True, editable=False)  # its name in the API; ordered by time
    api_key = models.ForeignKey("accounts.ApiKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    idempotency_key = models.TextField(null=True)  # the caller's; once per API key
    digest = models.CharField(max_length=32)  # of what was asked: another body under the same key is a mistake
    template_version = models.ForeignKey(
        "templates_app.TemplateVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.TextField()  # Liquid
    html = models.TextField(blank=True)  # Liquid; where no template was named
    sender = models.ForeignKey("deliverability.Sender", on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=5)
    address = models.TextField()
    address_key = models.TextField()
    variables = models.JSONField(default=dict)  # {{ data.… }}
    received_at = models.DateTimeField(db_default=Now())
    mailing_id = models.IntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    error = models.TextField(blank=True, db_default="")

    class Meta:
        verbose_name = _("message request")
        verbose_name_plural = _("message requests")
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "idempotency_key"],
                name="once_an_idempotency_key",
                condition=models.Q(idempotency_key__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="request_due", condition=models.Q(message_id__isnull=True, error="")),
            models.Index(fields=["address_key"], name="request_address"),
            models.Index(fields=["api_key", "-id"], name="request_of_a_key"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
