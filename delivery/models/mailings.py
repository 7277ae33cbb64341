"""Mailing: one frozen send. Content: what one variant in one language says. Link: where its links lead."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Mailing(models.Model):
    """One frozen send. `delivery` never learns who asked for it.

        planned → sending ⇄ paused          snapshot and dispatch run in `sending` only
                     │  └──────────→ cancelled    what is left becomes skipped
                     └→ finished (nothing pending, nothing sending, and the ledger balances)

    `planned` waits for `starts_at`: the undo window, or a date.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        SENDING = "sending", _("being sent")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")
        FINISHED = "finished", _("finished")

    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    stream = models.ForeignKey("delivery.Stream", null=True, on_delete=models.PROTECT, related_name="mailings")
    # Through whom it is planned to leave; a batch knows through whom it does (delivery/failover).
    provider = models.ForeignKey("delivery.Provider", on_delete=models.PROTECT, related_name="mailings")
    is_pinned = models.BooleanField(db_default=True)  # this account and no other: somebody chose it
    occasion = models.BigIntegerField()  # one number per campaign with all its variants
    audience = models.JSONField(default=dict)  # contacts/audience.py compiles it; frozen
    from_domain = models.CharField(max_length=253, db_default="")  # of its From addresses; a warm-up goes by it
    policy = models.CharField(max_length=20)  # the stream's tracking policy, or the organisation's, when it started
    public_url = models.URLField()  # where unsubscribe and view pages live in these mails
    tracking_url = models.URLField()  # where pixel and links live in these mails
    organisation = models.JSONField(default=dict)  # name and address as printed
    is_test = models.BooleanField(default=False)  # out of every figure
    # The stream's, frozen: asked for by its reader (no list headers, only a suppression of everything stops it), and
    # doubts ended by a second copy.
    is_transactional = models.BooleanField(default=False, db_default=False)
    repeats_doubts = models.BooleanField(default=False, db_default=False)
    # Single messages may be written into it until then (StandingMailing); it is not finished before.
    open_until = models.DateTimeField(null=True)
    is_sample = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Why nothing moves, in words for people (the server's own where a provider refused), and until when.
    pause_reason = models.TextField(blank=True)
    paused_until = models.DateTimeField(null=True)
    # A steady rhythm ("over six hours"), and hours of the organisation's zone in which nothing leaves.
    pace_seconds = models.PositiveIntegerField(null=True)
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    # Waves, where there are many people: how many of each mailbox provider leave first (0: by the rule of
    # limits/brake.py, null: everybody at once), and for how long what comes back is watched.
    canary_size = models.PositiveIntegerField(null=True)
    canary_minutes = models.PositiveSmallIntegerField(db_default=15)
    # Snapshot, block by block by contact id; the planned number is provisional until it is done.
    snapshot_cursor = models.BigIntegerField(default=0)
    snapshot_done_at = models.DateTimeField(null=True)
    planned_count = models.IntegerField(default=0)
    first_message_id = models.BigIntegerField(null=True)
    last_message_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("mailing")
        indexes = [
            models.Index(
                fields=["starts_at"], name="mailing_open", condition=models.Q(state__in=["planned", "sending"])
            )
        ]

    def __str__(self) -> str:
        return self.name


class Content(models.Model):
    """What one variant in one language says, compiled once (delivery/skeleton) and filled per person."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="contents")
    variant = models.CharField(max_length=20, default="A")
    language = models.CharField(max_length=5, default="fr")
    subject = models.TextField()  # Liquid
    preheader = models.TextField(blank=True)  # Liquid
    sender_name = models.CharField(max_length=100, blank=True)
    sender_address = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, blank=True)
    bounce_address = models.CharField(max_length=290, blank=True, db_default="")  # as the domain had it when planned
    html = models.TextField()  # compiled MJML with Liquid in it
    text = models.TextField(blank=True)  # Liquid; made from the HTML where empty

    class Meta:
        verbose_name = _("content")
        constraints = [models.UniqueConstraint(fields=["mailing", "variant", "language"], name="one_content")]

    def __str__(self) -> str:
        return self.subject


class Link(models.Model):
    """One link of a content; tokens name it by `number`, counted within the mailing."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="links")
    content = models.ForeignKey(Content, on_delete=models.CASCADE, related_name="links")
    number = models.PositiveIntegerField()
    url = models.TextField()  # may hold Liquid: then it is rendered again with the message's variables at the click
    label = models.CharField(max_length=300, blank=True)  # the words of the link, or the image's description

    class Meta:
        verbose_name = _("link")
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="one_link")]

    def __str__(self) -> str:
        return self.url


class StandingMailing(models.Model):
    """Where single messages of one kind are written: a mailing a month, so that old ranges can be dropped one day.

    `key` names kind, language, provider, sender and what is said: when one of them changes, another mailing begins.
    """

    key = models.CharField(max_length=120)
    month = models.DateField()  # its first day
    mailing = models.OneToOneField(Mailing, on_delete=models.CASCADE, related_name="standing")

    class Meta:
        verbose_name = _("standing mailing")
        constraints = [models.UniqueConstraint(fields=["key", "month"], name="one_standing_mailing")]

    def __str__(self) -> str:
        return f"{self.key} {self.month}"


class ListMail(models.Model):
    """In whose name and through whom a list writes by itself, and how it says welcome."""

    contact_list = models.OneToOneField("contacts.ContactList", on_delete=models.CASCADE, related_name="mail")
    sender = models.ForeignKey(
        "deliverability.Sender",
        verbose_name=_("sender"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    provider = models.ForeignKey(
        "delivery.Provider",
        verbose_name=_("provider"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    welcome_subject = models.CharField(_("subject of the welcome message"), max_length=200, blank=True)
    welcome_template = models.ForeignKey(
        "templates_app.Template",
        verbose_name=_("welcome message"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("mail of a list")

    def __str__(self) -> str:
        return str(self.contact_list)
