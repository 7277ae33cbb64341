"""Contact, and what it last did."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import StartsWith
from django.utils.translation import gettext_lazy as _

from contacts.addresses import folded
from contacts.models.consent import ConsentState
from contacts.models.subscriptions import Subscription
from contacts.models.suppressions import Suppression
from contacts.models.tags import ContactTag

if TYPE_CHECKING:
    from contacts.models.subscriptions import ContactList


# The last word of the sort key, the first name as a rule: who is looked for by it has an index, too. Statistics on it
# tell the planner rare names from common ones, which a search over words (GIN) never learns.
_LAST_WORD = models.Func(
    models.F("sort_key"), models.Value(" "), models.Value(-1), function="split_part", output_field=models.CharField()
)


def is_called(text: str) -> models.Q:
    """Address, last name or first name begins with `text`, or they are called so; no case, no accents."""
    text = text.strip()
    words = folded(text).split()
    if not words:
        return models.Q()
    found = models.Q(address_key__startswith=text.lower()) | models.Q(sort_key__startswith=" ".join(words))
    if len(words) == 1:
        return found | models.Q(StartsWith(_LAST_WORD, words[0]))
    first_then_last = models.Q(sort_key__startswith=words[-1])
    for word in words[:-1]:
        first_then_last &= models.Q(sort_key__contains=f" {word}")
    return found | first_then_last


def is_suppressed(reason: int | None = None) -> models.Q:
    """Not to be mailed by a campaign, whatever lists say; for one reason, or any."""
    return models.Q(models.Exists(_suppressions(reason)))


def is_mailable() -> models.Q:
    """A campaign to their lists reaches them: on a list, on no break, not suppressed; `standing_of` says why."""
    state = Subscription.State.SUBSCRIBED
    subscribed = models.Q(models.Exists(Subscription.objects.filter(contact=models.OuterRef("pk"), state=state)))
    on_a_break = models.Q(paused_until__isnull=False, paused_until__gt=Now())
    return subscribed & ~on_a_break & ~is_suppressed()


class ContactQuerySet(models.QuerySet["Contact"]):
    """Words for sets of people; each is a condition an index answers."""

    def search(self, text: str) -> "ContactQuerySet":
        """Whose address, last name or first name begins with `text`, or who is called so."""
        return self.filter(is_called(text))

    def on_list(self, contact_list: "ContactList | int") -> "ContactQuerySet":
        """Subscribed to the list."""
        state = Subscription.State.SUBSCRIBED
        on_it = Subscription.objects.filter(contact=models.OuterRef("pk"), contact_list=contact_list, state=state)
        return self.filter(models.Exists(on_it))

    def who_left(self, contact_list: "ContactList | int") -> "ContactQuerySet":
        """Once on the list, and left it."""
        state = Subscription.State.UNSUBSCRIBED
        left = Subscription.objects.filter(contact=models.OuterRef("pk"), contact_list=contact_list, state=state)
        return self.filter(models.Exists(left))

    def tagged(self, tag: int) -> "ContactQuerySet":
        """Who carries the tag."""
        return self.filter(models.Exists(ContactTag.objects.filter(tag=tag, contact=models.OuterRef("pk"))))

    def subscribed(self) -> "ContactQuerySet":
        """On at least one list."""
        state = Subscription.State.SUBSCRIBED
        return self.filter(models.Exists(Subscription.objects.filter(contact=models.OuterRef("pk"), state=state)))

    def suppressed(self, reason: int | None = None) -> "ContactQuerySet":
        """Not to be mailed by a campaign, whatever lists say; for one reason, or any."""
        return self.filter(is_suppressed(reason))

    def mailable(self) -> "ContactQuerySet":
        """Whom a campaign to their lists reaches."""
        return self.filter(is_mailable())


def _suppressions(reason: int | None) -> models.QuerySet[Suppression]:
    every_list = models.Q(scope__lt=Suppression.Scope.LIST)
    rows = Suppression.objects.filter(every_list, address_key=models.OuterRef("address_key"))
    return rows if reason is None else rows.filter(reason=reason)


class Contact(models.Model):
    """A person, known by one address.

    `address` is kept as typed; `address_key` (contacts/addresses.py) is what identifies it everywhere; `sort_key` is
    folded by Python, because lower() and the order of the server depend on its locale.
    """

    uuid = models.UUIDField(
        default=uuid.uuid4, db_default=models.Func(function="gen_random_uuid"), unique=True, editable=False
    )
    address = models.CharField(_("address"), max_length=320)
    address_key = models.CharField(max_length=320, editable=False)
    # Byte order: what Python folded needs no locale, and one index then serves both the order and the prefix search.
    sort_key = models.CharField(max_length=200, editable=False, db_collation="C")
    first_name = models.CharField(_("first name"), max_length=100, blank=True, db_default="")
    last_name = models.CharField(_("last name"), max_length=100, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True, db_default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, db_default="")  # empty: the organisation's
    mx_group = models.SmallIntegerField(_("mailbox provider"), db_default=0, editable=False)  # mailbox_providers.py
    fields = models.JSONField(default=dict, db_default={}, blank=True)  # {"<ContactField id>": value}
    # The latest tracking consents, copied from the append-only rows so that a snapshot reads no history.
    open_consent = models.SmallIntegerField(choices=ConsentState.choices, db_default=0, editable=False)
    click_consent = models.SmallIntegerField(choices=ConsentState.choices, db_default=0, editable=False)
    paused_until = models.DateTimeField(_("no campaigns until"), null=True, blank=True, editable=False)
    tracking_asked_at = models.DateTimeField(null=True, editable=False)  # no asking again within six months
    is_sample = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("added"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            # With pattern operators one index is the key, the equality look-up and the prefix search, in any collation.
            models.UniqueConstraint(fields=["address_key"], name="one_contact", opclasses=["varchar_pattern_ops"]),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="contact_order"),
            models.Index(_LAST_WORD, name="contact_last_word"),
            # Few are on a break, and a filter asks for just them.
            models.Index(
                fields=["paused_until"], name="contact_on_a_break", condition=models.Q(paused_until__isnull=False)
            ),
            # One for all columns with few values: PostgreSQL 18 skips through it to any of them, so that a filter
            # nobody fits reads no million rows. An index each would cost an import four times as much.
            models.Index(fields=["mx_group", "language", "open_consent", "click_consent"], name="contact_traits"),
            BrinIndex(fields=["updated_at"], name="contact_changed", autosummarize=True),
            GinIndex(fields=["fields"], name="contact_fields", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = self.name.split() or self.address.partition("@")[0].replace(".", " ").split() or ["?"]
        return f"{words[0][:1]}{words[-1][:1] if len(words) > 1 else ''}".upper()


class Engagement(models.Model):
    """What a contact last did: narrow, so that it changes without touching the contact's indexes.

    Mailing ids are plain integers: engagement is pushed down from higher floors (feedback).
    """

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE, related_name="engagement")
    last_opened_on = models.DateField(null=True)  # a date, not an instant: all that hygiene mode may keep
    last_clicked_at = models.DateTimeField(null=True)
    last_own_at = models.DateTimeField(null=True)  # another act of their own: a confirmation, the preference page
    soft_bounce_count = models.SmallIntegerField(db_default=0)

    class Meta:
        verbose_name = _("engagement")

    def __str__(self) -> str:
        return f"engagement of {self.contact_id}"
