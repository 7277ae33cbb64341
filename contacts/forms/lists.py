"""Input about lists and suppressions, to clean values."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.addresses import BrokenAddress, address_key
from contacts.models import ContactList, Suppression


class ListForm(forms.ModelForm[ContactList]):
    class Meta:
        model = ContactList
        fields = ["name", "description", "purpose", "legal_basis", "is_public", "is_double_opt_in"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "name": _("Name"),
            "description": _("Description"),
            "purpose": _("What we write for"),
            "legal_basis": _("Legal basis"),
            "is_public": _("Public"),
            "is_double_opt_in": _("Double opt-in"),
        }
        help_texts = {
            "description": _("One sentence, shown on the preference page: what, and how often."),
            "purpose": _("For your records of processing, such as “news of the workshop to customers”."),
            "legal_basis": _(
                "Consent is the rule for people. You may also write to customers about goods like those they bought, "
                "and to professionals about their trade. A contract covers what it needs, never advertising."
            ),
            "is_public": _("Anybody may join it on the preference page. A private list shows only to its members."),
            "is_double_opt_in": _(
                "Who joins through a form confirms from their mailbox. Without it, strangers can put anybody on it."
            ),
        }


class SuppressionForm(forms.Form):
    """An address that must not be written to."""

    address = forms.CharField(label=_("E-mail address"), max_length=320)
    scope = forms.TypedChoiceField(
        label=_("Must not receive"),
        coerce=int,
        choices=[
            (Suppression.Scope.ALL, _("anything")),
            (Suppression.Scope.MARKETING, _("campaigns")),
            (Suppression.Scope.LIST, _("one list")),
        ],
    )
    contact_list = forms.ModelChoiceField(
        label=_("Which list"), queryset=ContactList.objects.order_by("name"), required=False
    )
    origin = forms.CharField(label=_("Why, for the record"), max_length=200, required=False)

    def clean_address(self) -> str:
        try:
            return address_key(self.cleaned_data["address"])
        except BrokenAddress as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("scope") == Suppression.Scope.LIST and not cleaned.get("contact_list"):
            self.add_error("contact_list", _("Which list must not reach this address?"))
        return cleaned
