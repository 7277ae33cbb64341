"""What cannot become a mail."""


class ContentRefused(ValueError):
    """A content nobody must be sent: an unsafe header, Liquid that cannot be read. `problems` are sentences."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class CannotFill(Exception):
    """One person's message cannot be made; the sentence says why. The others are not touched by it."""
