"""What slows sending: limits a person set, the pace the world's answers have earned, and counts of a day."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contacts.mailbox_providers import MAILBOX_PROVIDERS
from delivery.models.providers import Provider

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

EVERYBODY = -1  # in place of a mailbox provider: the whole account


def groups() -> "list[tuple[int, str | _StrPromise]]":
    """Choices of a mailbox provider; called, so that a new one needs no migration."""
    return [(EVERYBODY, _("all mailboxes")), *((known.number, known.name) for known in MAILBOX_PROVIDERS)]


class Limit(models.Model):
    """At most so many messages in a period, or so many connections at once, through one account."""

    class Unit(models.IntegerChoices):
        """Seconds of the period; 0 = connections at once."""

        CONNECTIONS = 0, _("connections at once")
        SECOND = 1, _("messages a second")
        MINUTE = 60, _("messages a minute")
        HOUR = 3600, _("messages an hour")
        DAY = 86_400, _("messages a day")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="limits")
    mx_group = models.SmallIntegerField(_("mailbox provider"), choices=groups, default=EVERYBODY)
    unit = models.IntegerField(_("unit"), choices=Unit.choices)
    amount = models.PositiveIntegerField(_("at most"))

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints = [
            models.UniqueConstraint(fields=["provider", "mx_group", "unit"], name="one_limit_a_unit"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_limit_lets_something_through"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.get_unit_display()}"


class Pace(models.Model):
    """How careful the governor is with one mailbox provider through one account (limits/governor.py)."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="paces")
    mx_group = models.SmallIntegerField(_("mailbox provider"), choices=groups)
    step = models.SmallIntegerField(_("step"), db_default=0)  # 0 = free, each step slower
    rest_until = models.DateTimeField(_("rests until"), null=True)
    reason = models.TextField(_("what the server said"), blank=True, db_default="")
    bad_at = models.DateTimeField(_("last sign"), db_default=Now())

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")
        constraints = [models.UniqueConstraint(fields=["provider", "mx_group"], name="one_pace_a_mailbox_provider")]

    def __str__(self) -> str:
        return f"{self.provider} {self.get_mx_group_display()} {self.step}"


class DailyCount(models.Model):
    """Messages an account may have handed over in one UTC day: reserved before the mark, so never exceeded."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    mx_group = models.SmallIntegerField()
    on = models.DateField()
    reserved_count = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("count of a day")
        constraints = [models.UniqueConstraint(fields=["provider", "mx_group", "on"], name="one_count_a_day")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.on} {self.reserved_count}"
