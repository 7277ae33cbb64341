"""One mailbox, many spellings: what a limit per person counts, so that tags and dots do not multiply a victim's mail.

Never an identity: two people of one domain may well differ by a dot elsewhere, and a contact is known by its key.
"""

from contacts.addresses import domain_of

_SISTERS = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
}
_DOTS_MEAN_NOTHING = {"gmail.com", "proton.me"}
_MINUS_IS_A_TAG = ("yahoo.", "ymail.com", "rocketmail.com")


def canonical(key: str) -> str:
    """The mailbox behind an address key: sister domains folded, tags cut, meaningless dots dropped."""
    domain = _SISTERS.get(domain_of(key), domain_of(key))
    local = key.rpartition("@")[0]
    bare = local.partition("+")[0] or local
    if domain.startswith(_MINUS_IS_A_TAG):
        bare = bare.partition("-")[0] or bare
    if domain in _DOTS_MEAN_NOTHING:
        bare = bare.replace(".", "") or bare
    return f"{bare}@{domain}"
