"""How much a domain may send to one mailbox provider while they get to know each other."""

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.figures import percent
from contacts.mailbox_providers import BY_NUMBER, OTHERS
from deliverability.models.senders import SendingDomain

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class WarmupPlanQuerySet(models.QuerySet["WarmupPlan"]):
    def open(self) -> "WarmupPlanQuerySet":
        """Plans whose ceilings hold."""
        return self.exclude(state=WarmupPlan.State.DONE)


class WarmupPlan(models.Model):
    """Daily ceilings of one domain at one mailbox provider; the plan of "others" covers those without their own.

        running ──a good day──▶ a step on … the last step ──▶ done (no ceiling any more)
           │ └──── held: the same ceiling again; stepped back: two steps lower ────┘  a good day: running again

    A day is a day of UTC. `judged_on` is the last day that was judged; nothing leaves on a day before that of the day
    before is done (delivery/limits/warmup.py).
    """

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("a warm-up", "running")
        HELD = "held", pgettext_lazy("a warm-up", "held")
        BACK = "back", _("stepped back")
        DONE = "done", pgettext_lazy("a warm-up", "done")

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="warmups")
    mx_group = models.SmallIntegerField(_("mailbox provider"))
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.RUNNING)
    is_kept = models.BooleanField(default=False)  # a person wants this step kept
    ceilings = models.JSONField(_("daily ceilings"))  # [messages on the first day, …]
    step = models.PositiveSmallIntegerField(default=0)
    started_on = models.DateField(_("first day"))
    judged_on = models.DateField()

    objects: ClassVar[WarmupPlanQuerySet] = WarmupPlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("warm-up plan")
        verbose_name_plural = _("warm-up plans")
        constraints = [models.UniqueConstraint(fields=["domain", "mx_group"], name="one_warmup")]

    def __str__(self) -> str:
        return f"{self.domain_id} {self.mx_group} {self.state}"

    @property
    def who(self) -> "str | _StrPromise":
        """The mailbox provider's name."""
        return BY_NUMBER.get(self.mx_group, BY_NUMBER[OTHERS]).name

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def ceiling(self) -> int:
        """Messages a day at the step it stands on."""
        return int(self.ceilings[min(self.step, len(self.ceilings) - 1)])

    @property
    def length(self) -> int:
        return len(self.ceilings)

    @property
    def number(self) -> int:
        """The step as people count: from one."""
        return self.step + 1

    def is_waiting(self, *, today: date) -> bool:
        """Whether yesterday must be judged before anything leaves today."""
        return (today - self.judged_on).days > 1


class WarmupDay(models.Model):
    """What of a day's ceiling is used: reserved before the mark, given back when not handed over, so never exceeded."""

    plan = models.ForeignKey(WarmupPlan, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    ceiling = models.PositiveIntegerField()
    reserved_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("day of a warm-up")
        constraints = [models.UniqueConstraint(fields=["plan", "on"], name="one_warmup_day")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.on} {self.reserved_count}/{self.ceiling}"


class WarmupDecision(models.Model):
    """One line of a plan's log: what was decided, by whom, and what the day had shown."""

    class Verb(models.TextChoices):
        STARTED = "started", _("started")
        FORWARD = "forward", _("a step on")
        SAME = "same", _("the same again")
        HELD = "held", pgettext_lazy("a warm-up", "held")
        BACK = "back", _("stepped back")
        DONE = "done", _("through")
        KEPT = "kept", _("kept by hand")
        RELEASED = "released", _("goes on")
        EDITED = "edited", _("ceilings changed")
        FINISHED = "finished", _("ended by hand")

    class Sign(models.TextChoices):
        COMPLAINTS = "complaints", _("complaints")
        HARD_BOUNCES = "hard", _("dead addresses")
        DEFERRALS = "deferrals", _("deferrals")

    plan = models.ForeignKey(WarmupPlan, on_delete=models.CASCADE, related_name="decisions")
    at = models.DateTimeField(db_default=Now())
    verb = models.CharField(max_length=8, choices=Verb.choices)
    step = models.PositiveSmallIntegerField()  # after it, from nought
    ceiling = models.PositiveIntegerField()  # after it
    on = models.DateField(null=True)  # the day that was judged, with what it showed
    sent_count = models.PositiveIntegerField(default=0)
    complained_count = models.PositiveIntegerField(default=0)
    hard_bounce_count = models.PositiveIntegerField(default=0)
    deferred_count = models.PositiveIntegerField(default=0)
    sign = models.CharField(max_length=10, choices=Sign.choices, blank=True)
    value = models.FloatField(null=True)  # a ratio, and the limit it crossed
    limit = models.FloatField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("warm-up decision")
        indexes = [models.Index(fields=["plan", "-at"], name="warmup_log")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.verb}"

    @property
    def finding(self) -> str:
        """What crossed a limit, as a sentence; empty when nothing did."""
        words = {
            self.Sign.COMPLAINTS: _("%(value)s complaints; the limit is %(limit)s."),
            self.Sign.HARD_BOUNCES: _("%(value)s dead addresses; the limit is %(limit)s."),
            self.Sign.DEFERRALS: _("%(value)s asked us to come back later; the limit is %(limit)s."),
        }
        if not self.sign:
            return ""
        return words[self.Sign(self.sign)] % {"value": percent(self.value), "limit": percent(self.limit, 1)}
