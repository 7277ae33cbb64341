"""What the world answered: events stored once, and the roll-ups that pages read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.models import Mailing


class Event(models.Model):
    """What a provider, a pixel, a link or a mailbox told us, raw and normalised.

    Partitioned by month on `occurred_on`, the source's own date, so that a repeated delivery meets the same partition
    and its unique key (occurred_on, source, event_key). The table is made by SQL in the first migration.
    """

    class Kind(models.IntegerChoices):
        """django-anymail's words."""

        DELIVERED = 1, _("delivered")
        DEFERRED = 2, _("deferred")
        BOUNCED = 3, _("bounced")
        REJECTED = 4, _("rejected")
        COMPLAINED = 5, _("complained")
        OPENED = 6, _("opened")
        CLICKED = 7, _("clicked")
        UNSUBSCRIBED = 8, _("unsubscribed")
        FAILED = 9, _("failed")
        OTHER = 10, _("other")

    id = models.BigAutoField(primary_key=True)
    occurred_on = models.DateField()
    source = models.IntegerField()  # the Provider's id; 0 = our own pixel, links and pages
    event_key = models.TextField()
    kind = models.SmallIntegerField(choices=Kind.choices)
    mailing_id = models.IntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    link_number = models.IntegerField(null=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)  # the raw event, user agent, the server's words
    stored_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "feedback_event"
        verbose_name = _("event")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.message_id}"


class MailingStats(models.Model):
    """Counts of one content in one UTC hour, recomputed (never added) for mailings that were touched."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="stats")
    content_id = models.IntegerField()
    hour = models.DateTimeField()
    accepted_count = models.IntegerField(db_default=0)
    delivered_count = models.IntegerField(db_default=0)  # confirmed by the provider
    hard_bounce_count = models.IntegerField(db_default=0)
    soft_bounce_count = models.IntegerField(db_default=0)
    complained_count = models.IntegerField(db_default=0)
    opened_count = models.IntegerField(db_default=0)  # people, at their first human open
    clicked_count = models.IntegerField(db_default=0)  # people, at their first human click
    unsubscribed_count = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("hourly counts")
        constraints = [models.UniqueConstraint(fields=["mailing", "content_id", "hour"], name="one_row_an_hour")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.hour:%Y-%m-%d %H:00}"
