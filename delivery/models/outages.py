"""Accounts that cannot send, and which mailings leave through another meanwhile (delivery/failover)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from delivery.models.mailings import Mailing
from delivery.models.providers import Provider


class Cause(models.IntegerChoices):
    """Classes of failure; what each means is data in delivery/failover/causes.py."""

    ACCOUNT = 1, _("login or account refused")
    QUOTA = 2, _("quota used up")
    UNREACHABLE = 3, _("server unreachable")
    SENDER = 4, _("sender refused")


class Outage(models.Model):
    """An account that could not send, from the first sign until it is well again.

        suspected (strikes, began_at null) → open → ended
             └── something was accepted: deleted

    A sender refused is about one sending domain, the rest about the whole account (`domain` empty).
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="outages")
    cause = models.SmallIntegerField(choices=Cause.choices)
    domain = models.CharField(max_length=253, blank=True, db_default="")
    words = models.TextField(blank=True, db_default="")  # the server's
    strikes = models.SmallIntegerField(db_default=1)
    struck_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    try_at = models.DateTimeField(null=True)  # when it is looked at again; null: when a person says so
    tries = models.SmallIntegerField(db_default=0)  # looks in vain: each waits longer
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "cause", "domain"], condition=models.Q(ended_at=None), name="one_open_outage"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.get_cause_display()}"


class Detour(models.Model):
    """A mailing whose rest leaves through another account than the one it was planned for."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="detours")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")  # through whom now
    cause = models.SmallIntegerField(choices=Cause.choices)  # why not through the other
    words = models.TextField(blank=True, db_default="")
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("detour")
        verbose_name_plural = _("detours")
        constraints = [
            models.UniqueConstraint(fields=["mailing"], condition=models.Q(ended_at=None), name="one_open_detour")
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.provider}"
