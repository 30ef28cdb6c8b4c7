"""Every notice and every refusal: how grave, for whom, what it means and what to do. The table is `codes.toml`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

Kind = Literal["info", "caution", "stop", "refused", "unread"]
Audience = Literal["bedside", "order", "audit"]

_TABLE = Path(__file__).with_name("codes.toml")
#: the table as it was read when the wheel was built, which takes a tenth of the time to read
_PREPARED = Path(__file__).parent / "prepared" / "codes" / "codes.json"

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
    data = _TABLE.read_bytes()
    table = _as_prepared(data) or _read(data)
    return {code: _code(code, group, row) for group, rows in table.items() for code, row in rows.items()}


def prepared() -> bytes:
    """The table in the form that is read at once: JSON, after the digest of both."""
    data = _TABLE.read_bytes()
    text = msgspec.json.encode(_read(data))
    return _digest(data, text) + b"\n" + text


def _as_prepared(data: bytes) -> dict[str, Any] | None:
    """The table as it was prepared; None where it was not, or where one of the two was changed since."""
    with suppress(OSError):
        stamp, _, text = _PREPARED.read_bytes().partition(b"\n")
        if stamp == _digest(data, text):  # control: prepared-codes
            return msgspec.json.decode(text)  # type: ignore[no-any-return]
    return None


def _digest(data: bytes, text: bytes) -> bytes:
    parts = hashlib.sha256(data).digest() + hashlib.sha256(text).digest()
    return hashlib.sha256(parts).hexdigest().encode()


def _read(data: bytes) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(data.decode("utf-8"))


def _code(code: str, group: str, row: dict[str, Any]) -> Code:
    said = (row["means"], row["do"], row.get("column", ""), row.get("always", False))
    return Code(code, group, tuple(row["kinds"]), row["for"], *said)


def audience_of(code: str) -> Audience:
    """Whom a notice of this code is for."""
    found = codes().get(code)
    return found.audience if found else "order"
