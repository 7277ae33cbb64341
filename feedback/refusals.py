"""What the door of webhooks says to those it does not let in."""


class Refused(Exception):
    """Not taken. `status` is the HTTP answer; the text says why without telling a stranger anything."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
