from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from feedback.folding import Kind, Told, fold
from feedback.models import BounceClass

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def told(kind: Kind, *, minutes: int = 0, message: int = 1, bounce_class: int | None = None) -> Told:
    return Told(
        id=1,
        source=3,
        kind=kind,
        at=START + timedelta(minutes=minutes),
        mailing=1,
        message=message,
        bounce_class=bounce_class,
        way=None,
        is_unmatched=False,
        contact=1,
        address_key="a@b.example",
    )


def test_every_order_gives_the_first_times() -> None:
    events = [
        told(Kind.OPENED, minutes=9),
        told(Kind.OPENED, minutes=3),
        told(Kind.BOUNCED, minutes=1, bounce_class=BounceClass.SOFT),
        told(Kind.BOUNCED, minutes=5, bounce_class=BounceClass.HARD),
    ]

    folded = [fold(order)[1] for order in permutations(events)]

    assert all(stamps == folded[0] for stamps in folded)
    assert folded[0].opened == START + timedelta(minutes=3)
    assert folded[0].bounced == START + timedelta(minutes=1)
    assert folded[0].is_hard


@given(
    st.lists(
        st.builds(
            told,
            st.sampled_from(Kind),
            minutes=st.integers(0, 5),
            message=st.integers(1, 3),
            bounce_class=st.sampled_from([None, *BounceClass]),
        )
    ),
    st.randoms(),
)
def test_order_and_repetition_never_matter(events: list[Told], random: object) -> None:
    again = events * 2
    random.shuffle(again)  # type: ignore[attr-defined]

    # The way somebody left is that of their first event; with equal times any of them is as good.
    assert fold(again) == fold(events)


def test_what_says_nothing_leaves_no_stamp() -> None:
    stamps = fold([told(Kind.DEFERRED), told(Kind.OTHER)])[1]

    assert (stamps.delivered, stamps.bounced, stamps.is_hard) == (None, None, None)
