"""What the DNS said about a domain people have their mailboxes at."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class MailDomain(models.Model):
    """One domain that is no mailbox provider's own, and who takes its mail; kept until `due_at`, then asked again."""

    class Answer(models.IntegerChoices):
        UNASKED = 0, _("not asked yet")
        SERVERS = 1, _("mail servers")
        NONE = 2, _("no mail servers")  # none published; the domain's own address may still take mail
        REFUSES = 3, _("takes no mail")  # a null MX (RFC 7505), or no such domain
        FAILED = 4, _("no answer")  # what was known before stays

    name = models.CharField(_("domain"), max_length=253, primary_key=True)  # A-label, lower case
    mx_group = models.SmallIntegerField(_("mailbox provider"), db_default=0)
    answer = models.SmallIntegerField(_("answer"), choices=Answer.choices, default=Answer.UNASKED, db_default=0)
    hosts = models.TextField(_("mail servers"), blank=True, db_default="")  # the preferred first, by spaces
    failure_count = models.SmallIntegerField(db_default=0)  # in a row
    asked_at = models.DateTimeField(_("asked"), null=True)
    due_at = models.DateTimeField(_("asked again"), db_default=Now())
    is_applied = models.BooleanField(db_default=True)  # contacts carry mx_group already

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        indexes = [
            models.Index(fields=["due_at"], name="mail_domain_due"),
            models.Index(fields=["name"], name="mail_domain_unapplied", condition=models.Q(is_applied=False)),
        ]

    def __str__(self) -> str:
        return self.name
