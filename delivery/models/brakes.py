"""The brake: one mailbox provider's share of a large mailing, and what is known of it (limits/brake.py)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from delivery.models.limits import groups
from delivery.models.mailings import Mailing


class Brake(models.Model):
    """One share: its first wave is watched, then the rest leaves, and goes on being counted.

        watching → released ⇄ slowed     by what was counted
            └─────────┴─────────┴──▶ stopped ──a person──▶ released (within what it then allows) | dropped (the rest is
                                                                                                            skipped)

    A move is one conditional update; who finds no row left has lost.
    """

    class State(models.IntegerChoices):
        WATCHING = 0, _("first wave is watched")
        RELEASED = 1, _("released")
        SLOWED = 2, _("slowed")
        STOPPED = 3, _("stopped")
        DROPPED = 4, _("given up")

    class Kind(models.IntegerChoices):
        """What crossed a limit."""

        HARD_BOUNCES = 1, _("hard bounces")
        COMPLAINTS = 2, _("complaints")
        DEFERRALS = 3, _("deferrals")
        REFUSALS = 4, _("refusals")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="brakes", db_index=False)
    mx_group = models.SmallIntegerField(_("mailbox provider"), choices=groups)
    state = models.SmallIntegerField(choices=State.choices, db_default=0)
    wave_size = models.IntegerField()  # people the first wave may have
    wave_count = models.IntegerField(db_default=0)  # people the snapshot put into it so far
    wave_done_at = models.DateTimeField(null=True)  # everybody of it was tried; watching begins
    kind = models.SmallIntegerField(choices=Kind.choices, null=True)
    value = models.FloatField(null=True)  # the share that was counted, and the limit it crossed: 0.05 = 5 %
    limit = models.FloatField(null=True)
    # What a person has allowed by "go on anyway": {kind: share from which it stops again}.
    allowed = models.JSONField(default=dict, db_default={})
    counted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("brake")
        verbose_name_plural = _("brakes")
        constraints = [models.UniqueConstraint(fields=["mailing", "mx_group"], name="one_brake_a_share")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.get_mx_group_display()} {self.get_state_display()}"
