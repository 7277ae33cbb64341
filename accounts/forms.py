"""Input about people and the organisation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.zones import zone_choices


class OrganisationForm(forms.ModelForm[Organisation]):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    class Meta:
        model = Organisation
        fields = ("name", "address", "time_zone", "tracking_policy")
        labels = {"name": _("Name"), "address": _("Postal address"), "tracking_policy": _("Tracking policy")}
        help_texts = {
            "name": _("The name people know you by: it stands at the foot of every campaign."),
            "address": _("The law asks for it at the foot of every campaign."),
            "tracking_policy": _("What may be measured about somebody who was not asked. Can be changed later."),
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = self.fields["address"].required = True


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")
        labels = {"name": _("Name"), "language": _("Language")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [("", _("the organisation's")), *zone_choices()]
