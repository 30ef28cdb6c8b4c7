"""What each key of the JSON output holds, in words: read from `meanings.toml` for the schema and the documentation."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from ivigcalc.document.records import Request
from ivigcalc.request.fields import FIELD

#: key -> what it holds
Meanings = dict[str, str]


@cache
def of_plan() -> dict[str, Meanings]:
    """Record of the plan -> its keys. What was asked means what the help of its option says."""
    asked = {name: f"as {field.option}: {field.help.rstrip('.')}" for name, field in FIELD.items()}
    found: dict[str, Meanings] = _read()["plan"]  # type: ignore[assignment]
    return {**found, Request.__name__: {**found[Request.__name__], **asked}}


@cache
def of_others() -> dict[str, Meanings]:
    """Each other document -> the ends of its paths."""
    return {name: held for name, held in _read().items() if name != "plan"}


def of_path(document: str, path: str) -> str | None:
    """The meaning of a key by its path, `visits[].dose_g`: that of the longest end that has one; None without one."""
    found = of_others().get(document, {})
    return next((found[end] for end in ends(document, path) if end in found), None)


def ends(document: str, path: str) -> list[str]:
    """What a path can be called by, longest first: all of it after the name of its document, then ever less of it."""
    short = document.partition("/")[0].removeprefix("ivigcalc.").rpartition("-")[2].rpartition(" ")[2]
    parts = [short, *(part for part in path.replace("[]", "").split(".") if part)]
    return [".".join(parts[place:]) for place in range(len(parts))]


def _read() -> dict[str, Meanings]:
    return tomllib.loads((Path(__file__).parent / "meanings.toml").read_text(encoding="utf-8"))
