"""Files: only a regular one is read, and nothing is waited for; one is written whole or not at all, and stays what it was."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivigcalc import files
from ivigcalc.files import UnreadableError, open_regular, read_regular, replace_whole, sync, write_all, write_whole

KIB, MIB = 1024, 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """A read or a write that waits for somebody ends the test."""

    def ring(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(path: Path, most_bytes: int = MIB) -> str:
    """Why a file is not read. It does not stay open."""
    handles = len(names(Path("/proc/self/fd")))
    with pytest.raises(UnreadableError) as caught:
        read_regular(path, most_bytes)
    assert len(names(Path("/proc/self/fd"))) == handles
    return str(caught.value)


# ---- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"x", b"a\r\nb\x00\xff", b"z" * MIB])
def test_a_regular_file_is_read_as_it_is(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert read_regular(path, MIB) == data
    with open_regular(path) as file:
        assert file.read() == data


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", MIB) == b"x"


@pytest.mark.parametrize(("most_bytes", "words"), [(512 * KIB, "512 KiB"), (32 * MIB, "32 MiB")])
def test_a_giant_is_not_read(most_bytes: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "giant"
    with path.open("wb") as file:
        file.truncate(most_bytes + 1)
    monkeypatch.setattr(files, "_read", lambda *_: pytest.fail("it is read"))
    assert refused(path, most_bytes) == f"is larger than {words}"


def test_a_file_that_grows_while_it_is_read_is_a_giant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * KIB)
    real = files._read

    def read(*arguments: object) -> bytes:
        with path.open("ab") as file:
            file.write(b"x")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_read", read)
    assert refused(path, KIB) == "is larger than 1 KiB"


@pytest.mark.parametrize("place", ["/dev/null", "/dev/zero", "/dev/urandom", "/", "/dev", "/proc"])
def test_a_device_and_a_folder_are_not_read(place: str) -> None:
    assert refused(Path(place)) == "is not a regular file"


def test_a_pipe_and_a_socket_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "is not a regular file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert refused(tmp_path / "socket").startswith("cannot be read: ")


@pytest.mark.parametrize("place", ["/proc/self/status", "/proc/self/cmdline", "/proc/self/mem", "/proc/kmsg"])
def test_a_file_of_the_system_only_looks_like_one(place: str) -> None:
    """It says that it is regular and empty. /proc/kmsg may have nothing to say yet, and what it says it says once."""
    if not os.access(place, os.R_OK):
        pytest.skip("only root may open it")
    assert refused(Path(place)) == "is not a regular file"
    with pytest.raises(UnreadableError):
        open_regular(Path(place))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere", "No such file or directory"),
        ("file/below", "Not a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("x" * 300, "File name too long"),
        ("a\0b", "no file has such a name"),
        ("half \ud800", "no file has such a name"),
    ],
)
def test_what_the_system_cannot_open_is_said_in_its_words(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert refused(tmp_path / name) == f"cannot be read: {why}"


def test_a_disk_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def read(self, _: int) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(UnreadableError, match=r"^cannot be read: Input/output error$"):
        files._read(Failing(), 1)  # type: ignore[arg-type]


# ---- writing ----------------------------------------------------------------------------------------------------------


def test_a_new_file_is_an_ordinary_one(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"data")
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"the old one, and a longer one")
    path.chmod(mode)
    write_whole(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


def test_a_private_file_is_private_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    modes: list[int] = []
    monkeypatch.setattr(files.os, "fsync", lambda handle: modes.append(stat.S_IMODE(os.fstat(handle).st_mode)))
    write_whole(path, b"new")
    assert modes == [0o600]


def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    try:
        os.chown(path, 12345, 12345)
    except OSError:
        pytest.skip("only root gives a file away")
    write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_uid, path.stat().st_gid) == (b"new", 12345, 12345)


@pytest.mark.parametrize("before", [b"old", None])
def test_a_link_stays_and_its_target_is_replaced(before: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    target, link = tmp_path / "plans" / "file", tmp_path / "link"
    if before is not None:
        target.write_bytes(before)
    link.symlink_to("plans/file")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), names(target.parent)) == (b"new", ["file"])


def test_what_is_replaced_is_gone_whatever_it_was(tmp_path: Path) -> None:
    """In a folder of the program's own: nothing is written to where a link points, and no pipe is waited for."""
    (tmp_path / "elsewhere").write_bytes(b"not ours")
    (tmp_path / "link").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        replace_whole(tmp_path / name, b"new")
        assert stat.S_ISREG((tmp_path / name).lstat().st_mode)
        assert (tmp_path / name).read_bytes() == b"new"
    assert (tmp_path / "elsewhere").read_bytes() == b"not ours"
    with pytest.raises(IsADirectoryError):
        replace_whole(tmp_path, b"new")


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"data")
    reader.join(10)
    assert read == [b"data"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    null = tmp_path / "null"
    try:
        os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        null.write_bytes(b"")
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    write_whole(null, b"data")
    assert stat.S_ISCHR(null.stat().st_mode)


def test_a_file_that_has_lost_its_name_is_written_to(tmp_path: Path) -> None:
    """As stdout may be, by way of /dev/stdout."""
    with (tmp_path / "file").open("w+b") as file:
        file.write(b"the old one, and a longer one")
        file.flush()
        (tmp_path / "file").unlink()
        write_whole(Path(f"/proc/self/fd/{file.fileno()}"), b"new")
        file.seek(0)
        assert file.read() == b"new"
    assert names(tmp_path) == []


def test_a_disk_is_not_overwritten(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    try:
        os.mknod(disk, 0o600 | stat.S_IFBLK, os.makedev(0, 0))
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    with pytest.raises(OSError, match="it is a disk"):
        write_whole(disk, b"data")


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        write_whole(tmp_path, b"data")


def test_a_write_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"the plan that was signed")
    path.chmod(0o400)
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="it is write-protected"):
        write_whole(path, b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"the plan that was signed", ["file"])


@pytest.mark.parametrize("name", ["nowhere/file", "loop", "x" * 300])
def test_what_the_system_cannot_write_is_its_own_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"No such file|Too many levels|File name too long"):
        write_whole(tmp_path / name, b"data")
    assert names(tmp_path) == ["loop"]


@pytest.mark.parametrize("before", [b"old", None])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_cannot_be_finished_leaves_the_old_file_and_nothing_else(
    step: str, error: BaseException, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(*((files.os, "fsync", fail) if step == "fsync" else (Path, "replace", fail)))
    with pytest.raises(type(error)):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == (
        {} if before is None else {"file": before}
    )


def test_two_that_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 100_000 for number in range(4)]
    writers = [
        threading.Thread(target=lambda data=data: [write_whole(path, data) for _ in range(10)]) for data in contents
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            assert path.read_bytes() in contents
        time.sleep(0.001)
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


class Slow:
    """A stream that takes at most so many bytes at a time; None stands for one that would have to wait."""

    def __init__(self, *taken: int | None) -> None:
        self.taken, self.got = list(taken), b""

    def write(self, data: memoryview) -> int | None:
        count = self.taken.pop(0)
        self.got += bytes(data[: count or 0])
        return count


def test_a_stream_that_takes_little_at_a_time_gets_every_byte() -> None:
    stream = Slow(3, 1, 2)
    write_all(stream, b"abcdef")  # type: ignore[arg-type]
    assert (stream.got, stream.taken) == (b"abcdef", [])


def test_a_stream_that_is_full_and_does_not_wait_is_an_error() -> None:
    with pytest.raises(BlockingIOError):
        write_all(Slow(3, None), b"abcdef")  # type: ignore[arg-type]


def test_a_file_and_a_folder_are_made_safe_on_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    sync(tmp_path / "file")
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "nowhere")
