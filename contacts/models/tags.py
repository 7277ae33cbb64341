"""Words a team puts on people."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Tag(models.Model):
    """A word of the team's, on any number of people."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ContactTag(models.Model):
    """One tag on one person. In the order of tag and contact: a filter by tag reads one range."""

    pk = models.CompositePrimaryKey("tag_id", "contact_id")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="links", db_index=False)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="tag_links")
    contact_import_id = models.BigIntegerField(null=True)  # which import put it there, for its undo

    class Meta:
        verbose_name = _("tag of a contact")

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.contact_id}"
