"""When, in words: the nearer, the more exactly."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from delivery.forecast import Forecast, end_in_words, in_a_sentence

NOW = datetime(2026, 11, 24, 9, 3, tzinfo=UTC)  # a Tuesday, 10:03 in Paris


@pytest.mark.parametrize(
    ("after", "english", "french"),
    [
        (timedelta(seconds=80), "within two minutes", "d’ici deux minutes"),
        (timedelta(minutes=7, seconds=1), "about 10:11", "vers 10\xa0h\xa011"),
        (timedelta(hours=4, minutes=16), "about 14:20", "vers 14\xa0h\xa020"),
        (timedelta(hours=13), "today towards midnight", "aujourd’hui vers minuit"),
        (timedelta(hours=26), "tomorrow towards noon", "demain vers midi"),
        (timedelta(days=3, hours=7), "on Friday in the afternoon", "vendredi dans l’après-midi"),
        (timedelta(days=18), "on 12 December", "le 12 décembre"),
        (None, "in more than a year", "dans plus d’un an"),
    ],
)
def test_the_end_in_words(after: timedelta | None, english: str, french: str) -> None:
    until = NOW + after if after else None
    with timezone.override(ZoneInfo("Europe/Paris")):
        for language, words in (("en", english), ("fr", french)):
            with translation.override(language):
                assert end_in_words(until, now=NOW) == words


def test_tonight_by_the_clock_even_when_it_is_tomorrow() -> None:
    late = NOW + timedelta(hours=13)
    with timezone.override(UTC), translation.override("en"):
        assert end_in_words(late + timedelta(hours=4), now=late) == "tomorrow about 02:05"


def test_a_sentence_for_the_command_line() -> None:
    with translation.override("en"):
        assert in_a_sentence(Forecast(), now=NOW) == ""
        assert "not known" in in_a_sentence(Forecast(people=3, until=NOW, is_known=False), now=NOW)
        assert in_a_sentence(Forecast(people=3), now=NOW) == "The last message leaves in more than a year."
