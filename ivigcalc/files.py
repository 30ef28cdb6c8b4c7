"""Files read and written: a regular file and nothing else is read, and a file is written whole or not at all.

Errors say why and not which file: whoever asked knows its name, and what else to say.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

#: not to wait for the other end of a pipe, of which Windows knows nothing; on a regular file it changes nothing
_AT_ONCE: int = getattr(os, "O_NONBLOCK", 0)


class UnreadableError(ValueError):
    """Why a file is not read, in words that follow its name: `is not a regular file`."""


# ---- reading -----------------------------------------------------------------------------------------------------


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file of believable size; anything else is an `UnreadableError`, and is not read."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size <= most_bytes:
            data = _read(file, most_bytes + 1)
            if len(data) <= most_bytes:
                return data
    raise UnreadableError(f"is larger than {_in_words(most_bytes)}")


def open_regular(path: Path) -> BufferedReader:
    """A regular file, open to be read; anything else is an `UnreadableError`, and is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise UnreadableError("cannot be read: no file has such a name") from None
    if not _is_regular(handle):  # control: regular-files
        os.close(handle)
        raise UnreadableError("is not a regular file")
    return os.fdopen(handle, "rb")


def _is_regular(handle: int) -> bool:
    """Whether it is what it seems. The system's own files, as in /proc, call themselves regular and empty, are on no
    disk, and may have something to say that is to be read once only, or to be waited for."""
    status = os.fstat(handle)
    on_disk = status.st_size > 0 or not hasattr(os, "fstatvfs") or os.fstatvfs(handle).f_blocks > 0
    return stat.S_ISREG(status.st_mode) and on_disk


def _read(file: IO[bytes], most_bytes: int) -> bytes:
    try:
        return file.read(most_bytes)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None


def _in_words(size_bytes: int) -> str:
    kib, mib = 1024, 1024 * 1024
    return f"{size_bytes // mib} MiB" if size_bytes >= mib else f"{size_bytes // kib} KiB"


# ---- writing -----------------------------------------------------------------------------------------------------


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that somebody named: what stands there stays what it is, and only says something else.

    A link is followed, a device or a pipe written to, mode and owner are kept. Raises `OSError`.
    """
    before = _status(path)
    target = path.resolve()
    if before is None or (stat.S_ISREG(before.st_mode) and target.exists()):
        replace_whole(target, data, before)  # control: whole-file
    else:
        _write_through(path, data, before)


def replace_whole(path: Path, data: bytes, like: os.stat_result | None = None) -> None:
    """Write beside, sync, and rename over whatever stands there: however it ends, that is the old or the new.

    `like` is the file whose mode and owner the new one has. Raises `OSError`.
    """
    beside = path.with_name(f".{path.name[:40]}.{os.urandom(8).hex()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if like is None else 0o600)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            write_all(file, data)
            os.fsync(handle)
        if like is not None:
            _give_owner_and_mode(beside, like)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_all(file: IO[bytes], data: bytes) -> None:
    """Every byte or an error: a file without a buffer may take only a part, as on a disk that is almost full."""
    left = memoryview(data)
    while left:
        taken: int | None = file.write(left)
        if taken is None:  # a stream that does not wait, and is full
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[taken:]


def sync(path: Path) -> None:
    """Make safe on disk what a file holds, or which files a folder holds (Windows sees to that by itself)."""
    is_folder = path.is_dir()
    if is_folder and not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _status(path: Path) -> os.stat_result | None:
    """What stands there already, if anything. What must not be written to is an error."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISBLK(found.st_mode):  # writing through would destroy what is on it
        raise PermissionError(errno.EPERM, "it is a disk")
    if stat.S_ISREG(found.st_mode) and not os.access(path, os.W_OK):  # renaming over it would not ask
        raise PermissionError(errno.EACCES, "it is write-protected")
    return found


def _write_through(path: Path, data: bytes, before: os.stat_result) -> None:
    """Replacing a device or a pipe by a file would break it for everybody; a file without a name cannot be replaced."""
    emptied = os.O_TRUNC if stat.S_ISREG(before.st_mode) else 0
    with os.fdopen(os.open(path, os.O_WRONLY | emptied), "wb") as file:
        file.write(data)


def _give_owner_and_mode(path: Path, like: os.stat_result) -> None:
    """The new file is as private as the old one: it may be so for a reason."""
    now = path.stat()
    if hasattr(os, "chown") and (now.st_uid, now.st_gid) != (like.st_uid, like.st_gid):
        with suppress(OSError):  # only root may give a file away
            os.chown(path, like.st_uid, like.st_gid)
    path.chmod(like.st_mode & 0o777)
