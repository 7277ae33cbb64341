"""Whoever applies what comes back ends in the middle of it: nothing is counted twice, and nothing is lost."""

import pytest

from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import Event
from tests.feedback.sent import send
from tests.feedback.test_concurrency import _forget, picture, what_happened
from tests.kill.test_kill import crew


@pytest.mark.kill
@pytest.mark.django_db(transaction=True)
def test_ended_in_the_middle_of_applying_counts_once() -> None:
    from tests.kill.worker import apply_events

    sent = send(30)
    events = what_happened(sent)
    record_events(events)
    apply_pending()
    once = picture(sent)
    _forget(sent)
    record_events(events)

    with crew(sent.mailing, count=0) as workers:
        for _ in range(2):
            process = workers.context.Process(target=apply_events, args=("apply",), daemon=True)
            process.start()
            process.join(20)
            assert process.exitcode == 137, "it came to the point"

    assert not Event.objects.exclude(applied_at=None).exists()
    apply_pending()
    assert picture(sent) == once
