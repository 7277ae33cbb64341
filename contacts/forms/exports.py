"""Input about an export, to clean values."""

from django import forms

from contacts.models import ContactExport, ContactList, Tag


class ExportForm(forms.Form):
    """The filter of the contact table, and a format."""

    q = forms.CharField(required=False, max_length=200)
    list = forms.ModelChoiceField(queryset=ContactList.objects.all(), required=False)
    state = forms.RegexField(r"^(mailable|left|suppressed|\d{1,3})?$", required=False)
    tag = forms.ModelChoiceField(queryset=Tag.objects.all(), required=False)
    format = forms.ChoiceField(choices=ContactExport.Format.choices)
