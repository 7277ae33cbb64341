"""Who was written to, who was not, and why: the send path's writes, the sweep's, doubts, and the numbers."""

from delivery.ledger.claims import (
    LEAST,
    Claim,
    Opened,
    Waiting,
    are_stored,
    claim_batch,
    mark_window,
    read_window,
    release_batch,
    renew_lease,
    write_back,
)
from delivery.ledger.clock import Deadline
from delivery.ledger.counts import Imbalance, Ledger, check_ledger, ledger_of
from delivery.ledger.doubts import NotNow, count_as_sent, repeat_doubts, send_again, settle
from delivery.ledger.healing import Healed, free_held, heal_expired, reopen_unfinished, skip_rest, skip_share
from delivery.ledger.people import people
from delivery.ledger.places import Place, beating
from delivery.ledger.settling import Settled, count_all_as_sent, send_all_again

__all__ = [
    "LEAST",
    "Claim",
    "Deadline",
    "Healed",
    "Imbalance",
    "Ledger",
    "NotNow",
    "Opened",
    "Place",
    "Settled",
    "Waiting",
    "are_stored",
    "beating",
    "check_ledger",
    "claim_batch",
    "count_all_as_sent",
    "count_as_sent",
    "free_held",
    "heal_expired",
    "ledger_of",
    "mark_window",
    "people",
    "read_window",
    "release_batch",
    "renew_lease",
    "reopen_unfinished",
    "repeat_doubts",
    "send_again",
    "send_all_again",
    "settle",
    "skip_rest",
    "skip_share",
    "write_back",
]
