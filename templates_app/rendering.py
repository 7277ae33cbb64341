"""From a source to HTML, and from HTML to what one person reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from templates_app import liquid, mjml
from templates_app.problems import Problem, SourceErrors

__all__ = ["Compiled", "check_source", "compile_source", "render", "undefined_names"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """HTML with Liquid in it; the dotted Liquid names it uses; what deserves a look but stops nothing."""

    html: str
    names: frozenset[str]
    warnings: list[Problem]


def compile_source(source: str) -> Compiled:
    """MJML to HTML with its Liquid untouched. Raises SourceErrors: problems with line, column, message."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    scan = mjml.scan(source)
    problems = [*scan.problems, *_liquid_problems(source)]
    if any(problem.is_error for problem in problems):
        raise SourceErrors(problems)
    html = mjml.compile_scan(scan)
    return Compiled(html, liquid.parse(html, is_html=True).names, problems)


def check_source(source: str) -> list[Problem]:
    """Everything wrong with a source, errors and warnings, in its order; empty when all is well."""
    try:
        return compile_source(source).warnings
    except SourceErrors as error:
        return error.problems


def render(html: str, variables: Mapping[str, object], *, language: str) -> str:
    """HTML for one person; values are escaped, dates in `language`. Raises SourceErrors or liquid.CannotRender."""
    return liquid.render(html, variables, is_html=True, language=language)


def undefined_names(text: str, *, known: Iterable[str]) -> list[str]:
    """The Liquid names of `text` nobody defines, sorted. `known` are dotted contact fields ("contact.city")."""
    return liquid.undefined_names(text, known=known)


def _liquid_problems(source: str) -> list[Problem]:
    try:
        liquid.parse(source)
    except SourceErrors as error:
        return error.problems
    return []
