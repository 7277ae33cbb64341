"""What the world answered: events stored once, and the roll-ups that pages read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.models import Mailing


class BounceClass(models.IntegerChoices):
    """What a bounce means for the person (feedback/bounces.py). Numbers are stored: never change or reuse one."""

    HARD = 1, _("dead address")
    SOFT = 2, _("passing trouble")
    NEUTRAL = 3, _("size or content: says nothing about the address")
    POLICY = 4, _("policy or reputation: about the sender, never about the person")


class Way(models.IntegerChoices):
    """How somebody left. Stored as Outcome.unsubscribed_by."""

    ONE_CLICK = 1, _("button of the mail program")
    LINK = 2, _("unsubscribe link")
    PREFERENCES = 3, _("preference page")
    PROVIDER = 4, _("reported by the provider")


class Event(models.Model):
    """What a provider, a pixel, a link or a mailbox told us, raw and normalised.

    Partitioned by month on `occurred_on`, the source's own date, so that a repeated delivery meets the same partition
    and its unique key (occurred_on, source, event_key). The table is made by SQL in the first migration.

        stored (applied_at null) ──apply──▶ applied          a poison one too, with `error` saying why it counts nowhere
             └─ its message is still on the wire: waits, unapplied

    `message_id` null: a hit counted without anybody's name, or an event that names no message of ours.
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
    bounce_class = models.SmallIntegerField(choices=BounceClass.choices, null=True)
    way = models.SmallIntegerField(choices=Way.choices, null=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)  # {"raw": …, "reply": …, "agent": …}: a stranger's words, escape them
    stored_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)  # why it was set aside, for a person to read

    class Meta:
        db_table = "feedback_event"
        verbose_name = _("event")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.message_id}"


class WebhookState(models.Model):
    """Whether a provider's webhooks reach us: the last one taken, and the last one that came in by its right address
    and was refused for another reason."""

    provider = models.OneToOneField(
        "delivery.Provider", primary_key=True, on_delete=models.CASCADE, related_name="webhook_state"
    )
    heard_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, blank=True, db_default="")
    # A topic of Amazon SNS asks to deliver here and waits for somebody's yes; empty: none does.
    asked_topic = models.CharField(max_length=320, blank=True, db_default="")
    asked_url = models.CharField(max_length=2000, blank=True, db_default="")
    asked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("state of webhooks")

    def __str__(self) -> str:
        return f"webhooks of {self.provider_id}"


class Catchup(models.Model):
    """Events of the time a restored backup has lost, asked from one account (feedback/missed.py).

    asked ──work──▶ done          a failure is tried again later, each time from the beginning: keys make it harmless
    """

    provider = models.ForeignKey("delivery.Provider", on_delete=models.CASCADE, related_name="catchups")
    since = models.DateTimeField()
    asked_at = models.DateTimeField()
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    event_count = models.IntegerField(db_default=0)  # new ones
    tries = models.SmallIntegerField(db_default=0)
    error = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        verbose_name = _("catching up")

    def __str__(self) -> str:
        return f"{self.provider_id} since {self.since}"


class RollUp(models.Model):
    """One mailing's place in the queue of roll-ups: due while `touched_at` is later than `rolled_at`.

    Touched in the transaction that applies its events, so a crash between applying and counting loses nothing.
    """

    mailing = models.OneToOneField(Mailing, primary_key=True, on_delete=models.CASCADE, related_name="roll_up")
    touched_at = models.DateTimeField()
    rolled_at = models.DateTimeField(null=True)
    took = models.DurationField(null=True)  # of the last recount: a large mailing is counted less often

    class Meta:
        verbose_name = _("roll-up")

    def __str__(self) -> str:
        return f"roll-up of {self.mailing_id}"


class MailingStats(models.Model):
    """Counts of one content at one mailbox provider in one UTC hour, recomputed (never added) for touched mailings.

    Every count is of people at the hour of their first time, except the two anonymous ones, which count hits.
    """

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="stats")
    content_id = models.IntegerField()  # 0 = not decided, or anonymous
    mx_group = models.SmallIntegerField(db_default=0)
    hour = models.DateTimeField()
    accepted_count = models.IntegerField(db_default=0)
    delivered_count = models.IntegerField(db_default=0)  # confirmed by the provider, and not bounced afterwards
    presumed_count = models.IntegerField(db_default=0)  # accepted and not bounced, where the provider confirms nothing
    hard_bounce_count = models.IntegerField(db_default=0)
    soft_bounce_count = models.IntegerField(db_default=0)  # final: no delivery after it
    complained_count = models.IntegerField(db_default=0)
    opened_count = models.IntegerField(db_default=0)  # people, at their first human open
    clicked_count = models.IntegerField(db_default=0)  # people, at their first human click
    unsubscribed_count = models.IntegerField(db_default=0)
    one_click_count = models.IntegerField(db_default=0)  # of unsubscribed_count: by the mail program's button
    unsubscribe_link_count = models.IntegerField(db_default=0)  # … by the link in the mail
    preference_page_count = models.IntegerField(db_default=0)  # … on the preference page; the rest: by the provider
    open_measurable_count = models.IntegerField(db_default=0)  # delivered (or presumed) whose opens may be measured
    click_measurable_count = models.IntegerField(db_default=0)
    both_opened_count = models.IntegerField(db_default=0)  # of people whose opens and clicks may both be measured
    both_clicked_count = models.IntegerField(db_default=0)
    anonymous_open_count = models.IntegerField(db_default=0)  # hits
    anonymous_click_count = models.IntegerField(db_default=0)  # hits

    class Meta:
        verbose_name = _("hourly counts")
        constraints = [
            models.UniqueConstraint(fields=["mailing", "content_id", "mx_group", "hour"], name="one_row_an_hour")
        ]
        indexes = [models.Index(fields=["hour"], name="mailing_stats_hour")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.hour:%Y-%m-%d %H:00}"


class LinkStats(models.Model):
    """What one link of a mailing brought, recomputed with the hourly counts."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="link_stats")
    number = models.PositiveIntegerField()  # delivery.Link.number
    people_count = models.IntegerField(db_default=0)  # different people
    click_count = models.IntegerField(db_default=0)  # all clicks by people
    anonymous_count = models.IntegerField(db_default=0)  # clicks counted without a name

    class Meta:
        verbose_name = _("clicks of a link")
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="one_row_a_link")]

    def __str__(self) -> str:
        return f"{self.mailing_id} link {self.number}"
