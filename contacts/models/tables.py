"""How somebody of the team looks at contacts, and what they change in all of them at once."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ContactColumns(models.Model):
    """The columns of the contact table one user has chosen."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    names = models.JSONField(default=list)  # contacts/columns.py

    class Meta:
        verbose_name = _("columns of the contact table")

    def __str__(self) -> str:
        return ", ".join(map(str, self.names))


class BulkChange(models.Model):
    """One change of everybody a filter finds: the row is the queue.

        waiting → running → done
                     ├→ stopped (by a person; what was changed stays)
                     └→ failed, with a sentence

    Frozen when it was asked for: the filter, its clock (`created_at`) and the newest contact it may touch. It goes by
    contact id, a block a transaction, and the cursor moves in the same one: what is done once is not done twice.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    class Action(models.TextChoices):
        TAG = "tag", _("put a tag on")
        UNTAG = "untag", _("take a tag off")
        SUBSCRIBE = "subscribe", _("add to a list")
        UNSUBSCRIBE = "unsubscribe", _("take off a list")
        SUPPRESS = "suppress", _("never write to again")
        SET_FIELD = "set_field", _("fill in a field")
        CLEAR_FIELD = "clear_field", _("empty a field")
        ERASE = "erase", _("erase for ever")

    filter = models.JSONField(default=dict)  # contacts/filters.py: a tree
    action = models.CharField(max_length=12, choices=Action.choices)
    terms = models.JSONField(default=dict)  # {"tag": 1}, {"list": 1, "statement": 2}, {"field": 1, "value": …}
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    lease_until = models.DateTimeField(null=True)
    upper_id = models.BigIntegerField()
    cursor = models.BigIntegerField(default=0)  # the last contact looked at
    expected_count = models.BigIntegerField(default=0)
    seen_count = models.BigIntegerField(default=0)
    changed_count = models.BigIntegerField(default=0)
    kept_out_count = models.BigIntegerField(default=0)  # who left or is suppressed, and so joined nothing
    error = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        indexes = [models.Index(fields=["-created_at", "-id"], name="bulk_change_newest")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How many of the expected people were looked at, 0 to 100."""
        if not self.is_open:
            return 100
        return min(99, self.seen_count * 100 // max(self.expected_count, 1))

    @property
    def unchanged_count(self) -> int:
        """Who was so already."""
        return max(0, self.seen_count - self.changed_count - self.kept_out_count)
