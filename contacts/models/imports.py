"""An uploaded file and how far it has come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models.consent import ConsentState
from contacts.models.suppressions import Suppression


class ContactImport(models.Model):
    """One import: the row is the queue and the journal.

        uploaded → matched → trying → tried → running → done → undoing → undone
                                                 └→ failed (error says where)
        uploaded, matched, trying, tried → cancelled

    `trying`, `running` and `undoing` hold a lease; a worker that died leaves it to the next (docs/imports.md).
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", pgettext_lazy("an import", "waiting for its columns")
        MATCHED = "matched", pgettext_lazy("an import", "ready to be checked")
        TRYING = "trying", pgettext_lazy("an import", "dry run")
        TRIED = "tried", pgettext_lazy("an import", "ready to start")
        RUNNING = "running", pgettext_lazy("an import", "running")
        DONE = "done", pgettext_lazy("an import", "done")
        UNDOING = "undoing", pgettext_lazy("an import", "being undone")
        UNDONE = "undone", pgettext_lazy("an import", "undone")
        FAILED = "failed", pgettext_lazy("an import", "failed")
        CANCELLED = "cancelled", pgettext_lazy("an import", "cancelled")

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People who agreed to hear from us")
        SUPPRESS = "suppress", _("People who must not be mailed")

    class Format(models.TextChoices):
        TEXT = "text", _("text")
        XLSX = "xlsx", "XLSX"

    KEPT = timedelta(days=14)  # a file that nobody starts: people's data is not kept without a use

    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField()  # octets
    parcel = models.UUIDField(null=True, editable=False)  # the same for the tables of one ZIP
    format = models.CharField(max_length=4, choices=Format.choices, default=Format.TEXT)
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    has_header = models.BooleanField(default=True)
    columns = models.JSONField(default=list)  # header as found, in order
    # {"<column index>": target}, the targets of contacts/imports/mapping.py; "" leaves the column out
    mapping = models.JSONField(default=dict)
    recognised = models.CharField(max_length=30, blank=True)  # a key of contacts/imports/recognising.py
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PEOPLE)
    suppression_reason = models.SmallIntegerField(choices=Suppression.Reason.choices, null=True)
    contact_list = models.ForeignKey(
        "contacts.ContactList", null=True, on_delete=models.SET_NULL, related_name="imports"
    )
    tags = models.JSONField(default=list)  # ids of contacts.Tag
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
    trial = models.JSONField(default=dict)  # the dry run's counts under the same names, and "at"
    undone = models.JSONField(default=dict)  # {"removed": …, "restored": …, "withdrawn": …, "lifted": …, "kept": …}
    undo_cursor = models.BigIntegerField(default=0)  # the last contact undone: where a restart goes on
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
    def kept_until(self) -> datetime | None:
        """When the file is deleted unless somebody starts the import; None once it has started."""
        if self.state not in (self.State.UPLOADED, self.State.MATCHED, self.State.TRIED):
            return None
        return (self.finished_at or self.created_at) + self.KEPT

    @property
    def percent(self) -> int:
        """How much of the file is read, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, self.byte_cursor * 100 // max(self.file_size, 1))


class ImportedContact(models.Model):
    """Whom an import has met, so that a second row of the same person is a duplicate in flat memory.

    In the order of contact ids the index grows at its end. When the import is done, those it did nothing to go; the
    others stay with the values from before, for its undo.
    """

    class Effect(models.IntegerChoices):
        """What an import did to a known person; bits that add up. A new one is CREATED alone."""

        CREATED = 1
        CHANGED = 2
        JOINED = 4

    pk = models.CompositePrimaryKey("contact_import_id", "contact_id")
    contact_import_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    effect = models.SmallIntegerField(db_default=0)
    # {"first_name": [old, new], …, "fields": {"3": [old, new]}, "was_pending": true, "opens": old, "clicks": old}
    before = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.contact_import_id}"


class ImportFinding(models.Model):
    """One row of a dry run worth looking at. The first few hundred of each kind are kept until the import starts."""

    class Kind(models.IntegerChoices):
        NEW = 1
        CHANGED = 2
        REFUSED = 3
        STAYS_OUT = 4

    contact_import = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="findings", db_index=False)
    kind = models.SmallIntegerField(choices=Kind.choices)
    line = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=320, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["contact_import", "kind", "id"], name="finding_of_import")]

    def __str__(self) -> str:
        return f"{self.contact_import_id}:{self.line}"


class ColumnMemory(models.Model):
    """What a person chose for a set of column titles, offered when a file has them again."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the titles, in order
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.digest[:12]
