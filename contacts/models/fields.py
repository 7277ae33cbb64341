"""What a team knows about people beyond name and language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactField(models.Model):
    """One typed thing known about contacts; its values lie in Contact.fields under this id.

    An archived field keeps its values and is offered nowhere. A fast one has indexes of its own on the contacts
    (contacts/field_indexes.py): `speed` says how far they are.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        BOOLEAN = "boolean", _("yes or no")
        CHOICE = "choice", _("choice")
        CHOICES = "choices", _("several choices")

    class Speed(models.TextChoices):
        PLAIN = "plain", _("not indexed")
        WAITING = "waiting", _("being indexed")
        READY = "ready", _("fast to filter")
        FAILED = "failed", _("could not be indexed")

    # the Liquid name: contact.<key>
    key = models.SlugField(_("name in templates"), max_length=60, unique=True)
    label = models.CharField(_("label"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    options = models.JSONField(_("choices"), default=list, db_default=[], blank=True)  # of CHOICE(S): texts; none = any
    speed = models.CharField(max_length=7, choices=Speed.choices, default=Speed.PLAIN, db_default="plain")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label

    @property
    def is_chosen_from(self) -> bool:
        """Whether its values are among its options."""
        return self.kind in (self.Kind.CHOICE, self.Kind.CHOICES) and bool(self.options)
