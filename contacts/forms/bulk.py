"""What a bulk change is to do, to clean terms: a form an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contacts.models import BulkChange, ConsentStatement, ContactField, ContactList, Tag
from contacts.services import state_source, tags_named
from contacts.values import WrongValue, value_of

_Action = BulkChange.Action


class BulkForm(forms.Form):
    """One action's terms. `terms` writes down what a change needs (a tag, a statement), once the form is valid."""

    def terms(self, user: User) -> dict[str, Any]:
        return {}


class TagForm(BulkForm):
    tag = forms.CharField(
        label=_("Tag"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"}),
        help_text=_("One that is there, or a new one."),
    )

    def clean_tag(self) -> str:
        name = " ".join(str(self.cleaned_data["tag"]).split())
        if not name or "~" in name:
            raise forms.ValidationError(gettext("A tag is a word or two."))
        return name

    def terms(self, user: User) -> dict[str, Any]:
        (tag,) = tags_named([self.cleaned_data["tag"]])
        return {"tag": tag.pk}


class UntagForm(BulkForm):
    tag = forms.ModelChoiceField(label=_("Tag"), queryset=Tag.objects.order_by("name"))

    def terms(self, user: User) -> dict[str, Any]:
        return {"tag": self.cleaned_data["tag"].pk}


class SubscribeForm(BulkForm):
    contact_list = forms.ModelChoiceField(label=_("List"), queryset=ContactList.objects.order_by("name"))
    source = forms.CharField(
        label=_("Where the consent comes from"),
        max_length=300,
        help_text=_("In your words, for the record: “asked by phone on 3 May”, “order form, box ticked”."),
    )

    def terms(self, user: User) -> dict[str, Any]:
        statement = state_source(origin=ConsentStatement.Origin.STAFF, source=self.cleaned_data["source"])
        return {"list": self.cleaned_data["contact_list"].pk, "statement": statement.pk}


class UnsubscribeForm(BulkForm):
    contact_list = forms.ModelChoiceField(label=_("List"), queryset=ContactList.objects.order_by("name"))

    def terms(self, user: User) -> dict[str, Any]:
        source = gettext("unsubscribed by %(name)s") % {"name": user}
        statement = state_source(origin=ConsentStatement.Origin.STAFF, source=source)
        return {"list": self.cleaned_data["contact_list"].pk, "statement": statement.pk}


class SetFieldForm(BulkForm):
    """A field and a value that fits it; no value empties the field."""

    field = forms.ModelChoiceField(
        label=_("Field"), queryset=ContactField.objects.filter(archived_at=None).order_by("label")
    )
    value = forms.CharField(
        label=_("Value"),
        required=False,
        max_length=5_000,
        help_text=_("As in a file: yes or no, 31/12/2026, choices with commas between. Left empty, it is emptied."),
    )

    def clean(self) -> dict[str, Any]:
        field = self.cleaned_data.get("field")
        if field is not None:
            try:
                self.cleaned_data["value"] = value_of(field, self.cleaned_data.get("value", ""))
            except WrongValue as error:
                self.add_error("value", str(error))
        return self.cleaned_data

    def terms(self, user: User) -> dict[str, Any]:
        return {"field": self.cleaned_data["field"].pk, "value": self.cleaned_data["value"]}


class EraseForm(BulkForm):
    """Erasing cannot be undone, so the word is typed."""

    word = forms.CharField(label=_("To be sure"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["word"].help_text = gettext("Type %(word)s.") % {"word": erase_word()}

    def clean_word(self) -> str:
        if str(self.cleaned_data["word"]).strip().upper() != erase_word():
            raise forms.ValidationError(gettext("Type %(word)s.") % {"word": erase_word()})
        return erase_word()


def erase_word() -> str:
    return pgettext("typed before erasing", "ERASE")


FORMS: dict[str, type[BulkForm]] = {
    _Action.TAG: TagForm,
    _Action.UNTAG: UntagForm,
    _Action.SUBSCRIBE: SubscribeForm,
    _Action.UNSUBSCRIBE: UnsubscribeForm,
    _Action.SUPPRESS: BulkForm,
    _Action.SET_FIELD: SetFieldForm,
    _Action.ERASE: EraseForm,
}
