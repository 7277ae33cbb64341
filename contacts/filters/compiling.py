"""A tree of rules as one condition on contacts, each rule in the words an index answers."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import DataContains, JSONField
from django.db.models.lookups import (
    Contains,
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    Lookup,
    StartsWith,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services import organisation
from contacts.addresses import folded
from contacts.field_indexes import value_expression
from contacts.filters.subjects import DAYS, Catalogue, Subject
from contacts.filters.tree import Group, Node, Rule, WrongFilter
from contacts.models import AddressFlag, Consent, Contact, ContactField, ContactTag, Engagement, Subscription
from contacts.models.people import is_mailable, is_suppressed
from contacts.search import SHORTEST, containing, found_by, is_current

_State = Subscription.State
MOST_DAYS: Final = 36_500


def people(tree: Group, *, now: datetime, catalogue: Catalogue | None = None) -> "QuerySet[Contact]":
    """Everybody the tree finds. Days are the organisation's, counted back from `now`. Raises WrongFilter."""
    compiler = _Compiler(catalogue or Catalogue(), now)
    return Contact.objects.filter(compiler.condition(tree)) if tree.parts else Contact.objects.all()


class _Compiler:
    def __init__(self, catalogue: Catalogue, now: datetime) -> None:
        self._catalogue = catalogue
        self._now = now
        self._kinds = {
            "search": self._search,
            "address": self._address,
            "name": self._name,
            "text": self._text,
            "number": self._number,
            "date": self._date,
            "boolean": self._boolean,
            "choice": self._choice,
            "choices": self._choices,
            "among": self._among,
            "list": self._list,
            "tag": self._tag,
            "moment": self._moment,
            "gesture": self._gesture,
            "id": self._id,
        }

    def condition(self, node: Node) -> Q:
        if isinstance(node, Rule):
            return self._rule(node)
        parts = [self.condition(part) for part in node.parts]
        if not parts:
            return Q()
        found = parts[0]
        for part in parts[1:]:
            found = found & part if node.word == "all" else found | part
        return ~found if node.word == "none" else found

    def _rule(self, rule: Rule) -> Q:
        subject = self._catalogue.subject(rule.subject)
        if rule.operator not in subject.operators:
            raise WrongFilter(_("This filter is damaged."))
        if subject.takes(rule.operator) and not any(value or subject.choices for value in rule.value):
            raise WrongFilter(_("A filter needs a value: %(subject)s.") % {"subject": subject.label})
        return self._kinds[subject.kind](subject, rule)

    # ── what a person is called ─────────────────────────────────────────────────────────────────────────────────
    def _search(self, _subject: Subject, rule: Rule) -> Q:
        return found_by(rule.value[0])

    def _address(self, _subject: Subject, rule: Rule) -> Q:
        text = rule.value[0].strip().lower()
        if rule.operator == "is":
            return Q(address_key=text)
        if rule.operator == "begins":
            return Q(address_key__startswith=text)
        return _among_found(text) & Q(**{f"address_key__{'endswith' if rule.operator == 'ends' else 'contains'}": text})

    def _name(self, subject: Subject, rule: Rule) -> Q:
        column = subject.name
        if rule.operator in ("known", "unknown"):
            return Q(**{column: ""}) if rule.operator == "unknown" else ~Q(**{column: ""})
        text = rule.value[0].strip()
        if rule.operator == "not":
            return ~Q(**{f"{column}__iexact": text})
        lookup = {"is": "iexact", "begins": "istartswith", "contains": "icontains"}[rule.operator]
        return _among_found(text) & Q(**{f"{column}__{lookup}": text})

    # ── fields of one's own ─────────────────────────────────────────────────────────────────────────────────────
    def _text(self, subject: Subject, rule: Rule) -> Q:
        own = _own(subject)
        if rule.operator in ("known", "unknown"):
            return _is_known(own, rule)
        text = Value(rule.value[0].strip(), TextField())
        if rule.operator == "contains":
            return Q(Contains(own, text))
        if rule.operator == "begins":
            return Q(StartsWith(own, text))
        same = _is(subject, rule.value[0].strip())
        return same if rule.operator == "is" else ~same | Q(IsNull(own, True))

    def _number(self, subject: Subject, rule: Rule) -> Q:
        own = _own(subject)
        if rule.operator in ("known", "unknown"):
            return _is_known(own, rule)
        try:
            number = Decimal(rule.value[0].replace(",", ".").replace("\u202f", "").replace(" ", ""))
        except InvalidOperation:
            raise WrongFilter(_("“%(value)s” is not a number.") % {"value": rule.value[0][:60]}) from None
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise WrongFilter(_("“%(value)s” is not a number.") % {"value": rule.value[0][:60]})
        compare: dict[str, type[Lookup[Any]]] = {"is": Exact, "less": LessThan, "more": GreaterThan}
        return Q(compare[rule.operator](own, Value(number)))

    def _date(self, subject: Subject, rule: Rule) -> Q:
        own = _own(subject)
        if rule.operator in ("known", "unknown"):
            return _is_known(own, rule)
        today = timezone.localdate(self._now, organisation().zone)
        if rule.operator in DAYS:
            day = _text(today - timedelta(days=_days(rule)))
            if rule.operator == "older":
                return Q(LessThan(own, day))
            return Q(GreaterThanOrEqual(own, day)) & Q(LessThan(own, _text(today + timedelta(days=1))))
        compare: dict[str, type[Lookup[Any]]] = {"is": Exact, "before": LessThan, "since": GreaterThanOrEqual}
        return Q(compare[rule.operator](own, _text(_day(rule.value[0]))))

    def _boolean(self, subject: Subject, rule: Rule) -> Q:
        if rule.operator in ("known", "unknown"):
            return _is_known(_own(subject), rule)
        return _is(subject, rule.operator == "yes")

    def _choice(self, subject: Subject, rule: Rule) -> Q:
        own = _own(subject)
        if rule.operator in ("known", "unknown"):
            return _is_known(own, rule)
        among = Q(In(own, list(rule.value))) if _is_fast(subject) else _or(_is(subject, one) for one in rule.value)
        return among if rule.operator == "any" else ~among | Q(IsNull(own, True))

    def _choices(self, subject: Subject, rule: Rule) -> Q:
        own = _own(subject)
        if rule.operator in ("known", "unknown"):
            return _is_known(own, rule)
        has = [_has(subject, one) for one in rule.value]
        if rule.operator == "all":
            found = has[0]
            for one in has[1:]:
                found &= one
            return found
        return _or(has) if rule.operator == "any" else ~_or(has) | Q(IsNull(own, True))

    # ── lists, tags, state, consent ─────────────────────────────────────────────────────────────────────────────
    def _among(self, subject: Subject, rule: Rule) -> Q:
        allowed = {value for value, _label in subject.choices}
        values = [value for value in rule.value if value in allowed]
        if not values and subject.name != "source":
            raise WrongFilter(_("This filter is damaged."))
        if not values:  # what was deleted finds nobody
            found = Q(pk__in=[])
        elif subject.name == "state":
            found = _or(_state(value) for value in values)
        elif subject.name == "suppressed":
            found = _or(is_suppressed(int(value)) for value in values)
        elif subject.name == "flag":
            flags = AddressFlag.objects.filter(contact=OuterRef("pk"), settled_at=None)
            found = Q(Exists(flags.filter(kind__in=[int(value) for value in values])))
        elif subject.name == "source":
            rows = Consent.objects.filter(contact=OuterRef("pk"), statement__in=[int(value) for value in values])
            found = Q(Exists(rows))
        else:
            columns = {"provider": "mx_group", "opens": "open_consent", "clicks": "click_consent"}
            found = Q(**{f"{columns.get(subject.name, subject.name)}__in": values})
        return found if rule.operator == "any" else ~found

    def _list(self, _subject: Subject, rule: Rule) -> Q:
        numbers = _numbers(rule)
        states = {"left": _State.UNSUBSCRIBED, "waiting": _State.PENDING}
        rows = Subscription.objects.filter(contact=OuterRef("pk"), state=states.get(rule.operator, _State.SUBSCRIBED))
        found = Q(Exists(rows.filter(contact_list__in=numbers)))
        return ~found if rule.operator == "off" else found

    def _tag(self, _subject: Subject, rule: Rule) -> Q:
        found = Q(Exists(ContactTag.objects.filter(contact=OuterRef("pk"), tag__in=_numbers(rule))))
        return found if rule.operator == "any" else ~found

    def _id(self, _subject: Subject, rule: Rule) -> Q:
        return Q(pk__in=_numbers(rule))

    # ── when ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _moment(self, subject: Subject, rule: Rule) -> Q:
        column = {"created": "created_at", "changed": "updated_at"}[subject.name]
        if rule.operator in DAYS:
            edge = self._now - timedelta(days=_days(rule))
        else:
            day = _day(rule.value[0])
            edge = datetime(day.year, day.month, day.day, tzinfo=organisation().zone)
        return Q(**{f"{column}__{'lt' if rule.operator in ('before', 'older') else 'gte'}": edge})

    def _gesture(self, subject: Subject, rule: Rule) -> Q:
        """A click or an open. "More than n days ago" is said of the last one: who never did is not among them."""
        column = {"clicked": "last_clicked_at", "opened": "last_opened_on"}[subject.name]
        rows = Engagement.objects.filter(contact=OuterRef("pk"))
        if rule.operator in ("ever", "never"):
            found = Q(Exists(rows.filter(**{f"{column}__isnull": False})))
            return ~found if rule.operator == "never" else found
        edge = self._now - timedelta(days=_days(rule))
        value = edge if subject.name == "clicked" else timezone.localdate(edge, organisation().zone)
        return Q(Exists(rows.filter(**{f"{column}__{'lt' if rule.operator == 'older' else 'gte'}": value})))


def _among_found(text: str) -> Q:
    """The trigrams first, where there are some: they leave few rows for the exact comparison beside them."""
    words = [word for word in folded(text).split() if len(word) >= SHORTEST]
    return containing(*words) if words and is_current() else Q()


def _field(subject: Subject) -> ContactField:
    assert subject.field is not None
    return subject.field


def _own(subject: Subject) -> Any:
    return value_expression(_field(subject))


def _is_fast(subject: Subject) -> bool:
    return _field(subject).speed == ContactField.Speed.READY


def _is(subject: Subject, value: Any) -> Q:
    """A field equals a value: by its own index, else by the one over all fields."""
    if not _is_fast(subject):
        return Q(fields__contains={str(_field(subject).pk): value})
    text = value if isinstance(value, str) else "true" if value else "false"
    return Q(Exact(_own(subject), Value(text, TextField())))


def _has(subject: Subject, option: str) -> Q:
    if not _is_fast(subject):
        return Q(fields__contains={str(_field(subject).pk): [option]})
    return Q(DataContains(_own(subject), Value([option], JSONField())))


def _is_known(own: Any, rule: Rule) -> Q:
    return Q(IsNull(own, rule.operator == "unknown"))


def _state(name: str) -> Q:
    """What the badge of a person says; the same rules as contacts.queries.standing_of."""
    subscriptions = Subscription.objects.filter(contact=OuterRef("pk"))
    on = Exists(subscriptions.filter(state=_State.SUBSCRIBED))
    waiting = Exists(subscriptions.filter(state=_State.PENDING))
    if name == "mailable":
        return is_mailable()
    if name == "suppressed":
        return is_suppressed()
    if name == "break":
        return Q(paused_until__gt=timezone.now()) & Q(on)
    if name == "waiting":
        return Q(waiting) & ~Q(on)
    if name == "left":
        return Q(Exists(subscriptions.filter(state=_State.UNSUBSCRIBED))) & ~Q(on)
    return ~Q(Exists(subscriptions))


def _or(conditions: Any) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


def _numbers(rule: Rule) -> list[int]:
    return [int(value) for value in rule.value if value.isascii() and value.isdigit() and len(value) < 19]


def _days(rule: Rule) -> int:
    value = rule.value[0].strip()
    if not (value.isascii() and value.isdigit()) or not 0 < int(value[:6]) <= MOST_DAYS:
        raise WrongFilter(_("“%(value)s” is not a number of days.") % {"value": value[:60]})
    return int(value[:6])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise WrongFilter(_("“%(value)s” is not a date.") % {"value": text[:60]}) from None


def _text(day: date) -> Value:
    return Value(day.isoformat(), TextField())
