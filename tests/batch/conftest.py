"""How the batch tests run: in this process where they can, as a process of its own where it is to be killed."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ivigcalc.batch.run import folder as folders
from ivigcalc.batch.run import running as runs
from ivigcalc.cli.main import main

ORDER = (
    "--regimen",
    "dermatomyositis",
    "--product",
    "octagam-10-us",
    "--start",
    "2026-12-01",
    "--at",
    "09:00",
    "--days",
    "2",
)


@dataclass(frozen=True)
class Done:
    """What a batch left: its exit code, what it said, and its folder."""

    code: int
    err: str
    folder: Path

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of `sessions.csv`, `steps.csv` or `errors.csv`."""
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def patients(self) -> list[str]:
        """Every patient planned, once, in order."""
        return list(dict.fromkeys(row["patient_id"] for row in self.table("sessions")))

    def codes(self) -> dict[str, str]:
        """patient id -> code of its error."""
        return {row["patient_id"]: row["code"] for row in self.table("errors")}


@pytest.fixture(autouse=True)
def no_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No site file of the machine that runs the tests."""
    monkeypatch.delenv("IVIGCALC_SITE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))


@pytest.fixture
def batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`batch("a,b\\n1,2\\n", "--days", "2")`: a file's content and options, with the usual order unless `order=()`."""

    def call(
        content: str | bytes, *options: str, name: str = "in.csv", order: Iterable[str] = ORDER, folder: str = "out"
    ) -> Done:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        code = main(["batch", str(path), *_without(options, ("-o", str(tmp_path / folder), *order)), *options])
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        return Done(code, captured.err, tmp_path / folder)

    return call


def _without(options: Iterable[str], usual: Sequence[str]) -> list[str]:
    """The usual options but for those that are given otherwise: an option is given once."""
    given = set(options)
    pairs = zip(usual[::2], usual[1::2], strict=True)
    return [word for option, value in pairs if option not in given for word in (option, value)]


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A CSV file with these columns."""
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue()


def patients(count: int, *, first: int = 0) -> str:
    """So many patients of 40 to 120 kg, in steps of 0.1 kg and no order."""
    weights = ((400 + (number * 337) % 801) for number in range(first, first + count))
    rows = ((f"P{first + place:06}", f"{weight // 10}.{weight % 10}") for place, weight in enumerate(weights))
    return csv_text(("patient_id", "weight_kg"), rows)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a finished batch, by name, with its bytes; nothing else may be left in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def process(
    *arguments: object, environment: Mapping[str, str] | None = None, **more: object
) -> "subprocess.Popen[bytes]":
    """`ivigcalc ...` as a process of its own, in a group of its own."""
    command = [sys.executable, "-m", "ivigcalc", *map(str, arguments)]
    # a shell that runs the tests in the background ignores Ctrl-C, and so would what they start
    return subprocess.Popen(
        command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}, start_new_session=True, **more,
    )  # type: ignore[call-overload]  # fmt: skip


class Killed(BaseException):
    """Stands for the end of the process: no handler catches it."""


@contextmanager
def dying_at_rename(place: int) -> Iterator[None]:
    """The process ends at this renaming of those inside; where there are not so many, it goes on to its end."""
    real, calls = Path.replace, 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == place:
            raise Killed
        return real(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        try:
            yield
        except Killed:
            return
    assert calls < place


def names(folder: Path) -> set[str]:
    """What is in a folder, if there is one."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def die_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """`die_at("keep", 2)`: the process ends when this method of the folder, or of what counts its partitions, is called
    for the second time."""

    def arrange(method: str, time_: int) -> None:
        monkeypatch.setattr(runs, "_KEEP_SECONDS", -1)  # keep after every partition
        its: Any = folders.Folder if hasattr(folders.Folder, method) else folders.Progress
        real = getattr(its, method)
        calls = 0

        def call(*arguments: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == time_:
                raise Killed
            return real(*arguments, **more)

        monkeypatch.setattr(its, method, call)

    return arrange
