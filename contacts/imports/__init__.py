"""Contacts from a file: found out, matched, checked, merged; each step can be left and taken up again.

encodings   octets → characters, or a clear refusal        reading   characters → rows, whatever they hold
mapping     columns → what they mean                       checking  a row → a staged contact, or a reason
merging     staged rows → contacts, in sets                running   chunk by chunk, with lease and journal
"""

from contacts.imports.encodings import UnreadableFile
from contacts.imports.journal import (
    ImportRefused,
    cancel_import,
    discard,
    match_columns,
    open_file,
    start_import,
    state_consent,
)
from contacts.imports.running import run_import, waiting_imports
from contacts.imports.trial import Trial, try_first_rows

__all__ = [
    "ImportRefused",
    "Trial",
    "UnreadableFile",
    "cancel_import",
    "discard",
    "match_columns",
    "open_file",
    "run_import",
    "start_import",
    "state_consent",
    "try_first_rows",
    "waiting_imports",
]
