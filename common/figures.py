"""Numbers as people read them, and small drawings as coordinates. No HTML here."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language

NOTHING = "–"
MINUS = "−"
NARROW = "\u202f"


def number(value: Any, decimals: int = 0) -> str:
    """48200 → "48 200" or "48,200"; None → "–"."""
    if value is None or value == "":
        return NOTHING
    text = number_format(Decimal(str(value)), decimal_pos=decimals, use_l10n=True, force_grouping=True)
    return text.replace("-", MINUS)


def percent(ratio: Any, decimals: int | None = None) -> str:
    """A ratio of 0 to 1 as a percentage; None (a denominator of nought) → "–".

    Without `decimals` it keeps three figures: 98.6 %, 4.61 %, 0.041 %. Rounding never says all or none
    when it is not so.
    """
    if ratio is None or ratio == "":
        return NOTHING
    value = Decimal(str(ratio)) * 100
    places = _places(value) if decimals is None else decimals
    step = Decimal(1).scaleb(-places)
    rounded = value.quantize(step, rounding=ROUND_HALF_EVEN)
    if rounded >= 100 > value:
        rounded = 100 - step
    prefix = ""
    if rounded == 0 < value:
        prefix, rounded = "<\xa0", step
    return f"{prefix}{number(rounded, 0 if rounded in (0, 100) else places)}{_gap()}%"


def clock_layout(language: str) -> str:
    """How a time of day is written, for Django's date_format: 14 h 20 or 14:20."""
    return "G\xa0\\h\xa0i" if language.startswith("fr") else "H:i"


def points(difference: Any) -> str:
    """The difference of two ratios in percentage points, signed: "+0.3 pt", "−0.21 pt"; None → "–"."""
    if difference is None or difference == "":
        return NOTHING
    value = Decimal(str(difference)) * 100
    value = round(value, _places(value)).normalize()
    sign = "+" if value > 0 else ""
    return f"{sign}{number(value, max(0, -int(value.as_tuple().exponent)))}\xa0pt"


def _places(value: Decimal) -> int:
    size = abs(value)
    if size in (0, 100):
        return 0
    if size >= 10:
        return 1
    return 2 if size >= Decimal("0.1") else 3


def _gap() -> str:
    return NARROW if (get_language() or "").startswith("fr") else ""


def spans(counts: Sequence[int], width: float = 1000, least: float = 2.5) -> list[tuple[float, float]]:
    """Start and width of each count on a bar of `width`. One person is still `least` wide; the largest gives way."""
    total = sum(counts)
    if not total:
        return [(0.0, 0.0) for _ in counts]
    widths = [max(count / total * width, least) if count else 0.0 for count in counts]
    largest = widths.index(max(widths))
    widths[largest] -= sum(widths) - width
    starts = [sum(widths[:position]) for position in range(len(widths))]
    return list(zip(starts, widths, strict=True))


def curve(values: Sequence[float | None], limit: float | None = None) -> tuple[str, str, str]:
    """Points of a curve, of the area under it and the height of the limit, in a box of 100 × 32."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return "", "", ""
    # With a limit the scale begins at nought and ends at the limit, so that "far below" looks far below.
    low, high = (0.0, max(*known, limit)) if limit is not None else (min(known), max(known))
    reach = (high - low) or 1.0
    last = len(values) - 1
    line = " ".join(
        f"{position / last * 100:.1f},{_height(value, low, reach):.1f}"
        for position, value in enumerate(values)
        if value is not None
    )
    first_x, last_x = line.split(",")[0], line.split(" ")[-1].split(",")[0]
    area = f"{first_x},32 {line} {last_x},32"
    return line, area, f"{_height(limit, low, reach):.1f}" if limit is not None else ""


def _height(value: float, low: float, reach: float) -> float:
    return 30 - (value - low) / reach * 27
