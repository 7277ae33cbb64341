"""Stream: one kind of mail with its own way out, so that one never spoils or delays another."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation


class Stream(models.Model):
    """What holds for all mail of one kind. A mailing freezes it when it is planned; later changes reach later ones."""

    class Kind(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        TRANSACTIONAL = "transactional", _("Transactional")
        AUTOMATION = "automation", _("Automation")
        OTHER = "other", _("Other")

    class Scope(models.IntegerChoices):
        """Which suppressions keep somebody from being written to; those of everything always do."""

        MARKETING = 0, _("Every suppression: of everything, of marketing, of the list")
        EVERYTHING = 1, _("Only suppressions of everything: dead addresses, complaints, erasures")

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    is_default = models.BooleanField(default=False, editable=False)  # what takes mail of its kind unless one is chosen
    domain = models.ForeignKey(
        "deliverability.SendingDomain",
        verbose_name=_("sending domain"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="streams",
    )
    tracking_policy = models.CharField(
        _("tracking"), max_length=20, blank=True, choices=Organisation.TrackingPolicy.choices, default=""
    )  # empty: the organisation's
    scope = models.SmallIntegerField(_("suppressions that hold"), choices=Scope.choices, default=Scope.MARKETING)
    # A doubt is ended by a second copy instead of waiting for a person: better twice than never, for a password.
    repeats_doubts = models.BooleanField(_("rather twice than never"), default=False)
    created_at = models.DateTimeField(db_default=Now())
    providers = models.ManyToManyField("delivery.Provider", through="delivery.StreamProvider", related_name="streams")

    class Meta:
        verbose_name = _("stream")
        verbose_name_plural = _("streams")
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_default=True), name="one_default_stream_a_kind"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="marketing") | models.Q(scope=0), name="marketing_heeds_unsubscribes"
            ),
            models.CheckConstraint(
                condition=models.Q(repeats_doubts=False) | models.Q(kind="transactional"),
                name="only_transactional_repeats_doubts",
            ),
        ]

    def __str__(self) -> str:
        # The three that come with an installation are named in the reader's language until somebody names them.
        return str(self.Kind(self.kind).label) if self.name == self.kind else self.name

    @property
    def is_urgent(self) -> bool:
        """Never waits behind a campaign."""
        return self.kind == self.Kind.TRANSACTIONAL

    @property
    def is_transactional(self) -> bool:
        """Asked for by its reader: no list headers, nothing measured, and only a suppression of everything stops it."""
        return self.scope == self.Scope.EVERYTHING


class StreamProvider(models.Model):
    """One account a stream may use; the first that can is used. None at all: the account used by default."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="order")
    provider = models.ForeignKey("delivery.Provider", on_delete=models.CASCADE, related_name="+")
    position = models.SmallIntegerField()

    class Meta:
        verbose_name = _("provider of a stream")
        ordering = ("position", "pk")
        constraints = [models.UniqueConstraint(fields=["stream", "provider"], name="a_provider_once_a_stream")]

    def __str__(self) -> str:
        return f"{self.stream} {self.position} {self.provider}"


class StreamLimit(models.Model):
    """At most so many messages of a stream in a period, through whatever account, beside the account's own limits."""

    class Unit(models.IntegerChoices):
        """Seconds of the period."""

        SECOND = 1, _("messages a second")
        MINUTE = 60, _("messages a minute")
        HOUR = 3600, _("messages an hour")
        DAY = 86_400, _("messages a day")

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="limits")
    unit = models.IntegerField(_("unit"), choices=Unit.choices)
    amount = models.PositiveIntegerField(_("at most"))

    class Meta:
        verbose_name = _("limit of a stream")
        constraints = [
            models.UniqueConstraint(fields=["stream", "unit"], name="one_stream_limit_a_unit"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_stream_lets_something_through"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.get_unit_display()}"


class StreamDay(models.Model):
    """Messages a stream may have handed over in one UTC day: reserved before the mark, so never exceeded."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    reserved_count = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("count of a stream's day")
        constraints = [models.UniqueConstraint(fields=["stream", "on"], name="one_stream_count_a_day")]

    def __str__(self) -> str:
        return f"{self.stream_id} {self.on} {self.reserved_count}"
