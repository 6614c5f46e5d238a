# SPDX-License-Identifier: MIT
"""A page: loading of its template."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

TEMPLATES = Path(__file__).parent / "templates"


def template(name: str, **filters: Callable[[str], str]) -> Template:
    """A template of HTML, with these filters; a line with only a tag of Jinja makes no line."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= filters
    return environment.get_template(name)
