"""The ledger. Statements that write it are in delivery/ledger and delivery/sql; nothing else may.

A message row is written once, at the snapshot. Marking a window *sending* is one update of its batch. What became of a
message is one appended Outcome. No outcome and not in an open window = pending.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.models.mailings import Content, Mailing
from delivery.reasons import Reason


class Counter(models.Model):
    """Numbers handed out in blocks (`update … set next = next + n returning`): message ids, occasions."""

    name = models.CharField(max_length=30, primary_key=True)
    next = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.name} {self.next}"


class Batch(models.Model):
    """A contiguous range of messages of one mailing and one mailbox provider, claimed by one worker under a lease.

    Up to `done_to` worked through in this round; (done_to, open_to] may be on the wire; after it untouched.
    """

    class State(models.IntegerChoices):
        PENDING = 0, _("pending")
        CLAIMED = 1, _("claimed")
        DONE = 2, _("done")
        HELD = 3, _("held")

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="batches", db_index=False)
    provider = models.ForeignKey("delivery.Provider", on_delete=models.PROTECT, related_name="+", db_index=False)
    mx_group = models.SmallIntegerField()
    is_urgent = models.BooleanField(db_default=False)  # goes before all that is not, on connections kept for it
    # The round in which it was given to another account than its mailing's (delivery/failover); null = never.
    moved_round = models.SmallIntegerField(null=True)
    wave = models.SmallIntegerField(db_default=0)  # 0 = leaves first; 1 = after the first was watched (Brake)
    rank = models.SmallIntegerField(db_default=0)  # engagement while a domain warms up, 0 before all others
    first_id = models.BigIntegerField(unique=True)
    last_id = models.BigIntegerField()
    state = models.SmallIntegerField(choices=State.choices, db_default=0)
    round = models.SmallIntegerField(db_default=0)
    claim_count = models.SmallIntegerField(db_default=0)
    claim = models.BigIntegerField(null=True)  # a fresh random number per claim; every later write carries it
    process = models.BigIntegerField(null=True)  # Process.number of who claimed it last: whether its connection counts
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    done_to = models.BigIntegerField()
    open_to = models.BigIntegerField()
    accepted_count = models.IntegerField(db_default=0)
    refused_count = models.IntegerField(db_default=0)
    skipped_count = models.IntegerField(db_default=0)
    unknown_count = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("batch")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_to__gte=models.F("first_id") - 1)
                & models.Q(open_to__gte=models.F("done_to"))
                & models.Q(last_id__gte=models.F("open_to")),
                name="batch_window",
            ),
            models.CheckConstraint(
                condition=models.Q(state=1, claim__isnull=False) | (~models.Q(state=1) & models.Q(claim__isnull=True)),
                name="batch_claim",
            ),
            models.CheckConstraint(
                condition=models.Q(state=1) | models.Q(done_to=models.F("open_to")), name="batch_closed_window"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="batch_due", condition=models.Q(state=0)),
            models.Index(fields=["due_at"], name="batch_urgent", condition=models.Q(state=0, is_urgent=True)),
            models.Index(fields=["mailing"], name="batch_mailing"),
            # Not on lease_until: renewing a lease must stay a heap-only update.
            models.Index(fields=["id"], name="batch_claimed", condition=models.Q(state=1)),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.mailing_id}"


class Message(models.Model):
    """One person's copy, written once. `contact` may be null; the body is rendered when sent and never stored.

    No checked foreign keys: tables of this size are split and dropped in ranges one day; the nightly check looks.
    """

    id = models.BigIntegerField(primary_key=True)
    mailing = models.ForeignKey(
        Mailing, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    content = models.ForeignKey(
        Content, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    occasion = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    address = models.TextField()
    address_key = models.TextField(null=True)  # null when skipped because another message has the same address
    tracking = (
        models.SmallIntegerField()
    )  # contacts.tracking.Tracking, decided at the snapshot, looked at again at hits
    vars = models.JSONField()  # only what the content names: {"contact": {"first_name": …}, "list": {"name": …}}

    class Meta:
        verbose_name = _("message")
        constraints = [
            models.UniqueConstraint(fields=["contact_id", "occasion"], name="one_message_a_contact"),
            models.UniqueConstraint(fields=["address_key", "occasion"], name="one_message_an_address"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class Outcome(models.Model):
    """What became of a message; sending appends it. The stamps are first times, set once by feedback."""

    class State(models.IntegerChoices):
        """Numbers continue a message's own states: 0 pending and 1 sending have no row (MessageState)."""

        ACCEPTED = 2, _("accepted")
        REFUSED = 3, _("refused")
        SKIPPED = 4, _("skipped")
        UNKNOWN = 5, _("unknown")

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="outcome"
    )
    mailing = models.ForeignKey(
        Mailing, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    state = models.SmallIntegerField(choices=State.choices)
    reason = models.SmallIntegerField(choices=Reason.choices, db_default=0)
    claim = models.BigIntegerField(null=True)
    # Through whom, where its batch has been given to another account since; null = the batch's.
    provider = models.ForeignKey(
        "delivery.Provider",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    settled_by = models.SmallIntegerField(null=True)
    at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    is_hard_bounce = models.BooleanField(null=True)
    complained_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    unsubscribed_by = models.SmallIntegerField(null=True)  # one-click, link, preference page: feedback/events.py
    reply = models.TextField(null=True)  # the server's words
    # What was said on the wire, a line each ("C: RCPT …", "S: 550 …"), without body or login; kept of exceptions only.
    conversation = models.TextField(null=True)

    class Meta:
        verbose_name = _("outcome")
        indexes = [
            models.Index(
                fields=["mailing", "state", "reason", "message"],
                name="outcome_exceptions",
                condition=~models.Q(state=2),
            ),
            # What makes a brake act; few rows, and written rarely.
            models.Index(
                fields=["message"],
                name="outcome_alarms",
                condition=models.Q(complained_at__isnull=False) | models.Q(is_hard_bounce=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.get_state_display()}"


class MessageState(models.Model):
    """The view of every message's state: an outcome if there is one, else sending or pending (0002_ledger_storage)."""

    class State(models.IntegerChoices):
        PENDING = 0, _("pending")
        SENDING = 1, _("being sent")
        ACCEPTED = 2, _("accepted")
        REFUSED = 3, _("refused")
        SKIPPED = 4, _("skipped")
        UNKNOWN = 5, _("in doubt")

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="current"
    )
    mailing = models.ForeignKey(Mailing, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    state = models.SmallIntegerField(choices=State.choices)
    reason = models.SmallIntegerField(choices=Reason.choices)

    class Meta:
        managed = False
        db_table = "delivery_messagestate"
        verbose_name = _("message state")

    def __str__(self) -> str:
        return f"{self.message_id} {self.get_state_display()}"


class Attempt(models.Model):
    """A try that did not end the matter: deferred, doubtful, or sent again. What the support page tells."""

    message_id = models.BigIntegerField()
    claim = models.BigIntegerField()
    round = models.SmallIntegerField()
    phase = models.SmallIntegerField()
    code = models.SmallIntegerField(null=True)
    reply = models.TextField(null=True)
    conversation = models.TextField(null=True)  # as Outcome.conversation
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("attempt")
        constraints = [models.UniqueConstraint(fields=["message_id", "claim"], name="one_attempt_a_claim")]

    def __str__(self) -> str:
        return f"attempt {self.pk} of {self.message_id}"
