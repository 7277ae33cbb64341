"""MJML: read and judged here (scanning), compiled by mrml (compiling)."""

from templates_app.mjml.compiling import compile_scan
from templates_app.mjml.scanning import SIZE_LIMIT, Scan, scan

__all__ = ["SIZE_LIMIT", "Scan", "compile_scan", "scan"]
