"""Input about providers and test sends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.figures import number
from contacts.addresses import BrokenAddress, address_key
from contacts.models import Contact
from deliverability.models import Sender
from delivery.capabilities import Field, Kind
from delivery.limits.limiter import account_limits
from delivery.limits.mailboxes import UNITS, MailboxLimits
from delivery.models import Limit, ListMail, Provider
from delivery.services import ProviderInput
from templates_app.models import TemplateVersion

MOST_ADDRESSES = 5


class LimitsForm(forms.Form):
    """The limits of a whole account; an empty field is no limit."""

    UNITS = (Limit.Unit.SECOND, Limit.Unit.MINUTE, Limit.Unit.HOUR, Limit.Unit.DAY)

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = account_limits(provider)
        for unit in self.UNITS:
            self.fields[unit.name.lower()] = forms.IntegerField(
                label=unit.label, required=False, min_value=1, max_value=100_000_000, initial=stored.get(unit)
            )

        self.fields["is_direct"] = forms.BooleanField(
            label=_("This server hands mail to the mailbox providers itself"),
            required=False,
            initial=provider.options.get("is_direct", False),
            help_text=_("Then the known limits of Gmail, Orange, Yahoo and the others are kept as well."),
        )

    def amounts(self) -> dict[int, int | None]:
        return {unit: self.cleaned_data[unit.name.lower()] for unit in self.UNITS}


class MailboxLimitsForm(forms.Form):
    """The limits at one mailbox provider; an empty field leaves what is known."""

    clear = forms.BooleanField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: MailboxLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for unit in map(Limit.Unit, UNITS):
            known = row.known_amounts.get(unit)
            self.fields[unit.name.lower()] = forms.IntegerField(
                label=unit.label, required=False, min_value=1, max_value=100_000_000, initial=row.own.get(unit),
                help_text=_("Known: %(amount)s.") % {"amount": number(known)} if known else "",
            )  # fmt: skip

    def amounts(self) -> dict[int, int | None]:
        """What was entered, by unit; nothing at all when our own are to be removed."""
        is_kept = not self.cleaned_data["clear"]
        return {unit: self.cleaned_data[Limit.Unit(unit).name.lower()] if is_kept else None for unit in UNITS}


class ProviderForm(forms.Form):
    """The fields of one kind of provider, from the table of capabilities. A stored secret is never shown."""

    name = forms.CharField(label=_("Name"), max_length=100)

    def __init__(self, *args: Any, kind: Kind, provider: Provider | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.provider = kind, provider
        for one in kind.fields:
            self.fields[one.name] = self._field(one)
        if kind.is_smtp:
            self.fields["is_verified"] = forms.BooleanField(
                label=_("Refuse a certificate that does not verify"),
                required=False,
                initial=provider.options.get("is_verified", True) if provider else True,
            )
        self.fields["connection_count"] = forms.IntegerField(
            label=_("Connections at once") if kind.is_smtp else _("Calls at once"),
            min_value=1,
            max_value=200,
            initial=provider.connection_count if provider else 2,
            help_text=_("Over all machines together; more is faster where the provider is far away."),
        )
        self.fields["is_default"] = forms.BooleanField(
            label=_("Use it unless another is chosen"),
            required=False,
            initial=provider.is_default if provider else False,
        )
        if provider:
            self.fields["name"].initial = provider.name

    def _field(self, one: Field) -> forms.Field:
        is_stored = bool(one.is_secret and self.provider and self.provider.credentials.get(one.name))
        common: dict[str, Any] = {"label": one.label, "required": one.is_required and not is_stored}
        if one.is_secret:
            widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False)
            hint = _("Stored and never shown. Leave it empty to keep it.") if is_stored else ""
            return forms.CharField(widget=widget, help_text=hint, max_length=2000, **common)
        common["help_text"] = one.hint
        stored = self.provider.options.get(one.name) if self.provider else None
        common["initial"] = stored if stored is not None else one.default
        if one.choices:
            return forms.ChoiceField(choices=one.choices, **common)
        if one.most:
            return forms.IntegerField(min_value=1, max_value=one.most, **common)
        return forms.CharField(max_length=500, **common)

    def main_fields(self) -> list[forms.BoundField]:
        """What everybody has to look at; the others work as they are."""
        fine = {one.name for one in self.kind.fields if one.is_fine}
        return [field for field in self if field.name not in fine]

    def fine_fields(self) -> list[forms.BoundField]:
        return [self[one.name] for one in self.kind.fields if one.is_fine]

    @property
    def has_fine_errors(self) -> bool:
        return any(field.errors for field in self.fine_fields())

    def given(self) -> ProviderInput:
        """What was entered, for the service."""
        entered = dict(self.cleaned_data)
        return ProviderInput(
            name=entered.pop("name"),
            kind=self.kind.name,
            connection_count=entered.pop("connection_count"),
            is_default=entered.pop("is_default"),
            is_verified=entered.pop("is_verified", True),
            values=entered,
        )


class SendTestForm(forms.Form):
    """Where a test goes, and what it says; pages of templates and campaigns prefill it by the query string."""

    version = forms.ModelChoiceField(TemplateVersion.objects.all(), widget=forms.HiddenInput)
    contact = forms.ModelChoiceField(Contact.objects.all(), widget=forms.HiddenInput, required=False)
    preheader = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)
    to = forms.CharField(
        label=_("Send it to"), max_length=1000, help_text=_("Up to five addresses, separated by commas.")
    )
    subject = forms.CharField(label=_("Subject"), max_length=300)
    sender = forms.ModelChoiceField(Sender.objects.order_by("name", "pk"), label=_("Sender"), empty_label=None)
    provider = forms.ModelChoiceField(Provider.objects.order_by("name"), label=_("Provider"), empty_label=None)

    def clean_to(self) -> list[str]:
        addresses = [part.strip() for part in self.cleaned_data["to"].replace(";", ",").split(",") if part.strip()]
        if len(addresses) > MOST_ADDRESSES:
            raise forms.ValidationError(_("Five addresses at most."))
        for address in addresses:
            try:
                address_key(address)
            except BrokenAddress as error:
                raise forms.ValidationError(str(error)) from error
        return addresses


class ListMailForm(forms.ModelForm[ListMail]):
    """In whose name a list writes by itself, and its welcome."""

    class Meta:
        model = ListMail
        fields = ("sender", "provider", "welcome_template", "welcome_subject")
        labels = {
            "sender": _("Sender"),
            "provider": _("Provider"),
            "welcome_template": _("Welcome message"),
            "welcome_subject": _("Its subject"),
        }
        help_texts = {
            "sender": _("Of the confirmation mail and the welcome. Empty: the first sender."),
            "provider": _("Empty: the one used by default."),
            "welcome_template": _("A template with an unsubscribe link; sent once somebody has joined."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("welcome_template") and not cleaned.get("welcome_subject"):
            self.add_error("welcome_subject", _("The welcome needs a subject."))
        return cleaned
