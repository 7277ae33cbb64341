"""Input about an import, to clean values."""

from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.imports.journal import new_key
from contacts.imports.mapping import ADDRESS, ATTRIBUTES, FIELD, FIRST_NAME, LANGUAGE, LAST_NAME, NAME, NOTHING, TAGS
from contacts.imports.recognising import DNC, STATUS
from contacts.models import ConsentState, ContactField, ContactImport, ContactList, Suppression


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV, Excel (XLSX), or a ZIP of those: any delimiter, any encoding, any size."),
        allow_empty_file=True,  # said in our own words
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.zip,text/csv,text/plain"}),
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
                (TAGS, _("Tags")),
            ],
        ),
        (
            _("Who must not be mailed"),
            [
                (STATUS, _("State: subscribed, unsubscribed, bounced…")),
                (DNC, _("Do not contact: yes or no")),
            ],
        ),
        (
            _("Fields"),
            [*own, (new, lazystr(gettext("new field “%(name)s”") % {"name": new.removeprefix("new:")}))],
        ),
    ]


class ImportConsentForm(forms.Form):
    """Who the people of a file are: on what proof they come in, or why they must not be mailed."""

    kind = forms.ChoiceField(
        label=_("Who are these people?"), choices=ContactImport.Kind.choices, widget=forms.RadioSelect, required=True
    )
    suppression_reason = forms.TypedChoiceField(
        label=_("Why must they not be mailed?"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", "–"),
            (Suppression.Reason.UNSUBSCRIBED, _("They unsubscribed: no campaign reaches them")),
            (Suppression.Reason.COMPLAINED, _("They complained: nothing reaches them")),
            (Suppression.Reason.HARD_BOUNCE, _("Dead addresses: nothing is sent to them")),
            (Suppression.Reason.MANUAL, _("We decided so: nothing reaches them")),
        ],
        help_text=_("For people who must not be mailed; nothing below is needed then."),
    )
    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.all(), required=False, empty_label=_("a new list")
    )
    new_list = forms.CharField(label=_("Name of the new list"), max_length=150, required=False)
    consent_source = forms.CharField(
        label=_("Where does their consent come from?"),
        max_length=300,
        required=False,
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
    tags = forms.CharField(
        label=_("Tags"),
        max_length=300,
        required=False,
        help_text=_("Separated by commas; put on everybody in the file. Tags that are new are made."),
    )

    def clean_tags(self) -> list[str]:
        names = [" ".join(name.split()) for name in self.cleaned_data["tags"].split(",")]
        if any(len(name) > 60 for name in names):
            raise forms.ValidationError(gettext("A tag has up to 60 characters."))
        return list(dict.fromkeys(name for name in names if name))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("kind") == ContactImport.Kind.SUPPRESS:
            if found.get("suppression_reason") is None:
                self.add_error("suppression_reason", gettext("Say why these people must not be mailed."))
            return found
        if "consent_source" not in self.errors and not found.get("consent_source", "").strip():
            self.add_error(
                "consent_source",
                gettext("Say where the consent comes from: people may only be written to on proof."),
            )
        name = (found.get("new_list") or "").strip()
        if not found.get("contact_list") and not name:
            self.add_error("new_list", gettext("Choose a list, or give a new one a name."))
        elif not found.get("contact_list") and ContactList.objects.filter(name=name).exists():
            self.add_error("new_list", gettext("There is a list of this name: choose it above."))
        return found


class ParcelForm(ImportConsentForm):
    """One answer for the people of every table of a ZIP; those who must not be mailed are told apart table by table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["kind"], self.fields["suppression_reason"]
        source = self.fields["consent_source"]
        source.required = True
        source.error_messages["required"] = _(
            "Say where the consent comes from: people may only be written to on proof."
        )
