"""Hot statements live in `<app>/sql/<name>.sql`, each with its reason and measured plan as a comment."""

from functools import cache
from pathlib import Path

from django.apps import apps


@cache
def load_sql(app_label: str, name: str) -> str:
    """The text of `<app>/sql/<name>.sql`, comments removed so that the server's logs stay readable."""
    path = Path(apps.get_app_config(app_label).path) / "sql" / f"{name}.sql"
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))
