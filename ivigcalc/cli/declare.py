"""How a command declares an option, for those who read it: typer (`lean.py`), and `plain.py` without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct


class Option(Struct, frozen=True):
    """What is said of an option beside the type and the default of its parameter.

    `names`: where it has other names than its parameter. `more`: what else typer is told, by typer's words.
    """

    help: str
    names: tuple[str, ...]
    panel: str
    more: Mapping[str, Any]


def in_panel(panel: str) -> Callable[..., Option]:
    """Options that stand together on the help page: each is given its help, then its names."""

    def option(text: str, *names: str, **more: Any) -> Option:
        return Option(text, names, panel, more)

    return option
