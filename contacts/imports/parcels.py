"""The tables of one ZIP together: one answer about their people, one dry run, one start. Each keeps its report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from contacts.imports.arriving import siblings_of
from contacts.imports.journal import (
    OPEN,
    ImportRefused,
    match_columns,
    start_import,
    start_trial,
    state_consent,
    state_suppression,
)
from contacts.models import ContactImport, ContactList, Tag

_State = ContactImport.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """On what proof the people of all tables come in."""

    contact_list: ContactList
    consent_source: str
    tracking_consent: int
    tags: Sequence[Tag] = ()


def open_tables(job: ContactImport) -> list[ContactImport]:
    """The tables of its ZIP that nobody has started, those of people who must not be mailed first."""
    return [table for table in siblings_of(job) if table.state in OPEN]


@transaction.atomic
def try_all(*, job: ContactImport, answer: Answer | None) -> list[int]:
    """Release the dry run of every open table; returns their ids. `answer` is None where all must not be mailed.

    What was chosen for the columns of one table holds for those with the same titles; where nothing was, the guess.
    Raises ImportRefused, which names the table; nothing is released then.
    """
    tables = open_tables(job)
    chosen = {tuple(table.columns): table.mapping for table in tables if table.state != _State.UPLOADED}
    for table in tables:
        with _named(table):
            if table.state == _State.UPLOADED:
                match_columns(job=table, mapping=chosen.get(tuple(table.columns), table.mapping))
            _state_terms(table, answer)
            start_trial(job=table)
    return [table.pk for table in tables]


def _state_terms(table: ContactImport, answer: Answer | None) -> None:
    if table.kind == ContactImport.Kind.SUPPRESS:
        state_suppression(job=table, reason=table.suppression_reason or 0)
    elif answer is not None:
        state_consent(
            job=table,
            contact_list=answer.contact_list,
            consent_source=answer.consent_source,
            tracking_consent=answer.tracking_consent,
            tags=answer.tags,
        )


@transaction.atomic
def start_all(*, job: ContactImport) -> list[int]:
    """Start every table that was tried, all or none; returns their ids, in the order to take them. Raises as above."""
    tables = [table for table in siblings_of(job) if table.state == _State.TRIED]
    for table in tables:
        with _named(table):
            start_import(job=table)
    return [table.pk for table in tables]


@contextmanager
def _named(table: ContactImport) -> Iterator[None]:
    try:
        yield
    except ImportRefused as refusal:
        raise ImportRefused(f"{table.file_name}: {refusal}") from refusal
