"""regimens, products, policies: list, show, check, schema, new."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
