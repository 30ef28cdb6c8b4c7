"""Commented skeletons of definition files, one YAML file per kind beside this module."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from ivigcalc.errors import RequestError

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def skeleton(kind: str, identifier: str, today: date) -> str:
    """The skeleton of a kind, with the id and the day filled in; `<...>` is what is left to fill in."""
    if not _IDENTIFIER.fullmatch(identifier):
        shown = "".join(c if c.isprintable() else "?" for c in identifier[:60])
        message = f"'{shown}' is no id; allowed: lower-case letters, digits and hyphens, at most 60, e.g. my-{kind}"
        raise RequestError(message, field="id")
    text = (Path(__file__).parent / f"{kind}.yaml").read_text(encoding="utf-8")
    return text.replace("MY-ID", identifier).replace("TODAY", today.isoformat())
