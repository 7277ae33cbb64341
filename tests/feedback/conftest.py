import pytest

from feedback.links import forget
from tests.feedback.sent import Sent, send


@pytest.fixture
def sent(db: None) -> Sent:
    return send()


@pytest.fixture(autouse=True)
def forget_links() -> None:
    """Each test's database begins anew; a process's memory of links must too."""
    forget()
