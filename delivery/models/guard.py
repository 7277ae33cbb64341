"""What the database knows of itself: whether it has gone back in time, and when its ledger was last counted."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Guard(models.Model):
    """One row. `count` only grows; copies outside the database that say more show that it has gone back (guard.py)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    database = models.UUIDField(default=uuid.uuid4)  # kept by a backup, so that copies of another one are not believed
    count = models.BigIntegerField(db_default=1)
    jumps = models.IntegerField(db_default=0)  # how often numbers jumped ahead: a backup may be restored twice
    raised_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True)  # since when nothing is claimed
    lost_since = models.DateTimeField(null=True)  # what the database remembers last of the time before it went back

    class Meta:
        verbose_name = _("restore guard")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_guard")]

    def __str__(self) -> str:
        return f"{self.database} {self.count}"


class LedgerCheck(models.Model):
    """One nightly count of the ledger: every mailing from its rows. `imbalances`: those whose numbers disagree."""

    at = models.DateTimeField()
    mailing_count = models.IntegerField()
    imbalances = models.JSONField(default=list)  # [{"mailing": 3, "counted": {…}, "recorded": {…}}]

    class Meta:
        verbose_name = _("count of the ledger")
        indexes = [models.Index(fields=["-at"], name="ledger_check_latest")]

    def __str__(self) -> str:
        return f"{self.at} {len(self.imbalances)}"
