"""Commented skeletons of definition files, one YAML file per kind beside this module."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from ivigcalc.errors import RequestError
from ivigcalc.text import safe

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def skeleton(kind: str, identifier: str, today: date) -> str:
    """The skeleton of a kind, with the id and the day filled in; `<...>` is what is left to fill in."""
    if not _IDENTIFIER.fullmatch(identifier):
        allowed = f"lower-case letters, digits and hyphens, at most 60, e.g. my-{kind}"
        raise RequestError(f"'{safe(identifier)}' is no id; allowed: {allowed}", field="id")
    text = (Path(__file__).parent / f"{kind}.yaml").read_text(encoding="utf-8")
    return text.replace("MY-ID", identifier).replace("TODAY", today.isoformat())
