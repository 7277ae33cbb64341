"""Contacts as a file, made in the background and gone after a week."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ContactExport(models.Model):
    """One export: the row is the queue.

        waiting → running → done → expired (the file is gone)
                     └→ failed

    A running export holds a lease; one that died begins anew, since nothing but its file was written.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("ready")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel (XLSX)"

    filter = models.JSONField(default=dict)  # contacts/filters/tree.py
    format = models.CharField(_("format"), max_length=4, choices=Format.choices, default=Format.CSV)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    lease_until = models.DateTimeField(null=True)
    row_count = models.BigIntegerField(default=0)
    expected_count = models.BigIntegerField(default=0)  # for the progress bar; people come and go meanwhile
    file = models.FileField(upload_to="exports/", blank=True)
    file_size = models.BigIntegerField(default=0)  # octets
    error = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["-created_at", "-id"], name="export_newest")]

    def __str__(self) -> str:
        return f"{self.get_format_display()} {self.pk}"

    @property
    def percent(self) -> int:
        """How many of the expected rows are written, 0 to 100."""
        if self.state in (self.State.DONE, self.State.EXPIRED):
            return 100
        return min(99, self.row_count * 100 // max(self.expected_count, 1))
