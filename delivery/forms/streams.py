"""Input about streams."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from deliverability.models import SendingDomain
from delivery.models import Provider, Stream, StreamLimit
from delivery.services.streams import StreamInput

UNITS = (StreamLimit.Unit.SECOND, StreamLimit.Unit.MINUTE, StreamLimit.Unit.HOUR, StreamLimit.Unit.DAY)


class StreamForm(forms.Form):
    """What holds for all mail of a stream; its kind is chosen once."""

    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(
        label=_("Kind of mail"),
        choices=Stream.Kind.choices,
        help_text=_("Transactional mail waits behind no campaign."),
    )
    scope = forms.TypedChoiceField(
        label=_("Who is left out"),
        choices=Stream.Scope.choices,
        coerce=int,
        widget=forms.RadioSelect,
        help_text=_("The second is for what its reader has asked for: a receipt, a password, a confirmation."),
    )
    domain = forms.ModelChoiceField(
        label=_("Sending domain"),
        queryset=SendingDomain.objects.order_by("name"),
        required=False,
        empty_label=_("Any"),
        help_text=_("Then only senders of this domain write by this stream."),
    )
    tracking_policy = forms.ChoiceField(
        label=_("What may be measured"),
        required=False,
        choices=[("", _("As in the settings")), *Organisation.TrackingPolicy.choices],
    )
    repeats_doubts = forms.BooleanField(
        label=_("Rather twice than never"),
        required=False,
        help_text=_(
            "When a connection breaks before the answer, the message is sent a second time by itself, ten minutes "
            "later. For transactional mail only."
        ),
    )

    def __init__(self, *args: Any, stream: Stream | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stream = stream
        stored = dict(stream.limits.values_list("unit", "amount")) if stream else {}
        for unit in UNITS:
            self.fields[unit.name.lower()] = forms.IntegerField(
                label=capfirst(unit.label), required=False, min_value=1, max_value=100_000_000, initial=stored.get(unit)
            )
        if stream is None:
            self.fields["scope"].initial = Stream.Scope.MARKETING
            return
        del self.fields["kind"]
        if stream.kind != Stream.Kind.TRANSACTIONAL:
            del self.fields["repeats_doubts"]
        if stream.kind == Stream.Kind.MARKETING:
            del self.fields["scope"]
        values = {name: getattr(stream, name) for name in ("scope", "domain", "tracking_policy", "repeats_doubts")}
        self.initial = {"name": str(stream), **values}

    def given(self) -> StreamInput:
        """What was entered, for the service. A name left as it is shown stays as it is stored."""
        entered = self.cleaned_data
        stream = self._stream
        name = entered["name"]
        return StreamInput(
            name=stream.name if stream and name == str(stream) else name,
            kind=Stream.Kind(stream.kind if stream else entered["kind"]),
            scope=entered.get("scope", Stream.Scope.MARKETING),
            domain=entered["domain"],
            tracking_policy=entered["tracking_policy"],
            repeats_doubts=entered.get("repeats_doubts", False),
            amounts={unit: entered[unit.name.lower()] for unit in UNITS},
        )


class PlaceForm(forms.Form):
    """One account of a stream's order, and what becomes of it."""

    provider = forms.ModelChoiceField(Provider.objects.all())
    do = forms.ChoiceField(choices=[(word, word) for word in ("add", "up", "down", "drop")])
