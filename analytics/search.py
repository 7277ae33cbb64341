"""One box for everything that has a name: contacts, campaigns, templates."""

from dataclasses import dataclass

from campaigns.models import Campaign
from contacts.models import Contact
from contacts.queries import filtered
from templates_app.models import Template

EACH = 8


@dataclass(frozen=True, slots=True)
class Found:
    """At most EACH of a kind."""

    contacts: list[Contact]
    campaigns: list[Campaign]
    templates: list[Template]

    @property
    def is_empty(self) -> bool:
        return not (self.contacts or self.campaigns or self.templates)


def search(text: str) -> Found:
    """Contacts whose name or address begins with `text`; campaigns and templates that have it in their name."""
    people = filtered(text=text, contact_list=None, state="")
    return Found(
        contacts=list(people.order_by("sort_key", "pk")[:EACH]),
        campaigns=list(
            Campaign.objects.filter(name__icontains=text).select_related("mailing").order_by("-updated_at")[:EACH]
        ),
        templates=list(Template.objects.filter(name__icontains=text).order_by("-updated_at")[:EACH]),
    )
