"""Where results go: stdout or a file, whole or not at all; notices and progress go to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from ivigcalc.errors import RequestError
from ivigcalc.files import write_all, write_whole
from ivigcalc.text import LONG, safe

_PIECE = 1024 * 1024


def emit(
    content: str | bytes,
    to: Path | None,
    *,
    machine: bool = False,
    beside: Sequence[str] = (),
    quiet: bool = False,
) -> None:
    """Write a finished result. A file appears whole or not at all; what machines read is UTF-8 in every locale.

    `beside`: lines for the person at the terminal. None is said before a refusal: of a file, once it is written.
    """
    if isinstance(content, bytes) and to is None and sys.stdout.isatty():  # control: nothing-else-written
        raise RequestError("this format is not text: name a file with -o", field="output")
    if isinstance(content, str):
        as_utf8 = machine or to is not None
        content = _utf8(content) if as_utf8 else _on_this_screen(content)
    if to is not None:
        _to_file(to, content)
    for line in beside:
        say(line, quiet=quiet)
    if to is not None:
        return
    try:
        _print_all(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        let_go(sys.stdout)
        raise RequestError(
            f"cannot write to stdout: {error.strerror}; name a file elsewhere with -o", field="output"
        ) from None


def write_file(path: Path) -> None:
    """Copy a finished file to stdout, a piece at a time."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            emit(piece, None)


def _print_all(data: bytes) -> None:
    sys.stdout.flush()
    write_all(sys.stdout.buffer, data)
    sys.stdout.buffer.flush()


def _on_this_screen(text: str) -> bytes:
    """In the letters that stdout has; where it lacks some, the screen says that their numbers stand for them."""
    try:
        return text.encode(sys.stdout.encoding)
    except UnicodeEncodeError as error:
        first = error.object[error.start]
        number = first.encode(sys.stdout.encoding, "backslashreplace").decode("ascii")
        said = f"{number} and the like are numbers of letters that this screen cannot show: --output FILE has them all."
        return f"{text}{said}\n".encode(sys.stdout.encoding, "backslashreplace")  # control: letters-not-shown


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # what the system gives for a name that is not UTF-8
        raise RequestError(
            "the result names a file whose path is not UTF-8, which cannot be written down: "
            "rename the file or its folder",
            field="output",
        ) from None


def _to_file(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as error:
        raise RequestError(
            f"cannot write to {safe(str(path), LONG)}: {error.strerror}; choose another file for -o", field="output"
        ) from None


def say(text: str, *, quiet: bool = False) -> None:
    """A line for the person at the terminal."""
    if not quiet:
        tell(text + "\n")


def tell(text: str) -> None:
    """Text for stderr; where nobody can hear it the work still goes on."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """A stream that cannot be written to any more is not tried again, not even when the program ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Screen(NamedTuple):
    """How a table is set for where it goes: its width (None: as wide as it needs), in colour, in ASCII alone."""

    width: int | None
    color: bool
    ascii_only: bool


def screen(to: Path | None, no_color: bool) -> Screen:
    """What stdout, or the file `to`, can show."""
    width = terminal_width() if to is None else None
    return Screen(width, wants_color(no_color, to), ascii_only(to))


def terminal_width() -> int | None:
    """The width of the terminal on stdout, or None in a pipe or file."""
    if not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns or None


def wants_color(no_color: bool, to: Path | None) -> bool:
    """Colour only on a terminal that understands it, and not when NO_COLOR or --no-color says otherwise."""
    return (
        to is None
        and not no_color
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
        and sys.stdout.isatty()
        and not _is_old_console()
    )


def _is_old_console() -> bool:
    """A console of Windows that would print the codes of colours."""
    from rich.console import detect_legacy_windows

    return detect_legacy_windows()


def ascii_only(to: Path | None) -> bool:
    """Whether the stream cannot show box-drawing characters, or nobody is to be shown any: `LC_ALL=C` says so, which
    Python takes for UTF-8 all the same."""
    if to is not None:
        return False
    declared = os.environ.get("LC_ALL") in ("C", "POSIX") and not {"PYTHONUTF8", "PYTHONIOENCODING"} & set(os.environ)
    return declared or not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
