"""Consent: append-only, one row per person and purpose, pointing at one statement of what was agreed to and how."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(models.TextChoices):
    """What somebody can agree to. Opens and clicks are apart from mailing (CNIL deliberation 2026-042)."""

    MAILING = "mailing", _("be written to")
    OPENS = "opens", _("opens measured")
    CLICKS = "clicks", _("clicks measured")


class ConsentState(models.IntegerChoices):
    UNKNOWN = 0, pgettext_lazy("a consent", "not asked")
    GRANTED = 1, pgettext_lazy("a consent", "granted")
    DENIED = 2, pgettext_lazy("a consent", "denied")


class ConsentStatement(models.Model):
    """The wording or the source that many consents share: a million imported rows do not repeat a text.

    Never changed. New words of the same source and language are its next version.
    """

    class Origin(models.TextChoices):
        IMPORT = "import", _("import")
        FORM = "form", _("form")
        PREFERENCES = "preferences", _("preference page")
        STAFF = "staff", _("entered by the team")
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe link")

    origin = models.CharField(max_length=12, choices=Origin.choices)
    source = models.CharField(max_length=300)  # "stand at the fair of Lyon, May 2026", the form's name, …
    wording = models.TextField(blank=True)  # the very words shown
    language = models.CharField(max_length=5, blank=True)
    version = models.IntegerField(db_default=1, default=1)
    digest = models.CharField(max_length=64, blank=True, db_default="")  # SHA-256 of source, language and wording
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("consent statement")
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "digest"], condition=~models.Q(digest=""), name="one_statement_a_wording"
            ),
        ]

    def __str__(self) -> str:
        return self.source


class Consent(models.Model):
    """One decision of one person. The latest row per (contact, purpose, list) counts; none = not asked."""

    # References are unchecked by the server: three checks a row cost a third of a large import, and what writes
    # consents holds the rows they name. Deleting goes through Django, which takes the consents with the contact.
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="consents", db_index=False, db_constraint=False
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    state = models.SmallIntegerField(choices=ConsentState.choices)
    contact_list = models.ForeignKey(
        "contacts.ContactList",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    statement = models.ForeignKey(
        ConsentStatement, on_delete=models.PROTECT, related_name="consents", db_index=False, db_constraint=False
    )
    # The double opt-in: who asked, when and from where, and who answered.
    confirmation = models.ForeignKey(
        "contacts.Confirmation",
        null=True,
        on_delete=models.SET_NULL,
        related_name="consents",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField(db_default=Now())
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        verbose_name = _("consent")
        indexes = [models.Index(fields=["contact", "purpose", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.purpose} {self.get_state_display()}"
