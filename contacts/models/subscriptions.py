"""Lists, and who is on them."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ContactList(models.Model):
    """A named audience people can join and leave."""

    class LegalBasis(models.TextChoices):
        """Why we may write (GDPR article 6; article L34-5 of the French code of electronic communications)."""

        CONSENT = "consent", _("consent")
        CUSTOMER = "customer", _("existing customer, similar goods")
        BUSINESS = "business", _("legitimate interest, business to business")
        CONTRACT = "contract", _("contract")

    name = models.CharField(_("name"), max_length=150, unique=True)
    description = models.TextField(_("description, shown on the preference page"), blank=True, max_length=500)
    is_public = models.BooleanField(_("shown on the preference page"), default=True)
    purpose = models.CharField(_("what we write for"), max_length=300, blank=True, db_default="")
    legal_basis = models.CharField(
        _("legal basis"), max_length=10, choices=LegalBasis.choices, default=LegalBasis.CONSENT, db_default="consent"
    )
    is_double_opt_in = models.BooleanField(
        _("joining through a form is confirmed by mail (double opt-in)"), default=True, db_default=True
    )
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """One contact on one list. Leaving keeps the row: an import never brings somebody back."""

    class State(models.IntegerChoices):
        SUBSCRIBED = 1, pgettext_lazy("a subscription", "subscribed")
        UNSUBSCRIBED = 2, pgettext_lazy("a subscription", "unsubscribed")
        PENDING = 3, pgettext_lazy("a subscription", "waiting for confirmation")

    # References are unchecked by the server: two checks a row cost a quarter of a large import. What subscribes holds
    # the rows it names (an import the list and the people it knows, `subscribe` the person it writes a consent of), and
    # a contact that is deleted takes its subscriptions and consents with it, by a trigger of migration 0011.
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="subscriptions", db_index=False, db_constraint=False
    )
    contact_list = models.ForeignKey(
        ContactList, on_delete=models.CASCADE, related_name="subscriptions", db_index=False, db_constraint=False
    )
    state = models.SmallIntegerField(choices=State.choices, default=State.SUBSCRIBED, db_default=1)
    subscribed_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("subscription")
        constraints = [models.UniqueConstraint(fields=["contact", "contact_list"], name="one_subscription")]
        indexes = [
            # The audience of a campaign and the people of a list, block by block in the order of contact ids.
            models.Index(fields=["contact_list", "state", "contact"], name="subscription_audience"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.contact_list_id}"
