"""What somebody sets up so that a provider's webhooks reach us: the address with its secret, the signing key."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from delivery.capabilities import kind_of
from delivery.models import Provider
from delivery.services import store_secret
from delivery.services.planning import unreachable_address
from feedback import sns
from feedback.border import DOORS, key_name
from feedback.models import WebhookState
from feedback.refusals import Refused
from feedback.webhooks import SECRET


@dataclass(frozen=True, slots=True)
class Setup:
    """The state of one provider's webhooks, without any secret."""

    label: str
    has_address: bool
    signs: bool  # a signature is, or can be, checked
    needs_key: bool  # nothing is taken without the key
    has_key: bool
    unreachable: str  # why the provider cannot reach us, in words; empty when it can
    heard_at: datetime | None
    refused_at: datetime | None
    refusal: str
    topic: str = ""  # of Amazon SNS: the one accepted, and the one that asks
    asked_topic: str = ""
    asked_at: datetime | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the last that came in was refused."""
        return self.refused_at is not None and (self.heard_at is None or self.refused_at > self.heard_at)


def setup_of(provider: Provider) -> Setup:
    """For a provider whose kind has a door."""
    state = WebhookState.objects.filter(provider=provider).first() or WebhookState()
    door, name = DOORS[provider.kind], key_name(provider.kind)
    filled = door.keys.values() or [(name,)]
    return Setup(
        label=kind_of(provider.kind).label,
        has_address=bool(provider.credentials.get(SECRET)),
        signs=bool(name),
        needs_key=door.needs_key,
        has_key=any(provider.credentials.get(one) for group in filled for one in group),
        unreachable=unreachable_address(),
        heard_at=state.heard_at,
        refused_at=state.refused_at,
        refusal=state.refusal,
        topic=str(provider.credentials.get(sns.TOPIC) or ""),
        asked_topic=state.asked_topic,
        asked_at=state.asked_at,
    )


def new_address(provider: Provider, *, user: User | None) -> str:
    """A new secret; the address with it, to be shown this once. The former address is closed at the same moment."""
    secret = secrets.token_urlsafe(24)
    store_secret(provider.pk, name=SECRET, value=secret, user=user)
    return f"{settings.ENVOL_URL}{reverse('feedback:webhook', args=[provider.pk, secret])}"


def store_key(provider: Provider, *, key: str, user: User | None) -> None:
    """Keep the key the provider signs with."""
    store_secret(provider.pk, name=key_name(provider.kind), value=key, user=user)


def accept_topic(provider: Provider, *, user: User | None) -> str:
    """Say yes to the topic of Amazon SNS that asks, and listen to it alone from now on; its name. Raises Refused."""
    state = WebhookState.objects.filter(provider=provider).exclude(asked_topic="").first()
    if state is None:
        raise Refused(409, _("No topic asks any more."))
    sns.confirm(sns.Asked(topic=state.asked_topic, url=state.asked_url))
    with transaction.atomic():
        store_secret(provider.pk, name=sns.TOPIC, value=state.asked_topic, user=user)
        still = WebhookState.objects.filter(provider=provider, asked_topic=state.asked_topic)
        still.update(asked_topic="", asked_url="", asked_at=None)
    return state.asked_topic
