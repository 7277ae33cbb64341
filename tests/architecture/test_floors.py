"""What import-linter cannot see: relations written as strings, and edges imported across apps."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = {
    "common": 0,
    "accounts": 1,
    "contacts": 2,
    "catcher": 2,
    "templates_app": 3,
    "deliverability": 3,
    "delivery": 4,
    "feedback": 5,
    "campaigns": 6,
    "transactional": 6,
    "analytics": 7,
    "sample": 8,
    "config": 9,
}
EDGES = {"views", "api", "forms", "tasks", "urls", "admin", "receivers", "management"}


def our_files() -> list[Path]:
    return [path for app in FLOORS for path in sorted((ROOT / app).rglob("*.py"))]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_app_of_ours_has_a_floor() -> None:
    installed = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}

    assert installed == set(FLOORS) - {"config"}


def test_relations_point_down() -> None:
    upward = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model
        if (own := FLOORS.get(model._meta.app_label)) is not None
        if (other := FLOORS.get(field.related_model._meta.app_label)) is not None
        if other > own or (other == own and model._meta.app_label != field.related_model._meta.app_label)
    ]

    assert upward == []


def test_edges_are_private() -> None:
    touched = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in our_files()
        if (own := path.relative_to(ROOT).parts[0]) != "config"
        for name in imports_of(path)
        if (parts := name.split("."))[0] in FLOORS and parts[0] != own
        if len(parts) > 1 and parts[1] in EDGES
    ]

    assert touched == []


def test_files_and_functions_stay_short() -> None:
    written = {path: path.read_text(encoding="utf-8") for path in our_files() if "migrations" not in path.parts}
    long_files = [str(path.relative_to(ROOT)) for path, text in written.items() if text.count("\n") > 400]
    long_functions = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, text in written.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno + 1 > 50
    ]

    assert long_files == []
    assert long_functions == []


def test_every_edge_has_a_contract() -> None:
    """import-linter's contracts name modules one by one: a new edge must be named there, too."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {module for contract in contracts for module in contract.get("protected_modules", [])}
    there = {
        f"{app}.{edge}"
        for app in set(FLOORS) - {"common", "config"}
        for edge in EDGES
        if (ROOT / app / edge).is_dir() or (ROOT / app / f"{edge}.py").exists()
    }

    assert named == there


def test_common_stays_small() -> None:
    assert len([path for path in (ROOT / "common").glob("*.py") if path.name not in ("__init__.py", "apps.py")]) <= 10
