"""A mailing's content compiled once and filled per person, equal to the byte to the slow way (slow.py)."""

from delivery.skeleton.errors import CannotFill, ContentRefused
from delivery.skeleton.filling import Filled, Parts, Skeleton, compile_content, names_of, skeleton_for
from delivery.skeleton.links import record_links
from delivery.skeleton.texts import variables_of
from delivery.skeleton.viewing import Draft, Preview, look_back, preview, view_html

__all__ = [
    "CannotFill",
    "ContentRefused",
    "Draft",
    "Filled",
    "Parts",
    "Preview",
    "Skeleton",
    "compile_content",
    "look_back",
    "names_of",
    "preview",
    "record_links",
    "skeleton_for",
    "variables_of",
    "view_html",
]
