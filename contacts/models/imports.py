"""An uploaded file and how far it has come."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contacts.models.consent import ConsentState


class ContactImport(models.Model):
    """One import: the row is the queue and the journal.

        uploaded → matched → running → done
                                └→ failed (error says where)      uploaded, matched → cancelled

    A running import holds a lease; a worker that died leaves it to the next, which goes on after `row_cursor`.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waiting for its columns")
        MATCHED = "matched", _("ready to start")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField()  # octets
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    has_header = models.BooleanField(default=True)
    columns = models.JSONField(default=list)  # header as found, in order
    # {"<column index>": target}, the targets of contacts/imports/mapping.py; "" leaves the column out
    mapping = models.JSONField(default=dict)
    contact_list = models.ForeignKey(
        "contacts.ContactList", null=True, on_delete=models.SET_NULL, related_name="imports"
    )
    consent_source = models.CharField(_("where the consent comes from"), max_length=300, blank=True)
    tracking_consent = models.SmallIntegerField(choices=ConsentState.choices, default=ConsentState.UNKNOWN)
    statement = models.ForeignKey(
        "contacts.ConsentStatement", null=True, on_delete=models.PROTECT, related_name="imports"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    lease_until = models.DateTimeField(null=True)
    byte_cursor = models.BigIntegerField(default=0)  # octets read so far, for the progress bar
    row_cursor = models.BigIntegerField(default=0)  # rows merged so far: where a restart goes on
    row_count = models.BigIntegerField(default=0)
    created_count = models.BigIntegerField(default=0)
    changed_count = models.BigIntegerField(default=0)
    unchanged_count = models.BigIntegerField(default=0)
    refused_count = models.BigIntegerField(default=0)
    kept_out_count = models.BigIntegerField(default=0)  # merged, but left the list or all mail earlier: stay out
    reasons = models.JSONField(default=dict)  # {"missing": 3, "broken": 2, "duplicate": 1}
    refused_file = models.FileField(upload_to="imports/", blank=True)
    refused_size = models.BigIntegerField(default=0)  # octets of it that belong to merged chunks
    error = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_newest")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def percent(self) -> int:
        """How much of the file is read, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, self.byte_cursor * 100 // max(self.file_size, 1))


class ImportedContact(models.Model):
    """Who an import in progress has met, so that a second row of the same person is a duplicate in flat memory.

    In the order of contact ids the index grows at its end; the rows go when the import is done.
    """

    pk = models.CompositePrimaryKey("contact_import_id", "contact_id")
    contact_import_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.contact_import_id}"
