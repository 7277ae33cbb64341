"""Contacts from a file: found out, matched, checked, tried, merged, undone (docs/imports.md).

arriving    a file → imports, one a table          encodings, reading, sheets   octets → rows, whatever they hold
mapping     columns → what they mean               recognising, memory          whose export it is; what was chosen last
checking    a row → a staged contact, or a reason  merging                      staged rows → contacts, in sets
trying      the dry run                            running, undoing             chunk by chunk, with lease and journal
parcels     the tables of one ZIP, together
"""

from contacts.imports.arriving import open_file, open_files, siblings_of
from contacts.imports.encodings import UnreadableFile
from contacts.imports.journal import (
    ImportRefused,
    cancel_import,
    discard,
    match_columns,
    start_import,
    start_trial,
    start_undo,
    state_consent,
    state_suppression,
    sweep_unstarted,
)
from contacts.imports.parcels import Answer, open_tables, start_all, try_all
from contacts.imports.running import run_import
from contacts.imports.trying import try_import
from contacts.imports.undoing import may_lift, refuse_if_too_late, undo_import
from contacts.imports.working import waiting_imports, work_on

__all__ = [
    "Answer",
    "ImportRefused",
    "UnreadableFile",
    "cancel_import",
    "discard",
    "match_columns",
    "may_lift",
    "open_file",
    "open_files",
    "open_tables",
    "refuse_if_too_late",
    "run_import",
    "siblings_of",
    "start_all",
    "start_import",
    "start_trial",
    "start_undo",
    "state_consent",
    "state_suppression",
    "sweep_unstarted",
    "try_all",
    "try_import",
    "undo_import",
    "waiting_imports",
    "work_on",
]
