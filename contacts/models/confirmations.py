"""Acts that count once the mailbox has answered: the link of a mail was followed and its button pressed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Confirmation(models.Model):
    """One request that waits for its mailbox, and afterwards the proof of it.

        open → confirmed
          └──→ expired (a new mail opens it again, within limits)

    `given` is what was typed: {"first_name", "last_name", "fields", "opens", "clicks"} or {"address"}. Nothing of it
    touches the contact before the answer, because anybody can type anybody's address.
    """

    class Kind(models.IntegerChoices):
        SUBSCRIBE = 1, _("joining lists")
        ADDRESS = 2, _("a new address")
        COPY = 3, _("a copy of one's data")
        ERASURE = 4, _("erasure")
        STAY = 5, _("staying with us")

    class State(models.IntegerChoices):
        OPEN = 0, _("waiting for confirmation")
        CONFIRMED = 1, _("confirmed")
        EXPIRED = 2, _("expired")

    kind = models.SmallIntegerField(choices=Kind.choices)
    state = models.SmallIntegerField(choices=State.choices, default=State.OPEN, db_default=0)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="confirmations")
    form = models.ForeignKey(
        "contacts.SubscribeForm", null=True, on_delete=models.SET_NULL, related_name="confirmations"
    )
    lists = ArrayField(models.BigIntegerField(), default=list)
    statement = models.ForeignKey("contacts.ConsentStatement", null=True, on_delete=models.PROTECT, related_name="+")
    tracking_statement = models.ForeignKey(
        "contacts.ConsentStatement", null=True, on_delete=models.PROTECT, related_name="+"
    )
    given = models.JSONField(default=dict)
    address = models.CharField(max_length=320)  # whose mailbox is asked
    language = models.CharField(max_length=5)
    asked_at = models.DateTimeField()
    asked_ip = models.GenericIPAddressField(null=True)
    asked_agent = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField()
    # The mail: due now or later, null = nothing to send. Whoever writes it into the ledger sets `mailed_at`.
    mail_due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_count = models.SmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_ip = models.GenericIPAddressField(null=True)
    confirmed_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("confirmation")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"], condition=models.Q(state=0), name="one_open_confirmation"
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"], name="confirmation_mail_due", condition=models.Q(mail_due_at__isnull=False)
            ),
            models.Index(fields=["expires_at"], name="confirmation_open", condition=models.Q(state=0)),
            models.Index(fields=["asked_ip", "asked_at"], name="confirmation_network"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class OptInGate(models.Model):
    """When a canonical address was last sent an opt-in mail: one a day.

    A keyed hash: who never answers is nobody to us.
    """

    canonical = models.BinaryField(max_length=32, primary_key=True)
    passed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"gate {self.passed_at}"


class LeavingReason(models.Model):
    """Why somebody left, if they cared to say. Without a name: the report needs none."""

    class Answer(models.IntegerChoices):
        TOO_MANY = 1, _("Too many messages")
        NOT_FOR_ME = 2, _("They are not of interest to me")
        NEVER_ASKED = 3, _("I never asked for them")
        OTHER_ADDRESS = 4, _("I receive them elsewhere")
        OTHER = 5, _("Another reason")

    answer = models.SmallIntegerField(choices=Answer.choices)
    words = models.CharField(max_length=500, blank=True)
    # Plain numbers: mailings live on a higher floor, and one answer counts per message.
    mailing_id = models.BigIntegerField()
    message_id = models.BigIntegerField(unique=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("reason for leaving")
        indexes = [models.Index(fields=["mailing_id", "answer"], name="leaving_reasons")]

    def __str__(self) -> str:
        return self.get_answer_display()
