import pytest

from launcher import configuration
from launcher.refusal import Refusal


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "ENVOL_URL", "ENVOL_BIND", "ENVOL_CATCHER_PORT", "SAMPLE"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_chosen_stays_on_this_machine() -> None:
    chosen = configuration.from_environment()

    assert (chosen.bind, chosen.url, chosen.sample) == ("127.0.0.1", "http://localhost:8000", None)
    assert chosen.is_local_only


def test_the_port_shows_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")

    assert configuration.from_environment().url == "http://localhost:9000"


def test_every_process_gets_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVOL_URL", "https://envol.example.com/")
    monkeypatch.setenv("ENVOL_BIND", "0.0.0.0")

    chosen = configuration.from_environment()

    assert not chosen.is_local_only
    assert chosen.env == {
        "ENVOL_BIND": "0.0.0.0",
        "ENVOL_CATCHER_PORT": "2525",
        "ENVOL_URL": "https://envol.example.com",
        "PORT": "8000",
    }


@pytest.mark.parametrize(
    "url",
    [
        "envol.example.com",
        "ftp://envol.example.com",
        "https://",
        "https://a.example/path",
        "https://a:b:c",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ENVOL_URL", url)

    with pytest.raises(Refusal, match="ENVOL_URL"):
        configuration.from_environment()


@pytest.mark.parametrize(("text", "meaning"), [("", None), ("0", False), ("1", True)])
def test_sample_data_is_wanted_refused_or_left_open(
    monkeypatch: pytest.MonkeyPatch, text: str, meaning: bool | None
) -> None:
    monkeypatch.setenv("SAMPLE", text)

    assert configuration.from_environment().sample is meaning


def test_another_word_for_sample_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "yes please")

    with pytest.raises(Refusal, match="SAMPLE"):
        configuration.from_environment()
