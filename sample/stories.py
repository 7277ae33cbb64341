"""What the sample tells: templates, senders and the campaigns of the last weeks."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deliverability.models import Sender
from deliverability.services import ensure_sender
from templates_app.models import Template
from templates_app.services import create_template

_MJML = Path(__file__).parent / "mjml"


@dataclass(frozen=True, slots=True)
class Story:
    """One campaign of the past. `days_ago` and `clock` say when it left, `warmth` scales how many open."""

    name: str
    subject: str
    preheader: str
    language: str
    design: str
    days_ago: int
    clock: time
    warmth: float = 1.0

    def left_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """On a Tuesday or Thursday near `days_ago`, when marketers send."""
        day = (now - timedelta(days=self.days_ago)).astimezone(zone).date()
        day -= timedelta(days=(day.weekday() - (1 if self.days_ago % 2 else 3)) % 7)
        return datetime.combine(day, self.clock, tzinfo=zone)


HISTORY = (
    Story(
        name="Carnet d’octobre (exemple)",
        subject="{{ contact.first_name | default: 'Bonjour' }}, le lin lavé de l’automne est là",
        preheader="Du champ à votre lit, et trois couleurs pour la saison",
        language="fr",
        design="carnet.fr",
        days_ago=43,
        clock=time(9, 0),
        warmth=0.92,
    ),
    Story(
        name="Autumn notebook (sample)",
        subject="Longer nights, softer linen",
        preheader="Three earthy colours, and a visit to the mill",
        language="en",
        design="notebook.en",
        days_ago=22,
        clock=time(18, 30),
        warmth=1.05,
    ),
    Story(
        name="Carnet de novembre (exemple)",
        subject="{{ contact.first_name | default: 'Bonjour' }}, trois couleurs pour l’hiver",
        preheader="Sauge, argile, nuit : elles attendent chez vous",
        language="fr",
        design="carnet.fr",
        days_ago=7,
        clock=time(9, 0),
        warmth=1.06,
    ),
)
DRAFT = Story(
    name="Carnet de décembre (exemple)",
    subject="{{ contact.first_name | default: 'Bonjour' }}, vos cadeaux sont prêts",
    preheader="Dix idées en lin, emballées à l’atelier",
    language="fr",
    design="carnet.fr",
    days_ago=0,
    clock=time(9, 0),
)
LIVE_NAME = "Avant-première du Club (exemple)"
LIVE_SUBJECT = "{{ contact.first_name | default: 'Bonjour' }}, 48 heures avant tout le monde"
LIVE_PREHEADER = "Les plaids d’hiver en laine et lin"
LIVE_DESIGN = "club.fr"

_DESIGNS = {
    "carnet.fr": ("Carnet mensuel (exemple)", "fr"),
    "notebook.en": ("Monthly notebook (sample)", "en"),
    "club.fr": ("Avant-première du Club (exemple)", "fr"),
}
_SENDERS = {
    "fr": ("Maison Verdier", "bonjour@maison-verdier.example"),
    "en": ("The House of Verdier", "hello@maison-verdier.example"),
}


def make_templates() -> dict[str, Template]:
    """The sample templates by design."""
    return {
        design: create_template(
            name=name,
            source=(_MJML / f"{design}.mjml").read_text(encoding="utf-8"),
            language=language,
            user=None,
            is_sample=True,
        )
        for design, (name, language) in _DESIGNS.items()
    }


def make_senders() -> dict[str, Sender]:
    """The sample senders by language; one the team has made under the same words stays the team's."""
    found = {}
    for language, (name, address) in _SENDERS.items():
        is_theirs = Sender.objects.filter(name=name, address=address, is_sample=False).exists()
        found[language] = ensure_sender(name=name, address=address)
        if not is_theirs:
            Sender.objects.filter(pk=found[language].pk).update(is_sample=True)
    return found
