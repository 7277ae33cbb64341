"""Made-up people: names and towns of France, Britain and Ireland, addresses that can never exist (RFC 2606)."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


_FRENCH_FIRST = _words(
    "Camille Léa Manon Inès Chloé Jeanne Louise Alice Zoé Juliette Sarah Lina Anaïs Margaux Élise Clémence Salimata "
    "Aminata Fatou Yasmine Nadia Sofia Hélène Françoise Monique Sylvie Nathalie Isabelle Catherine Martine Brigitte "
    "Lucas Hugo Louis Gabriel Arthur Jules Adam Nathan Théo Paul Antoine Maxime Baptiste Rémi Loïc Yanis Karim Mehdi "
    "Ousmane Mamadou Mathieu Julien Nicolas Pierre Jean Michel Philippe Alain Bernard Gérard François Benoît Cédric"
)
_FRENCH_LAST = _words(
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garcia David "
    "Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet François Martinez Legrand "
    "Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont "
    "Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger Roche "
    "Benali Diallo Traoré Haddad Thévenet Khelifi Marchetti Delacroix Le-Gall Kerneis Etcheverry Schmitt Colonna"
)
_FRENCH_TOWNS = _words(
    "Paris Lyon Marseille Toulouse Nice Nantes Montpellier Strasbourg Bordeaux Lille Rennes Reims Toulon Grenoble "
    "Dijon Angers Nîmes Villeurbanne Brest Limoges Tours Amiens Annecy Metz Besançon Orléans Rouen Mulhouse Caen "
    "Nancy Roubaix Pau Quimper Vannes Bayonne Colmar Chambéry Valence Ajaccio Niort"
)
_ENGLISH_FIRST = _words(
    "Olivia Amelia Emily Grace Charlotte Sophie Hannah Lucy Megan Chloe Aoife Niamh Ciara Priya Aisha Zara Fatima "
    "Margaret Susan Helen Karen Patricia Oliver George Harry Jack Noah Thomas James William Daniel Samuel Callum "
    "Ewan Rhys Owen Sean Conor Liam Ravi Arjun Imran David Peter Andrew Stephen Graham Neil"
)
_ENGLISH_LAST = _words(
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts "
    "Green Hall Wood Harris Clarke Jackson Lewis Turner Cooper Ward Morris Hughes Edwards Murphy Kelly Byrne Ryan "
    "Walsh Campbell Stewart Macdonald Fraser Patel Khan Singh Shah Bennett Carter Foster Marsh Ashworth Pemberton"
)
_ENGLISH_TOWNS = _words(
    "London Manchester Bristol Leeds Edinburgh Glasgow Cardiff Birmingham Liverpool Sheffield York Bath Brighton "
    "Oxford Cambridge Norwich Exeter Newcastle Nottingham Belfast Dublin Cork Galway Aberdeen Swansea"
)
# Domain and the number of the mailbox provider it stands for (contacts/mailbox_providers.py), with its weight.
_FRENCH_MAILBOXES = (
    ("gmail.example", 1, 38),
    ("orange.example", 4, 14),
    ("hotmail.example", 2, 13),
    ("free.example", 6, 9),
    ("yahoo.example", 3, 7),
    ("laposte.example", 5, 6),
    ("sfr.example", 7, 5),
    ("icloud.example", 8, 4),
    ("courriel.example", 0, 4),
)
_ENGLISH_MAILBOXES = (
    ("gmail.example", 1, 44),
    ("outlook.example", 2, 24),
    ("icloud.example", 8, 12),
    ("yahoo.example", 3, 9),
    ("mail.example", 0, 11),
)


@dataclass(frozen=True, slots=True)
class Person:
    """`interest` (0–1) is how readily they open what they get; nobody is told it but the sample's own history."""

    address: str
    first_name: str
    last_name: str
    language: str
    town: str
    mx_group: int
    interest: float


def people(*, french: int, english: int, random: Random) -> Iterator[Person]:
    """Different people with different addresses, the same ones for the same `random`."""
    taken: set[str] = set()
    for language, count in (("fr", french), ("en", english)):
        for _ in range(count):
            yield _person(language, taken, random)


def _person(language: str, taken: set[str], random: Random) -> Person:
    is_french = language == "fr"
    first = random.choice(_FRENCH_FIRST if is_french else _ENGLISH_FIRST)
    last = random.choice(_FRENCH_LAST if is_french else _ENGLISH_LAST).replace("-", " ")
    mailboxes = _FRENCH_MAILBOXES if is_french else _ENGLISH_MAILBOXES
    domain, group, _weight = random.choices(mailboxes, weights=[weight for *_, weight in mailboxes])[0]
    return Person(
        address=_address(first, last, domain, taken),
        first_name=first,
        last_name=last,
        language=language,
        town=random.choice(_FRENCH_TOWNS if is_french else _ENGLISH_TOWNS) if random.random() < 0.86 else "",
        mx_group=group,
        interest=random.betavariate(1.3, 2.2),
    )


def _address(first: str, last: str, domain: str, taken: set[str]) -> str:
    local = f"{_plain(first)}.{_plain(last)}"
    number = 1
    while (address := f"{local}{number if number > 1 else ''}@{domain}") in taken:
        number += 1
    taken.add(address)
    return address


def _plain(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return bare.replace(" ", "-")
