"""What an address says about itself: who reads it, and whether its domain was mistyped. Data and pure functions."""

from functools import lru_cache

# Read by whoever has the job (RFC 2142 and what companies really use, in French and English).
ROLES = frozenset((
    "abuse", "accounting", "accueil", "achat", "achats", "admin", "administration", "billing", "bonjour", "bureau",
    "commande", "commandes", "commercial", "compta", "comptabilite", "communication", "contact", "contacts",
    "devis", "direction", "dpo", "editor", "emploi", "equipe", "facturation", "ftp", "hello", "help", "helpdesk",
    "hostmaster", "hr", "info", "infos", "it", "jobs", "job", "legal", "mail", "mailer-daemon", "mairie",
    "marketing", "media", "news", "newsletter", "no-reply", "noc", "noreply", "office", "orders", "postmaster",
    "press", "presse", "privacy", "recrutement", "reception", "redaction", "rgpd", "rh", "root", "sales", "sav",
    "secretariat", "security", "service", "serviceclient", "service-client", "support", "sysadmin", "team",
    "usenet", "vente", "ventes", "web", "webmaster", "www",
))  # fmt: skip

# Where most private mailboxes are. An address one keystroke away from one of them was probably meant for it.
BIG = (
    "gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "hotmail.co.uk",
    "hotmail.it", "hotmail.es", "hotmail.be", "live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "yahoo.co.uk",
    "yahoo.it", "ymail.com", "rocketmail.com", "aol.com", "orange.fr", "wanadoo.fr", "laposte.net", "free.fr", "sfr.fr",
    "neuf.fr", "bbox.fr", "cegetel.net", "9online.fr", "aliceadsl.fr", "numericable.fr", "club-internet.fr",
    "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "gmx.com", "gmx.de", "gmx.fr", "gmx.net",
    "web.de", "t-online.de", "bluewin.ch", "skynet.be", "telenet.be", "videotron.ca", "sympatico.ca", "libero.it",
)  # fmt: skip
# Further away than one keystroke, and never right.
KNOWN_SLIPS = {
    "gmail.fr": "gmail.com",
    "gmail.co.uk": "gmail.com",
    "gmail.net": "gmail.com",
    "orange.net": "orange.fr",
    "wanadoo.com": "wanadoo.fr",
    "laposte.fr": "laposte.net",
    "laposte.com": "laposte.net",
    "hotmail.fr.com": "hotmail.fr",
}
# One keystroke from a big one, and real all the same.
REAL = frozenset((
    "mail.com", "email.com", "ymail.com", "gmx.at", "gmx.ch", "gmx.us", "gmx.eu", "live.be", "live.ca", "live.it",
    "live.nl", "live.co.uk", "hotmail.de", "hotmail.ca", "hotmail.ch", "outlook.be", "outlook.de", "outlook.es",
    "outlook.it", "yahoo.de", "yahoo.es", "yahoo.ca", "aon.com", "sfr.net", "neuf.com", "free.com", "orange.be",
    "orange.ch",
))  # fmt: skip
_LONG_ENOUGH = 5  # letters of a name before a slip in it is more likely than another name


def is_role(key: str) -> bool:
    """Whether an address key is read by whoever has the job, not by one person."""
    return key.rpartition("@")[0].partition("+")[0] in ROLES


@lru_cache(maxsize=50_000)  # a file names the same domains again and again
def probably_meant(domain: str) -> str:
    """The big domain one keystroke away from `domain` (a letter missing, added, wrong, or two swapped); else empty."""
    if domain in BIG or domain in REAL:
        return ""
    if domain in KNOWN_SLIPS:
        return KNOWN_SLIPS[domain]
    return next((big for big in BIG if _is_slip(domain, big)), "")


def _is_slip(typed: str, big: str) -> bool:
    """In short names only the ending may have slipped: fred.fr is somebody's, free.f is nobody's."""
    if abs(len(typed) - len(big)) > 1 or not _one_keystroke(typed, big):
        return False
    name = big.partition(".")[0]
    if typed.partition(".")[0] == name:  # another country's ending is another domain, not a slip
        return len(typed.rpartition(".")[2]) != 2 or big.endswith(".com")
    return len(name) >= _LONG_ENOUGH


def _one_keystroke(one: str, other: str) -> bool:
    start = 0
    shorter = min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    rest, tail = one[start:], other[start:]
    if len(rest) == len(tail):
        return rest[1:] == tail[1:] or (rest[:2] == tail[1::-1] and rest[2:] == tail[2:])
    return rest[1:] == tail or rest == tail[1:]
