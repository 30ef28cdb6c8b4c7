"""The shipped definitions as they were read and checked before: made by `make prepared` and when the wheel is built,
with the table of codes, which keeps its own form (`codes.py`).

The prepared form of a file is taken only where its digest fits its name, its own bytes, those of the YAML file beside
it, and the code that reads it; else the file goes through the full reader, as one of a hospital's own always does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ivigcalc import codes
from ivigcalc.definitions import Condition, Loaded, Strict
from ivigcalc.definitions.words import Words
from ivigcalc.files import UnreadableError, read_regular
from ivigcalc.library.place import FOLDERS, MAX_BYTES, prepared_file, shipped
from ivigcalc.quantity import Quantity

#: the key under which a prepared value says what it is; no key of a file is empty
_KIND = ""
_PACKAGE = Path(__file__).parent.parent
#: what makes a value of a file
_CODE = ("definitions/*.py", "library/prepared.py", "library/reader.py", "clock.py", "quantity.py")
_HEX = 64


def load(path: Path, kind: str) -> Loaded[Any] | None:
    """A shipped definition as it was prepared; None where it was not, or where anything has changed since."""
    with suppress(UnreadableError, OSError):
        data = read_regular(path, MAX_BYTES)
        stamp, text = _split(read_regular(prepared_file(kind, path.stem), 4 * MAX_BYTES))
        if stamp == _stamp(kind, path.stem, data, text):  # control: prepared-digest
            return Loaded(decoded(text), hashlib.sha256(data).hexdigest(), str(path))
    return None


def write() -> int:
    """Prepare every shipped definition by the full reader, and the table of codes; how many definitions there are."""
    from ivigcalc.library.reader import load_bytes

    _put(prepared_file("codes", "codes"), codes.prepared())
    count = 0
    for kind in FOLDERS:
        for identifier, path in shipped(kind).items():
            data = read_regular(path, MAX_BYTES)
            text = encoded(load_bytes(data, str(path), kind).value)
            _put(prepared_file(kind, identifier), _stamp(kind, identifier, data, text) + b"\n" + text)
            count += 1
    return count


def _put(target: Path, held: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(held)


def _split(held: bytes) -> tuple[bytes, bytes]:
    return held[:_HEX], held[_HEX + 1 :]


def _stamp(kind: str, identifier: str, data: bytes, text: bytes) -> bytes:
    place = hashlib.sha256(f"{kind}/{identifier}".encode()).digest()
    parts = (_code(), place, hashlib.sha256(data).digest(), hashlib.sha256(text).digest())
    return hashlib.sha256(b"".join(parts)).hexdigest().encode()


@cache
def _code() -> bytes:
    files = sorted(path for pattern in _CODE for path in _PACKAGE.glob(pattern))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


# ---- values <-> text ----------------------------------------------------------------------------------------------


def encoded(value: Strict) -> bytes:
    """A definition as JSON, with what is not the default of its key."""
    return msgspec.json.encode(_plain(value))


def decoded(text: bytes) -> Any:
    """What `encoded` was given."""
    return _value(msgspec.json.decode(text))


def _plain(value: Any) -> Any:
    if isinstance(value, Strict):
        told = {name: one for name, one in value.values().items() if not value.is_default(name)}
        return {_KIND: type(value).__name__, **{name: _plain(one) for name, one in told.items()}}
    if type(value) in (str, int, bool, type(None)):
        return value
    if type(value) is dict and _KIND not in value:
        return {key: _plain(one) for key, one in value.items()}
    if type(value) is tuple and not any(isinstance(one, tuple | list) for one in value):
        return [_plain(one) for one in value]
    return {_KIND: type(value).__name__, **_PARTS[type(value)](value)}


_PARTS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Quantity: lambda value: {"value": str(value.value), "unit": value.unit},
    Decimal: lambda value: {"value": str(value)},
    date: lambda value: {"value": value.isoformat()},
    Words: lambda value: {"value": str(value), "because": value.words_because},
    Condition: lambda value: {name: _plain(getattr(value, name)) for name in Condition.__struct_fields__},
}


def _value(found: dict[str, Any]) -> Any:
    """One block of JSON as the value that it stands for."""
    for name, one in found.items():
        if type(one) is list:
            found[name] = tuple(_value(each) if type(each) is dict else each for each in one)
        elif type(one) is dict:
            found[name] = _value(one)
    kind = found.pop(_KIND, None)
    return found if kind is None else _makers()[kind](found)


@cache
def _quantity(value: str, unit: str) -> Quantity:
    return Quantity(Decimal(value), unit)


@cache
def _makers() -> dict[str, Callable[[dict[str, Any]], Any]]:
    return {
        "Quantity": lambda found: _quantity(found["value"], found["unit"]),
        "Decimal": lambda found: Decimal(found["value"]),
        "date": lambda found: date.fromisoformat(found["value"]),
        "Words": lambda found: Words(found["value"], found["because"]),
        "Condition": lambda found: Condition(**found),
        **{block.__name__: block.trusted for block in _blocks(Strict)},
    }


def _blocks(base: type[Strict]) -> Iterator[type[Strict]]:
    for block in base.__subclasses__():
        if block.__module__.startswith("ivigcalc.definitions."):
            yield block
        yield from _blocks(block)


if __name__ == "__main__":
    print(f"{write()} definitions prepared")
