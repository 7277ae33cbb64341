"""Addresses that must not be mailed, whatever lists say."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Suppression(models.Model):
    """One reason not to mail an address. Works without a contact: looked up by `address_key` at snapshot and at claim.

    After an erasure `address_key` becomes null and `fingerprint` (keyed hash of the key) stays, so that an import
    cannot revive the person.
    """

    class Reason(models.IntegerChoices):
        """Numbers are shared with delivery's reasons of a skip (delivery/reasons.py, 20 and up)."""

        UNSUBSCRIBED = 20, pgettext_lazy("a suppression", "unsubscribed from everything")
        HARD_BOUNCE = 21, pgettext_lazy("a suppression", "dead address")
        SOFT_BOUNCES = 22, pgettext_lazy("a suppression", "five soft bounces in a row")
        COMPLAINED = 23, pgettext_lazy("a suppression", "complained")
        MANUAL = 24, pgettext_lazy("a suppression", "put on the list by the team")
        ERASED = 25, pgettext_lazy("a suppression", "erased on request")
        INACTIVE = 26, pgettext_lazy("a suppression", "no sign of life for long")

    class Scope(models.IntegerChoices):
        ALL = 0, _("everything")
        MARKETING = 1, _("marketing")
        LIST = 2, _("one list")

    address_key = models.CharField(_("address"), max_length=320, null=True)
    fingerprint = models.BinaryField(max_length=32, null=True, editable=False)
    reason = models.SmallIntegerField(_("reason"), choices=Reason.choices, default=Reason.MANUAL)
    scope = models.SmallIntegerField(_("scope"), choices=Scope.choices, default=Scope.ALL)
    contact_list = models.ForeignKey(
        "contacts.ContactList",
        verbose_name=_("list"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="suppressions",
        db_index=False,
        db_constraint=False,
    )
    origin = models.CharField(_("origin"), max_length=200, blank=True, db_default="")
    is_sample = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(
                fields=["address_key", "scope"],
                condition=models.Q(contact_list=None),
                name="one_suppression_a_scope",
            ),
            models.UniqueConstraint(
                fields=["address_key", "contact_list"],
                condition=models.Q(contact_list__isnull=False),
                name="one_suppression_a_list",
            ),
            models.UniqueConstraint(fields=["fingerprint", "scope"], name="one_tombstone"),
            models.CheckConstraint(
                condition=models.Q(address_key__isnull=False) | models.Q(fingerprint__isnull=False),
                name="suppression_names_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(scope=2, contact_list__isnull=False)
                | models.Q(scope__lt=2, contact_list__isnull=True),
                name="suppression_of_a_list_names_it",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="suppression_newest"),
            # The look-up of snapshot, claim and import, over every scope: partial indexes cannot answer it.
            models.Index(fields=["address_key"], name="suppression_address"),
        ]

    def __str__(self) -> str:
        return self.address_key or "(erased)"
