"""Keeping lists clean: what looks wrong with an address, who has gone quiet, who may be the same person."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AddressFlag(models.Model):
    """Something about an address worth a look. Nobody is refused for it; `settled_at`: the team says it is right."""

    class Kind(models.IntegerChoices):
        ROLE = 1, _("role address")  # info@, contact@: read by whoever has the job
        TYPO = 2, _("probable typing error")

    pk = models.CompositePrimaryKey("kind", "contact_id")
    kind = models.SmallIntegerField(choices=Kind.choices)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="flags")
    suggestion = models.CharField(max_length=320, blank=True, db_default="")  # the address that was probably meant
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("flag of an address")

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.get_kind_display()}"


class HygieneRule(models.Model):
    """What happens to people we do not hear of. One row a kind, off until somebody switches it on.

    `forecast`: {"at": ISO, "now": people, "weeks": [12 numbers]}, made by the same code that will act.
    """

    class Kind(models.TextChoices):
        SUNSET = "sunset", _("quiet people")
        RETENTION = "retention", _("end of retention")

    kind = models.CharField(max_length=10, choices=Kind.choices, primary_key=True)
    is_on = models.BooleanField(_("on"), default=False)
    quiet_days = models.IntegerField(_("days without a sign of life"))
    answer_days = models.IntegerField(_("days to answer"))
    counts_opens = models.BooleanField(_("an open counts as a sign of life"), default=False)
    contact_list = models.ForeignKey(
        "contacts.ContactList", verbose_name=_("win-back list"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    forecast = models.JSONField(default=dict)
    forecast_asked_at = models.DateTimeField(null=True)  # null = no forecast is being made

    class Meta:
        verbose_name = _("hygiene rule")
        constraints = [
            models.CheckConstraint(condition=models.Q(quiet_days__gte=30, answer_days__gte=7), name="rule_is_patient"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class HygieneRun(models.Model):
    """One pass of a rule. `counts` by what was done; who they are is found by the pass's instant on their own rows."""

    rule = models.CharField(max_length=10, choices=HygieneRule.Kind.choices)
    at = models.DateTimeField()
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("run of a hygiene rule")
        indexes = [models.Index(fields=["rule", "-at"], name="hygiene_run_newest")]

    def __str__(self) -> str:
        return f"{self.rule} {self.at:%Y-%m-%d}"


class Sunset(models.Model):
    """How far one quiet person has come.

    asked (on the win-back list) → suppressed (no campaigns)
      └──────── back ←─────────────┘   a sign of life at any time
    """

    class State(models.IntegerChoices):
        ASKED = 1, pgettext_lazy("a quiet person", "on the win-back list")
        SUPPRESSED = 2, pgettext_lazy("a quiet person", "not written to any more")
        BACK = 3, pgettext_lazy("a quiet person", "back")

    contact = models.OneToOneField(
        "contacts.Contact", primary_key=True, on_delete=models.CASCADE, related_name="sunset"
    )
    state = models.SmallIntegerField(choices=State.choices, default=State.ASKED)
    contact_list_id = models.BigIntegerField()  # the win-back list of that time
    joined = models.BooleanField()  # whether the rule put them on it; who was there before stays
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # into `state`

    class Meta:
        verbose_name = _("quiet person")
        indexes = [models.Index(fields=["state", "moved_at", "contact"], name="sunset_state")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.get_state_display()}"


class Duplicate(models.Model):
    """Two contacts that may be one person. `dismissed_at`: the team says they are two."""

    class Kind(models.IntegerChoices):
        MAILBOX = 1, _("the same mailbox, written in two ways")
        NAME = 2, _("the same name in the same organisation")

    first = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+")
    kind = models.SmallIntegerField(choices=Kind.choices)
    found_at = models.DateTimeField(db_default=Now())
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("possible duplicate")
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_duplicate")]
        indexes = [
            models.Index(fields=["kind", "id"], name="duplicate_open", condition=models.Q(dismissed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"


class FormerAddress(models.Model):
    """An address of a person who is known by another now: their old links still find them, and erasing forgets it."""

    address_key = models.CharField(max_length=320, primary_key=True)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="former_addresses")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("former address")

    def __str__(self) -> str:
        return self.address_key


class WelcomeDue(models.Model):
    """Somebody joined a list by their own act and has not been welcomed: whoever writes the mail takes the row."""

    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False)
    contact_list = models.ForeignKey("contacts.ContactList", on_delete=models.CASCADE, related_name="+")
    joined_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)  # later after a try that failed

    class Meta:
        verbose_name = _("welcome that is due")
        constraints = [models.UniqueConstraint(fields=["contact", "contact_list"], name="one_welcome_due")]

    def __str__(self) -> str:
        return f"{self.contact_id} to {self.contact_list_id}"


def defaults_of(kind: HygieneRule.Kind | str) -> dict[str, Any]:
    """A rule as it stands before anybody has touched it: half a year; three years (CNIL, prospects)."""
    return (
        {"quiet_days": 180, "answer_days": 30}
        if kind == HygieneRule.Kind.SUNSET
        else {"quiet_days": 1_095, "answer_days": 30}
    )
