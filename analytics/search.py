"""One box for everything that has a name: contacts, campaigns, templates."""

from dataclasses import dataclass

from campaigns.models import Campaign
from contacts.models import Contact
from contacts.search import found_by
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
    """Contacts whose name or address has the words of `text`, newest first; campaigns and templates by their name."""
    return Found(
        contacts=list(Contact.objects.filter(found_by(text)).order_by("-pk")[:EACH]),
        campaigns=list(
            Campaign.objects.filter(name__icontains=text).select_related("mailing").order_by("-updated_at")[:EACH]
        ),
        templates=list(Template.objects.filter(name__icontains=text).order_by("-updated_at")[:EACH]),
    )
