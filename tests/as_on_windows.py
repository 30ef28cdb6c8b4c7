"""`python tests/as_on_windows.py ARGUMENTS` runs ivigcalc as Windows would, as far as Linux can play it.

Gone are the modules, functions and constants that only POSIX has; a folder cannot be opened, a file that is open not be
renamed or deleted, one that was opened to be read not be synced, and a name that Windows reserves not be made. There is
no zone file but those of `tzdata`, no fork, and text ends its lines in CR LF. What the standard library and the libraries
do for Windows is not played: they see Linux.
"""

import contextlib
import fcntl
import io
import multiprocessing
import multiprocessing.popen_spawn_posix
import multiprocessing.resource_tracker
import multiprocessing.spawn
import os
import re
import select
import shutil
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import click._termui_impl  # noqa: F401  these two look at the system where they are imported, and see Linux
import platformdirs.unix  # noqa: F401

MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
#: of `os`, but what `multiprocessing` itself needs here
FUNCTIONS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "chown", "fchdir", "fchown", "fdatasync", "fork", "forkpty",
    "fpathconf", "fstatvfs", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups",
    "killpg", "lchown", "lockf", "mkfifo", "mknod", "nice", "pathconf", "posix_fadvise", "posix_fallocate", "pread", "pwrite", "readv", "sched_getaffinity",
    "sched_yield", "sendfile", "set_blocking", "get_blocking", "setgid", "setpgid", "setsid", "setuid", "statvfs", "sync", "sysconf", "tcgetpgrp", "uname",
    "wait", "wait3", "wait4", "writev",
)  # fmt: skip
SIGNALS = ("SIGALRM", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGWINCH", "alarm")
RESERVED = re.compile(r'(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\..*)?|.*[<>:"|?*\\\x00-\x1f].*|.*[. ]', re.IGNORECASE)
#: the system's own, which Windows has elsewhere
ELSEWHERE = ("/proc/", "/dev/", "/sys/")


def play_windows() -> None:
    """Once, before ivigcalc is imported; in a spawned process as well."""
    _locks()
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in ((os, FUNCTIONS), (signal, SIGNALS), (select, ("poll", "epoll", "POLLERR", "POLLHUP"))):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    os.linesep = "\r\n"
    shutil._use_fd_functions = False
    multiprocessing.get_all_start_methods = lambda: ["spawn"]
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(newline="\r\n")
    _sync()
    sys.addaudithook(_as_windows_would)


def _locks() -> None:
    """A `msvcrt` whose lock is that of Linux, and the module that uses it as it is on Windows."""
    flock, exclusive = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB

    def locking(handle: int, mode: int, size_bytes: int) -> None:
        assert (mode, size_bytes) == (2, 1)
        try:
            flock(handle, exclusive)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    fake = types.ModuleType("msvcrt")
    fake.locking, fake.LK_NBLCK = locking, 2  # type: ignore[attr-defined]
    sys.modules["msvcrt"] = fake
    import ivigcalc.batch  # noqa: F401  before the system seems to be another

    system, sys.platform = sys.platform, "win32"
    try:
        import ivigcalc.batch.run.lock as lock
    finally:
        sys.platform = system
    assert not hasattr(lock, "fcntl")


def _sync() -> None:
    fsync, flags, accessed = os.fsync, fcntl.fcntl, os.O_RDONLY | os.O_WRONLY | os.O_RDWR

    def refused(handle: int) -> None:
        if flags(handle, fcntl.F_GETFL) & accessed == os.O_RDONLY:
            raise OSError(9, "Bad file descriptor")
        fsync(handle)

    os.fsync = refused


def _as_windows_would(event: str, arguments: tuple[object, ...]) -> None:
    """Refuses what Windows refuses. Errors are its own, as Python gives them there."""
    if event == "open" and isinstance(arguments[0], str | bytes):
        path, _, flags = arguments
        name = os.fsdecode(path)
        if name.startswith(ELSEWHERE) or not isinstance(flags, int):
            return
        if Path(name).is_dir():
            raise PermissionError(13, "Permission denied", name)
        _named(name)
    elif event == "os.mkdir":
        _named(os.fsdecode(arguments[0]))  # type: ignore[arg-type]
    elif event == "os.rename":
        _not_open(arguments[0])
        _not_open(arguments[1])
        _named(os.fsdecode(arguments[1]))  # type: ignore[arg-type]
    elif event == "os.remove":
        _not_open(arguments[0])


def _named(path: str) -> None:
    if RESERVED.fullmatch(Path(path).name):
        raise OSError(22, "Invalid argument", path)


def _not_open(path: object) -> None:
    """Nobody, a worker or another run, has the file open, nor one in the folder."""
    asked = Path(os.fsdecode(path)).resolve()  # type: ignore[arg-type]
    if any(held.is_relative_to(asked) for held in _held()):
        raise PermissionError(13, "The process cannot access the file: it is being used", str(asked))


def _held() -> Iterator[Path]:
    """Every file that some process has open."""
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it has just been closed
            yield handle.readlink()


if __name__ in ("__main__", "__mp_main__"):
    play_windows()
if __name__ == "__main__":
    from ivigcalc.cli.start import run

    run()
