"""A rule as people read it: on a chip, in a report."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.filters.subjects import DAYS, Catalogue, Subject
from contacts.filters.tree import Rule, WrongFilter


@dataclass(frozen=True, slots=True)
class Words:
    """ "City", "is exactly Lyon"."""

    label: str
    value: str


def words_of(rule: Rule, catalogue: Catalogue) -> Words:
    """What a rule says. Raises WrongFilter where its subject is gone."""
    subject = catalogue.subject(rule.subject)
    if rule.operator not in subject.operators:
        raise WrongFilter(_("This filter is damaged."))
    if rule.operator in DAYS:
        return Words(str(subject.label), _of_days(rule))
    operator = str(subject.operators[rule.operator])
    value = _value(rule, subject)
    return Words(str(subject.label), f"{operator} {value}" if value else operator)


def _of_days(rule: Rule) -> str:
    number = int(rule.value[0]) if rule.value and rule.value[0].isdigit() else 0
    if rule.operator == "last":
        return ngettext("in the last day", "in the last %(number)d days", number) % {"number": number}
    return ngettext("more than a day ago", "more than %(number)d days ago", number) % {"number": number}


def _value(rule: Rule, subject: Subject) -> str:
    kind = subject.takes(rule.operator)
    if kind == "date" and rule.value:
        try:
            return date_format(date.fromisoformat(rule.value[0]), "SHORT_DATE_FORMAT")
        except ValueError:
            return rule.value[0]
    if subject.kind == "id":
        return ngettext("%(number)d person", "%(number)d people", len(rule.value)) % {"number": len(rule.value)}
    if not kind:
        return ""
    labels = dict(subject.choices)
    gone = _("deleted") if subject.name in ("list", "tag", "source") else ""
    return ", ".join(str(labels.get(value) or gone or value or _("not known")) for value in rule.value)
