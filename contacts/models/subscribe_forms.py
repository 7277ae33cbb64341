"""Forms people join lists with: a hosted page, and HTML for any site."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

WORDS = ("title", "introduction", "consent", "tracking", "button", "thanks_title", "thanks")


class SubscribeForm(models.Model):
    """What is asked, for which lists, in which words.

    `fields`: [{"key": "first_name", "is_required": false}, …], keys of NAMES or of a ContactField ("field:<id>").
    `words`: {"fr": {"title": …, one of WORDS each}}, a language that is not there is not offered.
    """

    NAMES = ("first_name", "last_name")

    name = models.CharField(_("name"), max_length=150, unique=True)
    slug = models.SlugField(_("address of its page"), max_length=60, unique=True)
    lists = models.ManyToManyField("contacts.ContactList", related_name="forms", verbose_name=_("lists"))
    fields = models.JSONField(default=list)
    words = models.JSONField(default=dict)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    asks_tracking = models.BooleanField(_("ask whether opens may be measured (never ticked)"), default=False)
    refuses_disposable = models.BooleanField(_("refuse addresses of throw-away mailboxes"), default=False)
    thanks_url = models.URLField(_("page of yours to go to after confirming"), blank=True, max_length=500)
    is_active = models.BooleanField(_("open"), default=True)
    is_sample = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("subscribe form")
        verbose_name_plural = _("subscribe forms")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def languages(self) -> list[str]:
        """Those with words, its own first."""
        return sorted(self.words, key=lambda code: code != self.language)

    def words_in(self, language: str) -> dict[str, Any]:
        """Its words in `language`, else in its own."""
        found: dict[str, Any] = self.words.get(language) or self.words.get(self.language) or {}
        return found
