"""Erased people, found by the fingerprint of an address that came back some other way.

SQL cannot make a fingerprint: its key never leaves Python. Whoever gives an address a contact again writes its
tombstones down as plain suppressions (services.suppressions.revive), which the review page and the snapshot then find
like any other; the claim looks at the fingerprints themselves, for what came between.
"""

from collections.abc import Iterable

from contacts.addresses import fingerprint
from contacts.models import Suppression


def any_tombstones() -> bool:
    """Whether anybody was ever erased: where nobody was, nothing need be hashed."""
    return Suppression.objects.filter(fingerprint__isnull=False).exists()


def tombstones_of(keys: Iterable[str], *, is_marketing: bool) -> dict[str, int]:
    """{address key: reason} of the erased among `keys`, in one statement; the wider scope stands."""
    by_print = {fingerprint(key): key for key in keys}
    rows = Suppression.objects.filter(fingerprint__in=list(by_print)).order_by("-scope")
    if not is_marketing:
        rows = rows.filter(scope=Suppression.Scope.ALL)
    return {by_print[bytes(print_)]: reason for print_, reason in rows.values_list("fingerprint", "reason") if print_}
