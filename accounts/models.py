"""Who may do what, and in whose name this installation writes."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who can sign in; without a password they must ask for one by mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody of the team. Signs in with an e-mail address."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("administrator"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = (self.name or self.email.split("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper()


class Organisation(models.Model):
    """The one organisation of this installation: identity and postal address stand in every bulk message."""

    class TrackingPolicy(models.TextChoices):
        """Presets of what may be measured without a person's explicit yes (contacts/tracking.py has the table)."""

        FRANCE = "france", _("France (CNIL)")
        ITALY = "italy", _("Italy (Garante)")
        EU_STRICT = "eu_strict", _("European Union, strict")
        NONE = "none", _("No consent needed")

    name = models.CharField(_("name"), max_length=200, blank=True)
    address = models.TextField(_("postal address"), max_length=500, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    tracking_policy = models.CharField(
        _("tracking policy"), max_length=20, choices=TrackingPolicy.choices, default=TrackingPolicy.FRANCE
    )
    set_up_at = models.DateTimeField(null=True, editable=False)
    # Fingerprints of the key rings that wrote this database: another ring stops the start with one sentence.
    key_fingerprints = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("organisation")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_organisation")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_complete(self) -> bool:
        """Whether the first visit's questions were answered; nothing is sent before."""
        return bool(self.name and self.address and self.set_up_at)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class AuditEntry(models.Model):
    """One thing somebody decided: append-only."""

    at = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60)  # "campaign.send", "provider.add", …
    target = models.CharField(max_length=100)  # "campaign:12"
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["target", "-at"])]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.target}"


class ApiKey(models.Model):
    """What other software signs in with. The secret is shown once; here there is only its hash."""

    class Scope(models.TextChoices):
        SEND = "messages:send", _("send messages")
        READ = "messages:read", _("read what became of its messages")

    name = models.CharField(_("name"), max_length=80)
    start = models.CharField(max_length=12, editable=False)  # of the secret, so that people recognise it
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256: a random secret needs no salt
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("may"), default=list)
    per_minute = models.PositiveIntegerField(_("messages a minute at most"), null=True, blank=True)  # null: no limit
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name
