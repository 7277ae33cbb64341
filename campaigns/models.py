"""A campaign: what somebody means to send, to whom, when. Sending itself is delivery's Mailing."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# How long "send now" can be taken back before the first message leaves.
UNDO = timedelta(seconds=10)
PACES = (0, 1, 2, 4, 6, 12, 24, 48)  # hours a campaign can be spread over
WATCHES = (5, 15, 30, 60, 120, 240)  # minutes a first wave can be watched
NIGHT = (time(21), time(8))  # from, to, in the organisation's zone


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def shown(self) -> "CampaignQuerySet":
        """With what a row or a head of a page says about each, without a query per campaign."""
        return self.select_related(
            "mailing__provider",
            "mailing__stream",
            "stream",
            "provider",
            "sender__domain",
            "template_version__template",
            "user",
            "started_by",
        )

    def due(self, now: datetime) -> "CampaignQuerySet":
        """Scheduled, and their time has come."""
        return self.filter(state=Campaign.State.SCHEDULED, starts_at__lte=now)

    def in_phase(self, phase: str) -> "CampaignQuerySet":
        """Drafts, scheduled ones, or by the state of their mailing; an unknown word gives none."""
        if phase in (Campaign.State.DRAFT, Campaign.State.SCHEDULED):
            return self.filter(state=phase)
        return self.filter(mailing__state=phase)


class Campaign(models.Model):
    """One one-off mailing, from draft to report.

        draft → scheduled → started     its mailing tells the rest: delivery.Mailing.State
          ↑        │
          └────────┘   undo, the date taken back, or a check that blocks at the start (`problem` says which)

    Only a draft can be changed or deleted. A move is one conditional update; who finds no row left has lost.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        STARTED = "started", _("started")

    name = models.CharField(_("name"), max_length=150, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    lists = models.ManyToManyField(
        "contacts.ContactList", verbose_name=_("lists"), related_name="campaigns", blank=True
    )
    template_version = models.ForeignKey(
        "templates_app.TemplateVersion",
        verbose_name=_("template"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
    )
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    preheader = models.CharField(_("preheader"), max_length=300, blank=True)
    sender = models.ForeignKey(
        "deliverability.Sender",
        verbose_name=_("sender"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
    )
    reply_to = models.EmailField(_("reply to"), blank=True)
    provider = models.ForeignKey(
        "delivery.Provider",
        verbose_name=_("provider"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
    )  # none: the stream's
    stream = models.ForeignKey(
        "delivery.Stream",
        verbose_name=_("stream"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
    )  # none: the one for marketing
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True, editable=False)
    # The rhythm: spread evenly over so many hours (0: as fast as limits allow), and nothing between NIGHT's hours.
    pace_hours = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    rests_at_night = models.BooleanField(default=False, db_default=False, editable=False)
    # The first wave: people of each mailbox provider (0: by the rule, in large campaigns), and minutes it is watched.
    wave_size = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    wave_minutes = models.PositiveSmallIntegerField(default=15, db_default=15, editable=False)
    # How many people the review page had shown when somebody pressed "send", until they were counted once more.
    seen_count = models.PositiveIntegerField(null=True, editable=False)
    # Why it is a draft again although somebody had pressed "send": the checks that blocked, in words for people.
    problem = models.TextField(blank=True, default="", editable=False)
    mailing = models.OneToOneField(
        "delivery.Mailing", null=True, blank=True, on_delete=models.PROTECT, related_name="campaign", editable=False
    )
    occasion = models.BigIntegerField(null=True, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="campaign_newest"),
            models.Index(fields=["starts_at"], name="campaign_due", condition=models.Q(state="scheduled")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(starts_at__isnull=False), name="scheduled_has_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="started", mailing__isnull=False)
                | (~models.Q(state="started") & models.Q(mailing__isnull=True)),
                name="started_has_a_mailing",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def target(self) -> str:
        """How the audit log names it."""
        return f"campaign:{self.pk}"

    @property
    def phase(self) -> str:
        """draft, scheduled, or the state of its mailing (planned, sending, paused, cancelled, finished)."""
        return self.mailing.state if self.mailing else self.state

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_scheduled(self) -> bool:
        return self.state == self.State.SCHEDULED

    def move(self, *, to: str, starts_at: datetime | None) -> bool:
        """From the state this object was read in to another; False when somebody else moved it first."""
        mine = Campaign.objects.filter(pk=self.pk, state=self.state, starts_at=self.starts_at)
        if not mine.update(state=to, starts_at=starts_at, updated_at=Now()):
            return False
        self.state, self.starts_at = to, starts_at
        return True
