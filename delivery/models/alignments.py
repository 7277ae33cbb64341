"""Alignment: whether mail from a domain of ours through an account passes DMARC."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# How long what the DNS said holds while nobody answers: longer than any outage of a name server, shorter than the time
# in which a key is changed unnoticed.
KEPT = timedelta(days=7)


class Alignment(models.Model):
    """A sending domain at an account: what the DNS said last, and what a person says where it cannot tell."""

    class State(models.IntegerChoices):
        UNASKED = 0, _("not looked up yet")
        ALIGNED = 1, _("covered")
        REFUSED = 2, _("not covered")
        OPEN = 3, _("the DNS cannot tell")

    domain = models.ForeignKey("deliverability.SendingDomain", on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey("delivery.Provider", on_delete=models.CASCADE, related_name="alignments")
    state = models.SmallIntegerField(choices=State.choices, default=State.UNASKED, db_default=State.UNASKED)
    findings = models.JSONField(default=list, db_default=[])  # alignment/findings.py; records by name and value
    told = models.JSONField(default=list, db_default=[])  # the records the provider's API named last
    selectors = models.CharField(max_length=400, blank=True, default="", db_default="")  # what a person gave
    spf_via = models.CharField(max_length=253, blank=True, default="", db_default="")  # to include, or an address
    answered_at = models.DateTimeField(null=True)  # by the DNS, whatever it said
    aligned_at = models.DateTimeField(null=True)  # when it last said yes
    failure_count = models.SmallIntegerField(default=0, db_default=0)  # looks without an answer since
    due_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alignment")
        constraints = [models.UniqueConstraint(fields=["domain", "provider"], name="one_alignment")]

    def __str__(self) -> str:
        return f"{self.domain} {self.provider}"

    def is_proven(self, *, now: datetime) -> bool:
        """The DNS said yes, and not too long ago."""
        is_fresh = self.answered_at is not None and self.answered_at > now - KEPT
        return self.state == self.State.ALIGNED and is_fresh

    @property
    def is_claimed(self) -> bool:
        """A person says so, and the DNS does not say otherwise."""
        return self.confirmed_at is not None and self.state != self.State.REFUSED
