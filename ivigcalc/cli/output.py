"""Where results go: stdout or a file, whole or not at all; notices and progress go to stderr."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ivigcalc.errors import RequestError


def emit(content: str | bytes, to: Path | None, *, machine: bool = False) -> None:
    """Write a finished result. A file appears whole or not at all; what machines read is UTF-8 in every locale."""
    if isinstance(content, bytes) and to is None and sys.stdout.isatty():
        raise RequestError("this format is not text: name a file with -o", field="output")
    if isinstance(content, str):
        as_utf8 = machine or to is not None
        content = _utf8(content) if as_utf8 else content.encode(sys.stdout.encoding, "backslashreplace")
    if to is not None:
        write_whole(to, content)
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


def _print_all(data: bytes) -> None:
    """Every byte or an error.

    Without a buffer (PYTHONUNBUFFERED) a disk that is almost full takes a part and says nothing.
    """
    sys.stdout.flush()
    left = memoryview(data)
    while left:
        taken: int | None = sys.stdout.buffer.write(left)
        if taken is None:  # a stream that does not wait, and is full
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[taken:]
    sys.stdout.buffer.flush()


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # what the system gives for a name that is not UTF-8
        raise RequestError(
            "the result names a file whose path is not UTF-8, which cannot be written down: "
            "rename the file or its folder",
            field="output",
        ) from None


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, sync, and rename: an interrupted run leaves no half file under the final name."""
    try:
        before = _status(path)
        target = path.resolve()  # a link stays, and what it points to is replaced
        if before is not None and not (stat.S_ISREG(before.st_mode) and target.exists()):
            _write_through(path, data, before)
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    except OSError as error:
        raise RequestError(
            f"cannot write to {name_of(path)}: {error.strerror}; choose another file for -o", field="output"
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(Path(temporary), before)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise RequestError(f"cannot write {name_of(path)}: {error.strerror}", field="output") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _status(path: Path) -> os.stat_result | None:
    """What stands there already, if anything; a folder, or a file that the user may not write, is refused."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise RequestError(f"-o {name_of(path)} is a folder", field="output")
    if stat.S_ISBLK(found.st_mode):  # writing through would destroy what is on it
        raise RequestError(f"-o {name_of(path)} is a disk: name a file", field="output")
    if stat.S_ISREG(found.st_mode) and not os.access(path, os.W_OK):  # renaming over it would not ask
        raise RequestError(
            f"cannot write to {name_of(path)}: it is write-protected; choose another file for -o", field="output"
        )
    return found


def _write_through(path: Path, data: bytes, before: os.stat_result) -> None:
    """A device or a pipe takes the bytes: replacing it by a file would break it for everybody."""
    kind = stat.S_IFMT(before.st_mode)
    with os.fdopen(os.open(path, os.O_WRONLY | (os.O_TRUNC if kind == stat.S_IFREG else 0)), "wb") as file:
        file.write(data)


def _keep_mode(temporary: Path, before: os.stat_result | None) -> None:
    """The file keeps the owner and the mode that it had: it may be private for a reason."""
    if before is None:
        temporary.chmod(0o666 & ~_umask())
        return
    now = temporary.stat()
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with suppress(OSError):  # only root may give a file away
            os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(before.st_mode & 0o777)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def name_of(path: Path) -> str:
    """A path for a message: short, and without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in str(path)[:120])


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
