"""What became of one row that could not be planned: which field, which code, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct

from ivigcalc.codes import codes
from ivigcalc.errors import DefinitionError, IvigcalcError, MissingExtraError, RefusedError, RequestError
from ivigcalc.request.form import Form
from ivigcalc.text import safe

ERROR_COLUMNS = ("row", "patient_id", "field", "code", "message")
_OPTION = re.compile(r"--([a-z][a-z-]*)")
_WORDS = set(Form.__struct_fields__)
MAX_MESSAGE, MAX_ID = 500, 200
_T = TypeVar("_T")
P = ParamSpec("P")


class Failed(Struct, frozen=True):
    """Why there is no plan. `code` joins several refusals with `;`, `field` is the column at fault, where one is.

    `more` is what else is wrong with the same row.
    """

    code: str
    field: str
    message: str
    more: tuple[Failed, ...] = ()

    def each(self) -> tuple[Failed, ...]:
        """All that is wrong, one by one."""
        return (self, *self.more)


def failed(error: IvigcalcError) -> Failed:
    """An error of one request as data. A missing extra is no fault of the row: it is raised again."""
    if isinstance(error, MissingExtraError):
        raise error
    if isinstance(error, RefusedError):
        return Failed(";".join(error.codes), _column(error.code), str(error))
    if isinstance(error, RequestError):
        return Failed(error.code, error.field, str(error))
    code = "bad-definition" if isinstance(error, DefinitionError) else "error"
    return Failed(code, "", str(error))


def _column(code: str) -> str:
    """The column that a clerk looks at first for a refusal."""
    declared = codes().get(code)
    return declared.column if declared else ""


def bug(error: Exception) -> Failed:
    """A bug costs one request, and says so."""
    return Failed("bug", "", f"a bug in ivigcalc ({type(error).__name__}): please report this row")


def attempt(ask: Callable[P, _T], *what: P.args, **more: P.kwargs) -> _T | Failed:
    """What one request gives, or why it gives nothing: neither a mistake nor a bug in one row stops the others."""
    try:
        return ask(*what, **more)
    except IvigcalcError as error:
        return failed(error)
    except MemoryError:
        raise
    except Exception as error:
        return bug(error)


def attempt_all(stages: Iterable[Callable[[Any], Any]], asked: Iterable[Any]) -> list[Any]:
    """What each of many requests gives, or why it gives nothing. All go through one stage before any goes through the
    next: a processor that does the same again has its instructions at hand, which halves the time of most of them."""
    found = list(asked)
    for stage in stages:
        found = [each if isinstance(each, Failed) else attempt(stage, each) for each in found]
    return found


def for_clerk(message: str) -> str:
    """A message of the command line in the words of a table: one harmless line, columns in place of options."""
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip(" ^"))
    line = _OPTION.sub(_column_of, line)
    return safe(line, MAX_MESSAGE)


def _column_of(option: re.Match[str]) -> str:
    """The column of an option; one that is for the whole batch, such as --allow-duplicates, stays an option."""
    name = option[1].replace("-", "_")
    return name if name in _WORDS else option[0]
