"""Input about an import, to clean values."""

from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.imports.journal import new_key
from contacts.imports.mapping import ADDRESS, ATTRIBUTES, FIELD, FIRST_NAME, LANGUAGE, LAST_NAME, NAME, NOTHING
from contacts.models import ConsentState, ContactField, ContactImport, ContactList


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Comma, semicolon or tab; any encoding; any size. In Excel: File, Save as, CSV."),
        allow_empty_file=True,  # said in our own words
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
    )


class ColumnsForm(forms.Form):
    """One choice per column of a file."""

    def __init__(self, *args: Any, job: ContactImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(f"{FIELD}{field.pk}", field.label) for field in ContactField.objects.all()]
        for index, column in enumerate(job.columns):
            target = job.mapping.get(str(index), NOTHING)
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=column or gettext("(no title)"),
                required=False,
                choices=_targets(own, new=target if target.startswith("new:") else new_key(column)),
                initial=target,
                widget=forms.Select(attrs={"class": "form-select", "aria-label": column or gettext("(no title)")}),
            )

    def mapping(self) -> dict[str, str]:
        return {name.removeprefix("column_"): value for name, value in self.cleaned_data.items()}


def _targets(own: list[tuple[str, str]], *, new: str) -> list[Any]:
    return [
        (NOTHING, _("leave out")),
        (
            _("Contact"),
            [
                (ADDRESS, _("E-mail address")),
                (FIRST_NAME, _("First name")),
                (LAST_NAME, _("Last name")),
                (NAME, _("First and last name")),
                (LANGUAGE, _("Language")),
                (ATTRIBUTES, _("Attributes (JSON)")),
            ],
        ),
        (
            _("Fields"),
            [*own, (new, lazystr(gettext("new field “%(name)s”") % {"name": new.removeprefix("new:")}))],
        ),
    ]


class ImportConsentForm(forms.Form):
    """On what proof the people of a file come in."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.all(), required=False, empty_label=_("a new list")
    )
    new_list = forms.CharField(label=_("Name of the new list"), max_length=150, required=False)
    consent_source = forms.CharField(
        label=_("Where does their consent come from?"),
        max_length=300,
        help_text=_(
            "Kept with every person, as proof: “form of the online shop, box ticked, double opt-in”, "
            "“customers of the shop in Lyon, receipt signed”."
        ),
    )
    tracking_consent = forms.TypedChoiceField(
        label=_("What did they say about measuring opens and clicks?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (ConsentState.UNKNOWN, _("They were not asked")),
            (ConsentState.GRANTED, _("They agreed")),
            (ConsentState.DENIED, _("They refused")),
        ],
        initial=ConsentState.UNKNOWN,
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        name = (found.get("new_list") or "").strip()
        if not found.get("contact_list") and not name:
            self.add_error("new_list", gettext("Choose a list, or give a new one a name."))
        elif not found.get("contact_list") and ContactList.objects.filter(name=name).exists():
            self.add_error("new_list", gettext("There is a list of this name: choose it above."))
        return found
