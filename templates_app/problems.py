"""What is wrong with a source, and where."""

from bisect import bisect_right
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. Lines and columns count from 1; the message is in the language active when it was found."""

    line: int
    column: int
    message: str
    is_error: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class SourceErrors(ValueError):
    """A source that must not be used. `problems` has the errors and the warnings, in the order of the source."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("; ".join(f"{p.line}:{p.column} {p.message}" for p in self.problems if p.is_error))


class Places:
    """Turns an offset into a line and a column."""

    def __init__(self, source: str) -> None:
        self._starts = [0]
        self._starts += [offset + 1 for offset, character in enumerate(source) if character == "\n"]

    def problem(self, offset: int, message: str, *, is_error: bool = True) -> Problem:
        line = bisect_right(self._starts, offset)
        return Problem(line, offset - self._starts[line - 1] + 1, message, is_error)
