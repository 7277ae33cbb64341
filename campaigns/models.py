"""A campaign: what somebody means to send, to whom, when. Sending itself is delivery's Mailing."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Campaign(models.Model):
    """One one-off mailing, from draft to report.

    draft → scheduled → started (its mailing tells the rest: delivery.Mailing.State)
              └→ draft (undo, or the date was taken back)
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        STARTED = "started", _("started")

    name = models.CharField(_("name"), max_length=150, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
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
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    mailing = models.OneToOneField(
        "delivery.Mailing", null=True, blank=True, on_delete=models.PROTECT, related_name="campaign", editable=False
    )
    occasion = models.BigIntegerField(null=True, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes = [models.Index(fields=["-updated_at", "-id"], name="campaign_newest")]

    def __str__(self) -> str:
        return self.name
