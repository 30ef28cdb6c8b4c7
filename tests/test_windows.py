"""What Windows lacks is not needed: the main jobs in a process that plays Windows (`as_on_windows.py`) give what they give here.

It is a play: nothing of this was run on Windows. `docs/install.md` says so.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import as_on_windows
import pytest
from documents import ROOT

from ivigcalc.batch.run.state import WORK
from ivigcalc.batch.tables.patient_files import file_name

PLAYER = Path(as_on_windows.__file__)
ORDER = ("-r", "dermatomyositis", "-p", "octagam-10-us")
DATED = (*ORDER, "--start", "2027-11-03", "--at", "22:00", "--days", "2")
#: names that Windows gives to devices, or does not take
NAMES = ("CON", "con.txt", "NUL", "nul", "AUX.", "COM1", "LPT9.json", "a:b", "what?", "x.", "y ", "..\\up", "<b>|*\"", "x\x01")  # fmt: skip
Start = Callable[..., subprocess.CompletedProcess[bytes]]


def environment(**more: str) -> dict[str, str]:
    """No zones but those of `tzdata`, and no mode in which all text is UTF-8."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("IVIGCALC", "LC_", "PYTHONIO"))}
    return {**plain, "PYTHONPATH": str(ROOT), "PYTHONTZPATH": "", "PYTHONUTF8": "0", "COLUMNS": "120", **more}


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """`start("windows" or "here", *arguments)` in a folder of its own."""

    def command(
        where: str, *arguments: object, code: int = 0, stdin: bytes = b"", more: Mapping[str, str] | None = None
    ) -> object:
        folder = tmp_path / where
        folder.mkdir(exist_ok=True)
        program = [str(PLAYER)] if where == "windows" else ["-m", "ivigcalc"]
        done = subprocess.run(
            [sys.executable, *program, *map(str, arguments)],
            cwd=folder,
            input=stdin,
            env=environment(XDG_CONFIG_HOME=str(tmp_path), **(more or {})),
            capture_output=True,
            check=False,
        )
        said = done.stderr.decode("ascii", "backslashreplace")
        assert done.returncode == code, said
        assert "bug" not in said
        assert "Traceback" not in said
        return done

    return command  # type: ignore[return-value]


@pytest.fixture
def both(start: Start, tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """Run a command on both, and hold the files that it leaves against each other; gives them."""

    def same(*arguments: object) -> dict[str, bytes]:
        left = []
        for where in ("here", "windows"):
            start(where, *arguments)
            folder = tmp_path / where
            files = [path for path in folder.rglob("*") if path.is_file()]
            left.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
        here, windows = left
        assert here == windows
        return windows

    return same


# ---- the play is one --------------------------------------------------------------------------------------------------

PLAYED = """
import os, pathlib, signal, sys
import as_on_windows
as_on_windows.play_windows()
for module in as_on_windows.MODULES:
    try:
        __import__(module)
    except ImportError:
        continue
    raise SystemExit(f"{module} is there")
for name in ("fork", "getuid", "mkfifo", "sched_getaffinity", "O_DIRECTORY", "O_NONBLOCK", "fstatvfs"):
    assert not hasattr(os, name), name
assert not hasattr(signal, "SIGPIPE") and not hasattr(signal, "SIGHUP")
here = pathlib.Path("there.txt")
here.write_bytes(b"a")
def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return
    raise SystemExit(f"{call.__name__}{arguments} was not refused")
refused(os.open, ".", os.O_RDONLY)
with here.open("rb") as file:
    refused(os.replace, here, "gone.txt")
    refused(os.unlink, here)
    refused(os.fsync, file.fileno())
os.replace(here, "gone.txt")
for name in ("NUL", "aux.json", "a:b", "x.", "y "):
    refused(open, name, "wb")
    refused(os.mkdir, name)
    refused(os.replace, "gone.txt", name)
print("played")
"""


@pytest.mark.slow
def test_the_play_refuses_what_windows_refuses(tmp_path: Path) -> None:
    path = os.pathsep.join((str(ROOT), str(PLAYER.parent)))
    command = [sys.executable, "-c", PLAYED]
    done = subprocess.run(command, cwd=tmp_path, env=environment(PYTHONPATH=path), capture_output=True, check=False)
    assert done.stdout == b"played\r\n", done.stderr


# ---- the main jobs ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_plan_and_its_faces_are_the_same_and_the_plan_is_verified(both: Callable[..., object], start: Start) -> None:
    both("dose", *ORDER, "--weight", "72kg", "--format", "json", "-o", "plan.json")
    both("schedule", *DATED, "--weight", "72kg", "-o", "plan.txt")
    both("calendar", *DATED, "--weight", "72kg", "--format", "ics", "-o", "plan.ics")
    both("calendar", *DATED, "--weight", "72kg", "--format", "html", "-o", "plan.html")
    assert b"plan.json" in start("windows", "verify", "plan.json").stdout


@pytest.mark.slow
def test_the_zones_are_those_of_the_package(both: Callable[..., dict[str, bytes]], tmp_path: Path) -> None:
    """In New York the clocks go back on 2027-11-07: 4 h 48 min from 22:00 end at 01:48, on the clock that still stands."""
    site = tmp_path / "clinic.yaml"
    site.write_text("schema: 1\nkind: site\nid: clinic\ntime_zone: America/New_York\n", encoding="utf-8")
    files = both("calendar", *DATED, "--weight", "72kg", "--site", site, "--format", "ics", "-o", "plan.ics")
    assert b"America/New_York" in files["plan.ics"]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_batch_is_the_same_in_one_process_and_in_spawned_ones(
    both: Callable[..., dict[str, bytes]], start: Start, tmp_path: Path, jobs: int
) -> None:
    rows = [f'"{name.replace(chr(34), chr(34) * 2)}",{60 + number}kg\n' for number, name in enumerate(NAMES[:-1])]
    (tmp_path / "in.csv").write_text("patient_id,weight\n" + "".join(rows), encoding="utf-8", newline="")
    asked = ("batch", tmp_path / "in.csv", *DATED, "--each", "ics,json", "--jobs", jobs, "-o", "out")
    files = both(*asked)
    assert len([name for name in files if name.startswith("out/each/")]) == 2 * len(rows)
    assert b"CON" in files["out/sessions.csv"]
    again = start("windows", *asked, "--restart")
    assert f"{len(rows)} of {len(rows)} rows planned".encode() in again.stderr
    assert not (tmp_path / "windows" / "out" / WORK).exists()


@pytest.mark.slow
def test_a_folder_in_use_is_refused_and_one_that_is_given_free_is_not(start: Start, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("patient_id,weight\na,72kg\n", encoding="utf-8")
    asked = ("batch", tmp_path / "in.csv", *DATED, "-o", "out")
    work = tmp_path / "windows" / "out" / WORK
    work.mkdir(parents=True)
    with (work / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert b"another batch is writing to out" in start("windows", *asked, code=2).stderr
    start("windows", *asked)
    assert not work.exists()


@pytest.mark.slow
def test_a_batch_that_stops_at_its_errors_leaves_nothing_and_the_same_can_be_corrected(
    start: Start, tmp_path: Path
) -> None:
    """Tables, and an input that came on stdin and is kept in the folder, are closed before they are deleted."""
    rows, asked = b"patient_id,weight\na,72kg\nb,80\n", ("batch", "-", "--input-format", "csv", *DATED, "-o", "out")
    start("windows", *asked, "--max-errors", "0", stdin=rows, code=7)
    out = tmp_path / "windows" / "out"
    assert not out.exists()
    (tmp_path / "in.csv").write_bytes(rows)
    asked = ("batch", tmp_path / "in.csv", *DATED, "-o", "out")
    start("windows", *asked, code=5)
    corrected = (out / "errors.csv").read_bytes().replace(b",80\n", b",80kg\n")
    (tmp_path / "corrected.csv").write_bytes(corrected)
    start("windows", *asked, "--retry", tmp_path / "corrected.csv")
    assert len((out / "sessions.csv").read_text(encoding="utf-8").splitlines()) == 5


# ---- paths, pipes and code pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("patient", NAMES)
def test_a_file_for_a_patient_has_a_name_that_windows_takes(patient: str) -> None:
    assert as_on_windows.RESERVED.fullmatch(patient), "it is a name that Windows does not take"
    assert not as_on_windows.RESERVED.fullmatch(file_name(patient, 12, "json"))


@pytest.mark.slow
def test_a_name_that_windows_does_not_take_is_told(start: Start) -> None:
    for name in ("nul.json", "a:b.json"):
        told = start("windows", "dose", *ORDER, "--weight", "72kg", "--format", "json", "-o", name, code=2).stderr
        assert f"cannot write to {name}".encode() in told


@pytest.mark.slow
@pytest.mark.parametrize("page", ["cp437", "cp850", "cp1252", "cp932"])
def test_a_plan_can_be_read_on_a_code_page(start: Start, page: str) -> None:
    """The table in ASCII; the lines end as on Windows where they are text, and in LF where they are a result."""
    coded = {"PYTHONIOENCODING": page}
    shown = start("windows", "dose", *ORDER, "--weight", "72kg", more=coded).stdout.decode(page)
    assert "144" in shown
    assert "\r" not in shown
    assert "Results must be checked by a qualified person before use." in shown
    refused = start("windows", "dose", *ORDER, "--weight", "72", code=2, more=coded).stderr.decode(page)
    assert refused.endswith("\r\n")


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, str(PLAYER), "regimens", "list"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0
