"""One person's copy as the send path carries it: a row of Message without the weight of a model (8 µs each)."""

from dataclasses import dataclass
from typing import Any, Protocol


class OneCopy(Protocol):
    """What filling needs of a message: a model's row or a Copy."""

    @property
    def pk(self) -> int: ...
    @property
    def content_id(self) -> int | None: ...
    @property
    def address(self) -> str: ...
    @property
    def tracking(self) -> int: ...
    @property
    def vars(self) -> Any: ...


@dataclass(slots=True)
class Copy:
    pk: int
    mailing_id: int
    content_id: int | None
    contact_id: int | None
    address: str
    tracking: int
    vars: dict[str, Any]
