"""The French of every string a person sees, without a system gettext.

    python tools/messages.py extract [APP …]  bring locale/<app>/fr/LC_MESSAGES/django.po up to date, keeping its French
    python tools/messages.py check [APP …]    refuse a string without French, one left over, bad typography (exit 1)
    python tools/messages.py compile          write the .mo files Django reads

One catalogue per app: the app's own Python and templates/<app>/. Everything else (base, components, sign-in, errors,
common, config) is in `shell`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as extract_messages
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "fr"
SHELL = "shell"
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py") if path.parent.name != "common")
KEPT_HEADERS = ("Language:", "MIME-Version:", "Content-Type:", "Content-Transfer-Encoding:", "Plural-Forms:")
KEYWORDS: dict[str, Any] = {
    name + lazy: spec
    for name, spec in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
    for lazy in ("", "_lazy")
} | {"_": None, "gettext_noop": None}

Key = tuple[str, str]  # context, msgid


# ── what the code says ──────────────────────────────────────────────────────────────────────────────────────────
def catalogue_name(path: Path) -> str:
    """The app a file belongs to."""
    parts = path.relative_to(ROOT).parts
    folder = parts[1] if parts[0] == "templates" else parts[0]
    return folder if folder in APPS else SHELL


def sources() -> Iterator[Path]:
    for app in [*APPS, "common", "config"]:
        yield from sorted(path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            yield path


def messages_in(path: Path) -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Each (msgid, context) of one file; a plural msgid is a pair."""
    text = path.read_text(encoding="utf-8")
    is_template = path.suffix != ".py"
    if is_template:
        # Babel reads Python tokens: indentation means nothing in a template, and would be refused.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    found = extract_messages("python", BytesIO(text.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"})
    for line, message, _comments, context in found:
        if is_template and isinstance(message, str) and "%" in message and f'_("{message}")' in text:
            raise SystemExit(
                f"{path.relative_to(ROOT)}:{line}: Django doubles the % of _(…) in a template; use translate"
            )
        yield message, context or ""


def extracted() -> dict[str, Catalog]:
    """A fresh catalogue per app that has words, without translations."""
    catalogues: dict[str, Catalog] = defaultdict(lambda: Catalog(locale=LANGUAGE, header_comment=""))
    for path in sources():
        for message, context in messages_in(path):
            catalogues[catalogue_name(path)].add(message, context=context or None)
    return dict(catalogues)


# ── what is stored ──────────────────────────────────────────────────────────────────────────────────────────────
def po_path(app: str) -> Path:
    return ROOT / "locale" / app / LANGUAGE / "LC_MESSAGES" / "django.po"


def stored(app: str) -> Catalog:
    path = po_path(app)
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def stored_apps() -> list[str]:
    return sorted(
        path.parent.parent.parent.name for path in (ROOT / "locale").glob(f"*/{LANGUAGE}/LC_MESSAGES/django.po")
    )


def entries(catalogue: Catalog) -> dict[Key, Message]:
    return {
        (message.context or "", message.id if isinstance(message.id, str) else message.id[0]): message
        for message in catalogue
        if message.id
    }


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def is_translated(message: Message) -> bool:
    return not message.fuzzy and all(text.strip() for text in strings(message)) and bool(strings(message))


# ── the three verbs ─────────────────────────────────────────────────────────────────────────────────────────────
def extract(apps: list[str]) -> int:
    known: dict[Key, Message] = {}
    for app in stored_apps():
        known |= {key: message for key, message in entries(stored(app)).items() if is_translated(message)}
    total = open_count = 0
    fresh = extracted()
    for app in chosen(apps, set(stored_apps()) - set(fresh)):
        po_path(app).unlink()
    for app in chosen(apps, set(fresh)):
        catalogue = fresh[app]
        own = entries(stored(app))
        for key, message in entries(catalogue).items():
            source = own.get(key)
            if source is None or not is_translated(source):
                source = known.get(key)
            if source is not None and isinstance(source.string, str) == isinstance(message.id, str):
                message.string = source.string
            open_count += not is_translated(message)
        write(app, catalogue)
        total += len(catalogue)
    print(f"{total} strings, {open_count} to translate")
    return 0


def write(app: str, catalogue: Catalog) -> None:
    """Sorted, without dates, places or names: two people who extract the same code get the same bytes."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=110, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = buffer.getvalue().decode().splitlines()
    kept = [line for line in lines if not re.match(r'"[A-Z][\w-]+: ', line) or line[1:].startswith(KEPT_HEADERS)]
    path = po_path(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(line for line in kept if line != "#, fuzzy").lstrip("#\n") + "\n", encoding="utf-8")


def chosen(apps: list[str], among: set[str]) -> list[str]:
    return sorted(among & set(apps) if apps else among)


def compile_all(_apps: list[str]) -> int:
    for app in stored_apps():
        with po_path(app).with_suffix(".mo").open("wb") as file:
            write_mo(file, stored(app))
    print(f"{len(stored_apps())} catalogues compiled")
    return 0


def check(apps: list[str]) -> int:
    faults: list[str] = []
    fresh = extracted()
    said: dict[Key, tuple[str, tuple[str, ...]]] = {}
    for app in chosen(apps, set(fresh) | set(stored_apps())):
        wanted = entries(fresh[app]) if app in fresh else {}
        present = entries(stored(app))
        faults += [f"{app}: not in the catalogue: {key[1]!r}" for key in sorted(wanted.keys() - present.keys())]
        faults += [f"{app}: left over: {key[1]!r}" for key in sorted(present.keys() - wanted.keys())]
        for key, message in sorted(present.items()):
            if not is_translated(message):
                faults.append(f"{app}: {'fuzzy' if message.fuzzy else 'no French'}: {key[1]!r}")
                continue
            faults += [f"{app}: {fault}: {key[1]!r}" for fault in faults_of(message)]
            other, texts = said.setdefault(key, (app, strings(message)))
            if texts != strings(message):
                faults.append(f"{app}: {other} says it otherwise ({texts[0]!r}): {key[1]!r}")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(said)} strings in French, {len(faults)} faults")
    return 1 if faults else 0


PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
TYPOGRAPHY = [
    (re.compile(r"[ \u00a0](?=[;?!](?:\s|$|<))|(?<=\d) (?=%)"), "narrow no-break space before ; ? ! %"),
    (re.compile(r"[^\W\d_](?=[;?!](?:\s|$))"), "narrow no-break space before ; ? !"),
    (re.compile(r"[^\s\u00a0](?=:(?:\s|$))| (?=:(?:\s|$))"), "no-break space before :"),
    (re.compile(r"«[^\u00a0\u202f]|[^\u00a0\u202f]»"), "no-break space inside « »"),
    (re.compile(r"\w'\w"), "’ and not ' between letters"),
    (re.compile(r"\.\.\."), "… and not ..."),
]


def faults_of(message: Message) -> list[str]:
    """Placeholders that differ from the English, and spaces a French reader would miss."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    allowed = {place for text in ids for place in PLACE.findall(text)}
    faults = []
    for position, text in enumerate(strings(message)):
        used = set(PLACE.findall(text))
        needed = set(PLACE.findall(ids[min(position, len(ids) - 1)]))
        if used - allowed or (len(ids) == 1 and needed - used):
            faults.append("placeholders differ")
        faults += [rule for pattern, rule in TYPOGRAPHY if pattern.search(re.sub(r"<[^>]+>|https?:\S+", "", text))]
    return faults


def main(arguments: list[str]) -> int:
    verbs = {"extract": extract, "compile": compile_all, "check": check}
    if not arguments or arguments[0] not in verbs or set(arguments[1:]) - {*APPS, SHELL}:
        print(__doc__, file=sys.stderr)
        return 2
    return verbs[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
