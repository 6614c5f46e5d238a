# SPDX-License-Identifier: MIT
"""A page: where its template is, and how that is filled in."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

TEMPLATES = Path(__file__).parent / "templates"


def template(name: str, **filters: Callable[[str], str]) -> Template:
    """A template of HTML, with these filters; lines with a tag alone leave none on the page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= filters
    return environment.get_template(name)
