"""What the team is told by mail while it lasts (delivery/alerts.py)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """One matter that waits for a person. The row goes when the matter does, so that its return is told again."""

    key = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)  # mailed to somebody
    error = models.CharField(max_length=300, blank=True, db_default="")  # why it could not be mailed

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")

    def __str__(self) -> str:
        return self.key
