"""Saved plans read back: the JSON document `ivigcalc.plan/1` as plain data, and the words that it was asked in.

A saved plan is hostile until it has passed: size, encoding, nesting, repeated keys and numbers that are none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Never, get_args

import simplejson
from msgspec import Struct

from ivigcalc import library
from ivigcalc.clock import iso_date
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.document.keys import keys
from ivigcalc.document.records import SCHEMA, Request
from ivigcalc.errors import DefinitionError, Problem, RequestError
from ivigcalc.files import UnreadableError, read_regular
from ivigcalc.request import words
from ivigcalc.request.event import EventWords
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Command, Form
from ivigcalc.request.reference import is_path, split_protocol
from ivigcalc.text import safe

#: the largest plan that can be asked for, 200 courses of 31 days, is about 15 MB
MAX_BYTES = 32 * 1024 * 1024


class Told(Struct, frozen=True):
    """One change of a saved plan: what happened, in words, why, by whom it was told and on which day."""

    words: EventWords
    reason: str | None
    by: str | None
    at: date


class SavedPlan(Struct, frozen=True):
    """What a file holds: the document, and what it says it was computed from."""

    name: str
    document: dict[str, Any]
    form: Form
    command: Command
    on: date | None
    site: Loaded[Site]
    history: tuple[Told, ...] = ()

    @property
    def version(self) -> str:
        """The ivigcalc that wrote it."""
        return shown(self.document.get("ivigcalc_version"))


def read_saved(path: Path) -> SavedPlan:
    """Read a plan written with `--format json -o FILE`. Raises `RequestError` for what is not one."""
    name = shown(str(path))
    try:
        data = read_regular(path, MAX_BYTES)
    except UnreadableError as error:
        raise RequestError(f"{name} {error}{_SAVED}", field="plan", code="not-a-plan") from None
    return saved_plan(data, name)


def saved_plan(data: bytes, name: str) -> SavedPlan:
    """As `read_saved`, from bytes already read; `name` stands for the file in messages."""
    document = document_of(data, name)
    source = _part(document, "computed_from", name)
    request = _part(source, "request", name)
    command: Any = request.get("command")
    if command not in get_args(Command):
        raise unreadable(name, "its request names no command that plans")
    form = _form(request, source, name)
    _need_files(form, source)
    history = tuple(_history(document.get("history", []), name))
    return SavedPlan(name, document, form, command, _asked_on(request, name), _site(source, name), history)


def shown(value: Any) -> str:
    """A value of the file for a message: short, and without anything that a terminal would obey."""
    return "null" if value is None else safe(str(value), 80)


#: what is said of every file that is no plan
_SAVED = "; give a file as --format json -o FILE wrote it"


def unreadable(name: str, why: str) -> RequestError:
    """What is said of a file that holds no plan."""
    return RequestError(f"{name} is not a saved plan: {why}{_SAVED}", field="plan", code="not-a-plan")


def document_of(data: bytes, name: str) -> dict[str, Any]:
    """The document as plain data with exact decimals; raises `RequestError` for what says that it is another thing."""
    try:
        found = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise unreadable(name, "it is not UTF-8 text") from None
    except RecursionError:
        raise unreadable(name, "it is nested too deep") from None
    except (ValueError, ArithmeticError) as error:
        raise unreadable(name, shown(" ".join(str(error).split()))) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        says = shown(found.get("schema")) if isinstance(found, dict) else "nothing"
        raise unreadable(name, f"its schema must be {SCHEMA}, and it says {says}")
    return found


def parse(text: str) -> Any:
    """JSON with exact decimals; NaN, infinities and repeated keys are errors."""
    try:
        # control: keys-once
        return simplejson.loads(text, use_decimal=True, parse_constant=_no_number, object_pairs_hook=_without_repeats)
    except simplejson.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):  # such as a batch's plans.jsonl
            why = "more follows; where each line holds one, put that line into its own file"
            raise ValueError(why) from None
        raise
    except ValueError as error:
        if "set_int_max_str_digits" in str(error):  # a remedy for programmers
            raise ValueError(f"a number has more than {sys.get_int_max_str_digits()} digits") from None
        raise


def _no_number(text: str) -> Never:
    raise ValueError(f"{text} is not a number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice in one place")
    return found


def _part(block: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    part = block.get(key)
    if not isinstance(part, dict):
        raise unreadable(name, f"it has no {key}")
    return part


def _form(request: dict[str, Any], source: dict[str, Any], name: str) -> Form:
    unknown = [word for word in request if word not in keys(Request)]
    if unknown:
        raise unreadable(name, f"its request says '{shown(unknown[0])}', which this ivigcalc does not know")
    form = Form(**{word: _words(word, request[word], name) for word in keys(Form) if word in request})
    defaults = source.get("defaults_used")
    for text in defaults if isinstance(defaults, list) else ():
        # what was not given then is not given now: the default in force must come out the same
        for field in ("product", "policy"):
            if isinstance(text, str) and text.startswith(f"{field} not given:"):
                setattr(form, field, None)
        if isinstance(text, str) and text.startswith("protocol not given:") and form.regimen:
            form.regimen = split_protocol(form.regimen)[0]
    return form


def _history(found: Any, name: str) -> Iterator[Told]:
    """The changes that a plan says it has been through; whether they give its figures is for `verify`."""
    if not isinstance(found, list):
        raise unreadable(name, "its history is no list")
    for number, change in enumerate(found, start=1):
        if not isinstance(change, dict):
            raise unreadable(name, f"change {number} of its history is none")
        reason, by = (_told(change, key, number, name) for key in ("reason", "by"))
        try:
            at = iso_date(change.get("at"))
        except ValueError:
            raise unreadable(name, f"change {number} of its history has no day") from None
        yield Told(_event(change, number, name), reason, by, at)


def _told(change: dict[str, Any], key: str, number: int, name: str) -> str | None:
    text = change.get(key)
    try:
        if text is None or isinstance(text, str):
            return None if text is None else words.printable(text)
    except ValueError:
        pass
    raise unreadable(name, f"change {number} of its history has no words for '{key}'")


def _event(change: dict[str, Any], number: int, name: str) -> EventWords:
    event = _part(change, "event", name)
    said: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in event.items() if key != "kind"
    }
    fits = {"str | None": _is_word, "bool": _is_yes, "tuple[str, ...]": _are_words}
    kinds = EventWords.__annotations__
    for key, value in said.items():
        if key not in kinds or not fits[kinds[key]](value):
            raise unreadable(name, f"change {number} of its history says '{shown(key)}', which cannot be read")
    return EventWords(**said)


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_yes(value: Any) -> bool:
    return isinstance(value, bool)


def _are_words(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


def _need_files(form: Form, source: dict[str, Any]) -> None:
    """A relative path means the folder where the plan was made, which the plan does not know."""
    regimen = split_protocol(form.regimen)[0] if form.regimen else None
    files = [file for file in (regimen, form.product, form.policy) if file and is_path(file)]
    site = source.get("site")
    if isinstance(site, dict) and isinstance(site.get("file"), str):
        files.append(site["file"])
    for file in files:
        if not Path(file).is_absolute() and _is_missing(file):
            why = f"is not in {shown(Path.cwd())}: run verify in the folder where the plan was made"
            raise DefinitionError([Problem(shown(file), 0, "", why)])


def _is_missing(file: str) -> bool:
    try:
        Path(file).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False  # reading it will say why
    return False


def _words(key: str, value: Any, name: str) -> Any:
    words = tuple(value) if isinstance(value, list) else value
    if FIELD[key].takes(words):
        return words
    raise unreadable(name, f"its request has no words for '{key}': {shown(value)}")


def _asked_on(request: dict[str, Any], name: str) -> date | None:
    on = request.get("on")
    try:
        return None if on is None else iso_date(on)
    except ValueError:
        raise unreadable(name, f"it was asked on {shown(on)}, which is not a date") from None


def _site(source: dict[str, Any], name: str) -> Loaded[Site]:
    site = source.get("site")
    if site is None:
        return NO_SITE_LOADED
    if not isinstance(site, dict) or not isinstance(site.get("file"), str):
        raise unreadable(name, "it names no file of its site")
    return library.site(site["file"])
