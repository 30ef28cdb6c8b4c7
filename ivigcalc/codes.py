"""Every notice and every refusal: how grave, for whom, what it means and what to do. The table is `codes.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

Kind = Literal["info", "caution", "stop", "refused", "unread"]
Audience = Literal["bedside", "order", "audit"]

KIND_WORDS: dict[Kind, str] = {
    "info": "a note on the plan",
    "caution": "a caution on the plan",
    "stop": 'no plan (exit 4) unless --override CODE="reason" is given, which stands on every output',
    "refused": "no plan (exit 4), and no override",
    "unread": "no plan (exit 2; a row of a batch: among its errors): it cannot be read, or says too little",
}
AUDIENCE_WORDS: dict[Audience, str] = {
    "bedside": "who gives the infusion",
    "order": "who prescribes and checks the order",
    "audit": "who looks into it later",
}


class Code(Struct, frozen=True):
    """One code. `kinds`: all that it can be, gravest last; `column`: of a batch's rows, the one to look at first.

    `always`: it stands on a screen and beside its session also as a note, however little room there is.
    """

    code: str
    group: str
    kinds: tuple[Kind, ...]
    audience: Audience
    means: str
    remedy: str
    column: str = ""
    always: bool = False


@cache
def codes() -> dict[str, Code]:
    """All of them, in the order of the table."""
    text = (Path(__file__).parent / "codes.toml").read_text(encoding="utf-8")
    return {code: _code(code, group, row) for group, rows in tomllib.loads(text).items() for code, row in rows.items()}


def _code(code: str, group: str, row: dict[str, Any]) -> Code:
    said = (row["means"], row["do"], row.get("column", ""), row.get("always", False))
    return Code(code, group, tuple(row["kinds"]), row["for"], *said)


def audience_of(code: str) -> Audience:
    """Whom a notice of this code is for."""
    found = codes().get(code)
    return found.audience if found else "order"
