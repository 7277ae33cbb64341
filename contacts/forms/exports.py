"""Input about an export, to clean values; whom it is of is said by contacts/forms/filters.py."""

from django import forms

from contacts.models import ContactExport


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=ContactExport.Format.choices)
