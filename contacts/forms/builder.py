"""The builder of subscribe forms."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import ContactField, ContactList, SubscribeForm
from contacts.models.subscribe_forms import WORDS

_LABELS = {
    "title": _("Title"),
    "introduction": _("Introduction"),
    "consent": _("What people agree to"),
    "tracking": _("The question about measuring"),
    "button": _("Button"),
    "thanks_title": _("Title after confirming"),
    "thanks": _("Words after confirming"),
}
_LONG = ("introduction", "consent", "tracking", "thanks")
_DEFAULTS = {
    "title": _("Receive our news"),
    "introduction": "",
    "consent": _("Yes, I want to receive your news by e-mail. I can leave at any time, in one click."),
    "tracking": _("You may measure whether I open your messages and what I click"),
    "button": _("Subscribe me"),
    "thanks_title": _("Thank you, it is done"),
    "thanks": "",
}


class BuilderForm(forms.ModelForm[SubscribeForm]):
    """One page for everything: fields `ask_<key>` and `<word>_<language>` besides those of the model."""

    lists = forms.ModelMultipleChoiceField(
        label=_("Lists"),
        queryset=ContactList.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("With several, people choose."),
    )
    slug = forms.SlugField(
        label=_("Address of its page"),
        max_length=60,
        required=False,
        help_text=_("Made from the name if you leave it empty."),
    )

    class Meta:
        model = SubscribeForm
        fields = ("name", "slug", "lists", "language", "asks_tracking", "refuses_disposable", "thanks_url", "is_active")
        labels = {
            "name": _("Name, for you"),
            "language": _("Main language"),
            "asks_tracking": _("Ask whether opens and clicks may be measured"),
            "refuses_disposable": _("Refuse throw-away mailboxes"),
            "thanks_url": _("Page of your site to go on to"),
            "is_active": _("Open"),
        }
        help_texts = {
            "asks_tracking": _("A box of its own, never ticked beforehand."),
            "thanks_url": _("Offered as a button once somebody has confirmed."),
            "is_active": _("A closed form takes nobody, and says so."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = self.fields["lists"]
        assert isinstance(lists, forms.ModelMultipleChoiceField)
        lists.queryset = ContactList.objects.order_by("name")
        self.custom = {f"field:{row.pk}": row.label for row in ContactField.objects.filter(archived_at=None)}
        asked = {one["key"]: one.get("is_required", False) for one in self.instance.fields}
        names = {"first_name": gettext("First name"), "last_name": gettext("Last name")}
        for key, label in {**names, **self.custom}.items():
            self.fields[f"ask_{key}"] = forms.ChoiceField(
                label=label,
                choices=[("", _("do not ask")), ("optional", _("optional")), ("required", _("required"))],
                required=False,
                initial={True: "required", False: "optional"}.get(asked.get(key, ""), ""),
            )
        for code, _name in settings.LANGUAGES:
            self._add_words(code)

    def _add_words(self, code: str) -> None:
        known = self.instance.words.get(code)
        is_new = self.instance._state.adding and code == settings.LANGUAGES[0][0]
        for word in WORDS:
            with translation.override(code):
                default = str(_DEFAULTS[word])
            self.fields[f"{word}_{code}"] = forms.CharField(
                label=_LABELS[word],
                required=False,
                max_length=1000 if word in _LONG else 150,
                widget=forms.Textarea(attrs={"rows": 2}) if word in _LONG else None,
                initial=known.get(word, "") if known else (default if is_new else ""),
            )
            self.fields[f"{word}_{code}"].widget.attrs |= {"lang": code, "placeholder": default}

    @property
    def asked_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("ask_")]

    @property
    def word_groups(self) -> Iterator[tuple[str, str, list[forms.BoundField], bool]]:
        """(code, name, fields, whether it is offered) of each language."""
        for code, name in settings.LANGUAGES:
            yield code, str(name), [self[f"{word}_{code}"] for word in WORDS], bool(self[f"title_{code}"].value())

    def clean_slug(self) -> str:
        name = str(self.cleaned_data.get("name", ""))
        slug = self.cleaned_data["slug"] or slugify(name)[:60] or "subscribe"
        if SubscribeForm.objects.exclude(pk=self.instance.pk).filter(slug=slug).exists():
            raise forms.ValidationError(_("Another form has this address."))
        return slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        own = cleaned.get("language", "")
        for code, _name in settings.LANGUAGES:
            if not cleaned.get(f"title_{code}"):
                if code == own:
                    self.add_error(f"title_{code}", _("The main language needs a title."))
                continue
            needed = ["consent", "button"] + (["tracking"] if cleaned.get("asks_tracking") else [])
            for word in needed:
                if not cleaned.get(f"{word}_{code}"):
                    self.add_error(f"{word}_{code}", _("Please write it: people must know what they agree to."))
        return cleaned

    def built(self) -> SubscribeForm:
        """The form as entered, not saved; also of what is not yet right, for the preview."""
        made = self.instance
        data = getattr(self, "cleaned_data", {})
        made.language = data.get("language") or made.language
        made.asks_tracking = bool(data.get("asks_tracking"))
        made.fields = [
            {"key": name.removeprefix("ask_"), "is_required": data[name] == "required"}
            for name in self.fields
            if name.startswith("ask_") and data.get(name)
        ]
        made.words = {
            code: {word: data.get(f"{word}_{code}", "") for word in WORDS}
            for code, _name in settings.LANGUAGES
            if data.get(f"title_{code}")
        }
        return made
