"""A shop whose software asks for receipts: a key, a sender, a template with a title and three names."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.api_keys import issue_key
from accounts.models import ApiKey, Organisation
from deliverability.models import Sender
from deliverability.services import ensure_sender
from delivery.models import Provider
from templates_app.models import Template
from templates_app.services import create_template
from tests.delivery.conftest import provider_at, server
from tests.smtp import SmtpServer

__all__ = ["server"]
PATH = "/api/v1/messages"
SOURCE = """<mjml><mj-head><mj-title>Votre reçu {{ data.number }}</mj-title></mj-head><mj-body><mj-section><mj-column>
<mj-text>Bonjour {{ contact.first_name | default: "vous" }}, merci : {{ data.total }}.</mj-text>
<mj-text>{% for line in data.lines %}{{ line }} {% endfor %}{{ organisation.name }}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
VARIABLES = {"number": "A-17", "total": "42,00 €", "lines": ["Carnet", "Crayon <HB>"]}


@dataclass
class Shop:
    """The software on the other side. `ask` posts JSON and gives (status, JSON)."""

    client: Client
    key: ApiKey
    secret: str
    template: Template

    def message(self, to: str = "camille@courriel.example", **more: Any) -> dict[str, Any]:
        return {"to": to, "template": self.template.pk, "variables": VARIABLES} | more

    def post(self, content: Any, *, secret: str | None = None, **headers: str) -> Any:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        known = {"authorization": f"Bearer {self.secret if secret is None else secret}"}
        return self.client.post(PATH, body, content_type="application/json", headers=known | headers)

    def ask(self, content: Any, **headers: str) -> tuple[int, Any]:
        response = self.post(content, **headers)
        return response.status_code, response.json()

    def problems(self, content: Any) -> list[tuple[int, str]]:
        status, told = self.ask(content)
        assert status == 422, told
        return [(one["index"], one["field"]) for one in told["error"]["problems"]]

    def state(self, name: str) -> Any:
        return self.client.get(f"{PATH}/{name}", headers={"authorization": f"Bearer {self.secret}"}).json()


@pytest.fixture
def sender(db: None) -> Sender:
    return ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")


@pytest.fixture
def shop(organisation: Organisation, sender: Sender) -> Shop:
    cache.clear()
    template = create_template(name="Reçu", source=SOURCE, language="fr", user=None)
    issued = issue_key(name="Boutique", scopes=list(ApiKey.Scope), per_minute=None, user=None)
    return Shop(Client(), issued.key, issued.secret, template)


@pytest.fixture
def relay(db: None, server: SmtpServer) -> Provider:
    Provider.objects.filter(is_default=True).update(is_default=False)
    return provider_at(server, is_default=True)
