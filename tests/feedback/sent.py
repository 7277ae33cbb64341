"""A mailing that was sent: the rows as delivery leaves them, for tests of what the world answers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Organisation
from common import tokens
from contacts.addresses import address_key
from contacts.models import Contact, ContactList, Subscription
from contacts.tracking import Mode, Tracking
from delivery.models import Batch, Content, Link, Mailing, Message, Outcome, Provider
from feedback.events import NewEvent
from feedback.models import Event

SENT_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FULL = int(Tracking(opens=Mode.FULL, clicks=Mode.FULL))
_message_ids = count(1_000, 1_000)
_keys = count(1)


@dataclass
class Sent:
    """A mailing of Maison Verdier to its newsletter; `messages` in the order of `contacts`."""

    mailing: Mailing
    content: Content
    provider: Provider
    newsletter: ContactList
    contacts: list[Contact]
    messages: list[int]
    batch: Batch
    links: dict[str, Link] = field(default_factory=dict)

    def token(self, purpose: tokens.Purpose, position: int = 0, link: int = 0) -> str:
        return tokens.encode(purpose, mailing=self.mailing.pk, message=self.messages[position], link=link)

    def event(self, kind: Event.Kind, position: int = 0, *, minutes: int = 5, **more: Any) -> NewEvent:
        """What the provider tells of one message, `minutes` after it was sent."""
        return NewEvent(
            **{
                "source": self.provider.pk,
                "key": f"event-{next(_keys)}",
                "kind": kind,
                "at": SENT_AT + timedelta(minutes=minutes),
                "mailing": self.mailing.pk,
                "message": self.messages[position],
            }
            | more
        )

    def outcome(self, position: int = 0) -> Outcome:
        return Outcome.objects.get(pk=self.messages[position])

    def add_link(self, url: str, label: str = "") -> Link:
        link = Link.objects.create(
            mailing=self.mailing, content=self.content, number=len(self.links) + 1, url=url, label=label
        )
        self.links[url] = link
        return link


def send(
    people: int = 3,
    *,
    kind: str = "mailgun",
    tracking: int = FULL,
    policy: str = Organisation.TrackingPolicy.NONE,
    credentials: dict[str, str] | None = None,
    **mailing: Any,
) -> Sent:
    """A mailing to `people` contacts, all accepted. The organisation follows `policy` from here on."""
    Organisation.objects.update_or_create(pk=1, defaults={"tracking_policy": policy})
    number = next(_message_ids)
    for _ in range((people - 1) // 1_000):  # the numbers of this one, whatever its size
        next(_message_ids)
    provider = Provider.objects.create(name=f"{kind} {number}", kind=kind, credentials=credentials or {})
    newsletter = ContactList.objects.create(name=f"Newsletter Maison {number}", description="Deux fois par mois.")
    row = Mailing.objects.create(
        **{
            "name": "Soldes d’hiver",
            "state": Mailing.State.FINISHED,
            "provider": provider,
            "occasion": number,
            "audience": {"lists": [newsletter.pk]},
            "policy": policy,
            "public_url": "http://localhost:8000",
            "tracking_url": "http://localhost:8000",
            "organisation": {"name": "Maison Verdier", "address": "14 rue Mercière, 69002 Lyon"},
            "starts_at": SENT_AT,
            "started_at": SENT_AT,
            "finished_at": SENT_AT + timedelta(minutes=1),
            "snapshot_done_at": SENT_AT,
            "planned_count": people,
            "first_message_id": number,
            "last_message_id": number + people - 1,
        }
        | mailing
    )
    content = Content.objects.create(
        mailing=row, subject="Soldes", sender_address="bonjour@maison-verdier.example", html="<p>Bonjour</p>"
    )
    contacts = _contacts(newsletter, range(number, number + people))
    messages = [number + position for position in range(people)]
    Message.objects.bulk_create(
        Message(
            id=message,
            mailing=row,
            content=content,
            occasion=number,
            contact_id=contact.pk,
            address=contact.address,
            address_key=contact.address_key,
            tracking=tracking,
            vars={"contact": {"first_name": contact.first_name}},
        )
        for message, contact in zip(messages, contacts, strict=True)
    )
    Outcome.objects.bulk_create(
        Outcome(message_id=message, mailing=row, state=Outcome.State.ACCEPTED, at=SENT_AT) for message in messages
    )
    batch = Batch.objects.create(
        mailing=row,
        provider=provider,
        mx_group=1,
        first_id=number,
        last_id=number + people - 1,
        state=Batch.State.DONE,
        due_at=SENT_AT,
        done_to=number - 1,
        open_to=number - 1,
        accepted_count=people,
    )
    return Sent(row, content, provider, newsletter, contacts, messages, batch)


def _contacts(newsletter: ContactList, numbers: Iterable[int]) -> list[Contact]:
    found = Contact.objects.bulk_create(
        Contact(
            address=(address := f"camille.roux{number}@courriel.example"),
            address_key=address_key(address),
            sort_key=address,
            first_name="Camille",
            language="fr",
        )
        for number in numbers
    )
    Subscription.objects.bulk_create(Subscription(contact=one, contact_list=newsletter) for one in found)
    return found
