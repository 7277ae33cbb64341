"""What an import would do, tried on the first rows; nothing is written."""

from collections import Counter
from dataclasses import dataclass, field

from contacts.imports.checking import Checker, KnownFields, Refused
from contacts.imports.chunks import Source, chunks
from contacts.imports.merging import erased_among
from contacts.imports.running import checker_of, source_of
from contacts.models import Contact, ContactImport, Subscription, Suppression

TRIED_ROWS = 1_000
_SHOWN = 10
_OUT = [Suppression.Reason.UNSUBSCRIBED, Suppression.Reason.COMPLAINED, Suppression.Reason.ERASED]


@dataclass(slots=True)
class Trial:
    """Counts over the first rows of a file. `is_whole`: there were no more."""

    row_count: int = 0
    new: int = 0
    known: int = 0
    kept_out: int = 0
    refused: int = 0
    is_whole: bool = True
    reasons: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)  # the first few


def try_first_rows(job: ContactImport, *, list_id: int | None) -> Trial:
    """Check the first TRIED_ROWS rows against contacts and suppressions, in four statements. Raises UnreadableFile."""
    whole = source_of(job)
    source = Source(
        whole.path, whole.encoding, whole.delimiter, whole.has_header, skip=whole.skip, chunk_rows=TRIED_ROWS
    )
    checker: Checker = checker_of(job, KnownFields())
    ahead = chunks(source, checker)
    chunk = next(ahead, None)
    if chunk is None:
        return Trial()
    keys = [row[1] for row in chunk.staged]
    erased = erased_among(keys)
    known = dict(Contact.objects.filter(address_key__in=keys).values_list("address_key", "pk"))
    out = set(Suppression.objects.filter(address_key__in=keys, reason__in=_OUT).values_list("address_key", flat=True))
    left = set(
        Subscription.objects.filter(
            contact__in=known.values(), contact_list=list_id, state=Subscription.State.UNSUBSCRIBED
        ).values_list("contact__address_key", flat=True)
    )
    return Trial(
        row_count=chunk.row_count,
        new=len(keys) - len(known) - len(erased - set(known)),
        known=len(known),
        kept_out=len(out | left),
        refused=len(chunk.refused) + len(erased),
        is_whole=next(ahead, None) is None,
        reasons=Counter(str(row.reason) for row in chunk.refused).most_common(),
        problems=chunk.refused[:_SHOWN],
    )
