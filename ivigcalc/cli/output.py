"""Where results go: stdout or a file, whole or not at all; notices and progress go to stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ivigcalc.errors import RequestError


def emit(content: str | bytes, to: Path | None) -> None:
    """Write a finished result. A file appears whole or not at all."""
    if to is not None:
        write_whole(to, content.encode("utf-8") if isinstance(content, str) else content)
        return
    if isinstance(content, bytes):
        if sys.stdout.isatty():
            raise RequestError("this format is not text: name a file with -o", field="output")
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    sys.stdout.write(content)
    sys.stdout.flush()


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, sync, and rename: an interrupted run leaves no half file under the final name."""
    if path.is_dir():
        raise RequestError(f"-o {path.name} is a folder", field="output")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:
        raise RequestError(f"cannot write to {_name(path)}: {error.strerror}", field="output") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise RequestError(f"cannot write {_name(path)}: {error.strerror}", field="output") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _name(path: Path) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(path)[:120])


def say(text: str, *, quiet: bool = False) -> None:
    """A line for the person at the terminal."""
    if not quiet:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def terminal_width() -> int | None:
    """The width of the terminal on stdout, or None in a pipe or file."""
    if not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns or None


def wants_color(no_color: bool, to: Path | None) -> bool:
    """Colour only on a terminal, and not when NO_COLOR or --no-color says otherwise."""
    return (
        to is None
        and not no_color
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
        and sys.stdout.isatty()
    )


def ascii_only(to: Path | None) -> bool:
    """Whether the stream cannot show box-drawing characters."""
    return to is None and not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
