"""Contact, its typed fields, and what it last did."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contacts.models.consent import ConsentState


class ContactField(models.Model):
    """One thing known about contacts beyond name and language; its values lie in Contact.fields under this id."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        BOOLEAN = "boolean", _("yes or no")
        CHOICE = "choice", _("choice")
        CHOICES = "choices", _("several choices")

    # the Liquid name: contact.<key>
    key = models.SlugField(_("name in templates"), max_length=60, unique=True)
    label = models.CharField(_("label"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)

    class Meta:
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Contact(models.Model):
    """A person, known by one address.

    `address` is kept as typed; `address_key` (contacts/addresses.py) is what identifies it everywhere; `sort_key` is
    folded by Python, because lower() and the order of the server depend on its locale.
    """

    uuid = models.UUIDField(
        default=uuid.uuid4, db_default=models.Func(function="gen_random_uuid"), unique=True, editable=False
    )
    address = models.CharField(_("address"), max_length=320)
    address_key = models.CharField(max_length=320, unique=True, editable=False)
    sort_key = models.CharField(max_length=200, editable=False)
    first_name = models.CharField(_("first name"), max_length=100, blank=True, db_default="")
    last_name = models.CharField(_("last name"), max_length=100, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True, db_default="")
    mx_group = models.SmallIntegerField(_("mailbox provider"), db_default=0, editable=False)  # mailbox_providers.py
    fields = models.JSONField(default=dict, db_default={}, blank=True)  # {"<ContactField id>": value}
    # The latest tracking consents, copied from the append-only rows so that a snapshot reads no history.
    open_consent = models.SmallIntegerField(choices=ConsentState.choices, db_default=0, editable=False)
    click_consent = models.SmallIntegerField(choices=ConsentState.choices, db_default=0, editable=False)
    is_sample = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("added"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=["sort_key", "id"], name="contact_order"),
            models.Index(fields=["-created_at", "-id"], name="contact_newest"),
            # Prefix search by address whatever the database's collation.
            models.Index(fields=["address_key"], name="contact_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["sort_key"], name="contact_name_prefix", opclasses=["varchar_pattern_ops"]),
            GinIndex(fields=["fields"], name="contact_fields", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Engagement(models.Model):
    """What a contact last did: narrow, so that it changes without touching the contact's indexes.

    Mailing ids are plain integers: engagement is pushed down from higher floors (feedback).
    """

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE, related_name="engagement")
    last_mailed_at = models.DateTimeField(null=True)
    last_opened_on = models.DateField(null=True)  # a date, not an instant: all that hygiene mode may keep
    last_clicked_at = models.DateTimeField(null=True)
    soft_bounce_count = models.SmallIntegerField(db_default=0)

    class Meta:
        verbose_name = _("engagement")

    def __str__(self) -> str:
        return f"engagement of {self.contact_id}"
