"""A page with every component on it, for the tests and for looking at: never routed outside them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.policies import public_policy

NOW = datetime(2026, 6, 29, 7, 31, tzinfo=UTC)
LEDGER = {
    "planned": 52340,
    "accepted": 31284,
    "sending": 400,
    "pending": 16304,
    "skipped": 4162,
    "refused": 187,
    "unknown": 3,
    "notes": {"skipped": "22 since 9:30", "unknown": "to decide"},
}
PEOPLE = [
    ("Amélie Baptiste-Lefebvre", "amelie.baptiste-lefebvre@courriel.example", "ok", "Can be mailed", "check", 4),
    ("Camille Roux", "camille.roux@courriel.example", "ok", "Can be mailed", "check", 5),
    ("Françoise Garnier", "f.garnier@ancienne-adresse.example", "bad", "Dead address", "mail-x", 0),
    ("", "salimata@atelier-nord.example", "dashed", "To confirm", "clock", 0),
]


class ExampleForm(forms.Form):
    """One field of each kind, two of them wrong."""

    name = forms.CharField(label="Sender’s name", help_text="As mailboxes show it.")
    address = forms.EmailField(label="Sender’s address")
    reply_to = forms.EmailField(label="Reply to", required=False)
    stream = forms.ChoiceField(label="Stream", choices=[("m", "Marketing"), ("t", "Receipts")])
    when = forms.ChoiceField(
        label="When",
        choices=[("now", "Now"), ("later", "At a time")],
        widget=forms.RadioSelect,
        help_text="Paris time.",
    )
    file = forms.FileField(label="File", required=False)
    review = forms.BooleanField(label="Review before sending", required=False)


def _rates() -> list[dict[str, Any]]:
    rise = [0.31, 0.33, 0.32, 0.35, 0.34, 0.36, 0.362]
    flat = [0.0004, 0.00038, 0.00045, 0.00041]
    return [
        {
            "label": "Delivery",
            "value": 0.986,
            "trend": 0.003,
            "is_better": True,
            "values": rise,
            "note": "of accepted",
            "url": "#",
        },
        {
            "label": "Bounces",
            "value": 0.0112,
            "trend": -0.0021,
            "is_better": True,
            "values": [0.013, 0.012, 0.0112],
            "limit": 0.02,
            "note": "limit 2 %",
            "url": "#",
        },
        {
            "label": "Complaints",
            "value": 0.00041,
            "trend": 0.00009,
            "is_better": False,
            "values": flat,
            "limit": 0.0008,
            "note": "alert at 0.08 %",
            "url": "#",
        },
        {
            "label": "Opens",
            "value": 0.362,
            "trend": 0.014,
            "is_better": True,
            "values": rise,
            "note": "58 % can be measured",
            "url": "#",
        },
        {"label": "Clicks", "value": 0.0461, "trend": None, "values": rise, "note": "of delivered", "url": "#"},
        {
            "label": "Unsubscribes",
            "value": None,
            "trend": 0,
            "is_better": None,
            "values": [],
            "note": "nothing delivered yet",
        },
    ]


def context() -> dict[str, Any]:
    """What the gallery shows: shapes and names as docs/interface.md asks for them."""
    return {
        "form": ExampleForm({"name": "Maison Verdier", "address": "bonjour@verdier", "stream": "m", "review": True}),
        "ledger": LEDGER,
        "rates": _rates(),
        "people": [
            {"name": name, "address": address, "badge": {"kind": kind, "word": word, "icon": icon}, "score": score}
            for name, address, kind, word, icon, score in PEOPLE
        ],
        "badges": [
            {"word": "Draft", "icon": "pencil", "kind": "dashed"},
            {"word": "Scheduled", "icon": "calendar-time", "kind": "accent"},
            {"word": "Sending", "icon": "send", "kind": "solid"},
            {"word": "Paused", "icon": "player-pause", "kind": "warn"},
            {"word": "Finished", "icon": "circle-check", "kind": "ok"},
            {"word": "Cancelled", "icon": "ban"},
            {"word": "Refused", "icon": "x", "kind": "bad"},
            {"word": "Fate unknown", "icon": "help", "kind": "doubt"},
        ],
        "chips": [{"label": "List", "value": "Newsletter", "url": "?"}, {"label": "City", "value": "Lyon", "url": "?"}],
        "periods": [{"word": "7 d", "url": "?d=7"}, {"word": "30 d", "url": "?d=30", "is_current": True}],
        "tabs": [
            {"word": "Contacts", "url": "?t=1", "is_current": True, "count": 128406},
            {"word": "Lists", "url": "?t=2", "count": 3},
        ],
        "steps": ["File", "Columns", "Consent", "Check", "Import", "Report"],
        "page": SimpleNamespace(before="b", after="a"),
        "actions": [
            {"name": "add", "word": "Add to a list", "icon": "list"},
            {"name": "leave", "word": "Unsubscribe…", "icon": "user-minus", "kind": "danger"},
        ],
        "checks": [
            {
                "state": "warn",
                "title": "The main image has no description",
                "text": "Mailboxes that block images show a gap.",
                "url": "#",
                "action": "Correct",
            },
            {"state": "ok", "title": "One-click unsubscribe: tried for real", "text": "answered in 84 ms"},
            {"state": "bad", "title": "The postal address is missing", "url": "#", "action": "Add it"},
        ],
        "entries": [
            {
                "at": NOW,
                "title": "Summer sale: accepted",
                "text": "by the catcher",
                "icon": "mail-check",
                "kind": "accent",
                "url": "#",
            },
            {"at": NOW - timedelta(days=11), "title": "Clicked “See the linen”", "icon": "click", "kind": "accent"},
            {
                "at": NOW - timedelta(days=500),
                "title": "Subscribed",
                "text": "form in the footer",
                "icon": "user-plus",
                "kind": "ok",
            },
        ],
        "days": [
            ("31/05", 36.2, 4.1),
            ("01/06", 34.8, 3.9),
            ("02/06", 38.1, 4.6),
            ("03/06", 35.5, 4.2),
            ("04/06", None, None),
        ],
    }


def gallery(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Settings saved."))
    return render(request, "gallery.html", context())


@public_policy
@login_not_required
def public_gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "public_gallery.html", context())
