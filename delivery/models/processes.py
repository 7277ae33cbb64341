"""Process: who is sending. Its connections count as long as its heart beats (ledger/places.py)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Process(models.Model):
    """One process that claims batches, under a number it drew. Once its time is over it is never prolonged."""

    number = models.BigIntegerField(primary_key=True)
    alive_until = models.DateTimeField()

    class Meta:
        verbose_name = _("sending process")

    def __str__(self) -> str:
        return f"{self.number} until {self.alive_until}"
