"""Input about hygiene, to clean values."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.addresses import BrokenAddress, address_key
from contacts.models import Contact, ContactList, HygieneRule


class SunsetForm(forms.ModelForm[HygieneRule]):
    class Meta:
        model = HygieneRule
        fields = ("quiet_days", "contact_list", "answer_days", "counts_opens", "is_on")
        labels = {
            "quiet_days": _("Days without a click or another act of their own"),
            "contact_list": _("Win-back list"),
            "answer_days": _("Days on it before campaigns stop"),
            "counts_opens": _("An open counts as a sign of life"),
            "is_on": _("Switched on"),
        }
        help_texts = {
            "quiet_days": _("Only people you wrote to in that time are counted: who got nothing cannot answer."),
            "contact_list": _("A list of its own, kept private. You write to it what would make people come back."),
            "answer_days": _("Who received nothing on the win-back list in that time is not given up, but waits."),
            "counts_opens": _("Machines open messages too, so a dead mailbox may look alive. Clicks are surer."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = self.fields["contact_list"]
        assert isinstance(lists, forms.ModelChoiceField)
        lists.queryset = ContactList.objects.filter(is_sample=False).order_by("name")
        _bounds(self, quiet=(30, 3_650), answer=(7, 365))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_on") and not cleaned.get("contact_list"):
            self.add_error("contact_list", gettext("The rule needs a list to win people back from."))
        _foreseen(self)
        return cleaned


class RetentionForm(forms.ModelForm[HygieneRule]):
    class Meta:
        model = HygieneRule
        fields = ("quiet_days", "answer_days", "is_on")
        labels = {
            "quiet_days": _("Days since their last own act"),
            "answer_days": _("Days to answer before they are erased"),
            "is_on": _("Switched on"),
        }
        help_texts = {
            "quiet_days": _("Three years (1,095 days) is what the CNIL recommends for prospects."),
            "answer_days": _("They are asked once, by a message with one button; then erased, with a trace."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounds(self, quiet=(365, 3_650), answer=(30, 365))

    def clean(self) -> dict[str, Any]:
        super().clean()
        _foreseen(self)
        return self.cleaned_data


def _bounds(form: forms.BaseForm, *, quiet: tuple[int, int], answer: tuple[int, int]) -> None:
    for name, (least, most) in (("quiet_days", quiet), ("answer_days", answer)):
        form.fields[name] = forms.IntegerField(
            label=form.fields[name].label,
            help_text=form.fields[name].help_text,
            min_value=least,
            max_value=most,
        )


def _foreseen(form: forms.ModelForm[HygieneRule]) -> None:
    """A rule is switched on by somebody who has seen what it would do."""
    if form.cleaned_data.get("is_on") and not form.instance.forecast:
        form.add_error("is_on", gettext("Have it counted first: see what it would do before it does it."))


class OtherContactForm(forms.Form):
    """The address of somebody else in the contacts, who is the same person."""

    address = forms.CharField(
        label=_("Address of the other contact"),
        max_length=320,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )

    def clean_address(self) -> Contact:
        try:
            key = address_key(self.cleaned_data["address"])
        except BrokenAddress as error:
            raise forms.ValidationError(str(error)) from error
        found = Contact.objects.filter(address_key=key).first()
        if found is None:
            raise forms.ValidationError(_("No contact has this address."))
        return found
