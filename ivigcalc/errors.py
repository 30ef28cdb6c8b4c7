"""Every way a run can end other than well: one class per kind, each with its exit code.

The command line catches `IvigcalcError` once, at its edge; anything else is a bug and exits 1.
"""

from __future__ import annotations

from msgspec import Struct

from ivigcalc.text import printable


class IvigcalcError(Exception):
    """Base of every error that ivigcalc raises on purpose."""

    exit_code = 1


class RequestError(IvigcalcError):
    """The command line (or a batch row) asks for something that cannot be read.

    `field` names the option or column at fault, so that a clerk can find it.
    """

    exit_code = 2

    def __init__(self, message: str, *, field: str = "", code: str = "bad-request") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class MissingExtraError(IvigcalcError):
    """An optional library is not installed; the message names the command that installs it."""

    exit_code = 2

    def __init__(self, needs: str, extra: str) -> None:
        super().__init__(f"{needs} needs an extra: pip install 'ivigcalc[{extra}]'")


class Problem(Struct, frozen=True):
    """One thing wrong in one definition file; `line` is 0 where no line applies."""

    file: str
    line: int
    key: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return printable(f"{place}:{key} {self.message}{allowed}")  # control: safe-problems


class DefinitionError(IvigcalcError):
    """A definition file is wrong; carries all of its problems at once."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class RefusedError(IvigcalcError):
    """Refused for a clinical reason; nothing is printed as a plan.

    `code` is a notice code of the interface (or a new one); `source` says where the limit comes from.
    """

    exit_code = 4

    def __init__(
        self, code: str, message: str, *, value: str = "", limit: str = "", source: str = "", overridable: bool = True
    ) -> None:
        super().__init__(message)
        self.code = code
        self.value = value
        self.limit = limit
        self.source = source
        self.overridable = overridable
        self.codes: tuple[str, ...] = (code,)


class MismatchError(IvigcalcError):
    """A saved plan is not what its own inputs give."""

    exit_code = 4
