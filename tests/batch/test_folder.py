"""Results appear whole or not at all; a run that was interrupted goes on where it was, or says why it cannot."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.batch.run import folder as folders
from ivigcalc.batch.run import growing
from ivigcalc.batch.run import running as runs
from ivigcalc.batch.run.folder import WORK

from .conftest import ORDER, Done, Killed, contents, dying_at_rename, names, patients

Batch = Callable[..., Done]
FINAL = {"sessions.csv", "steps.csv", "notices.csv", "rows.csv", "errors.csv", "batch.json", "summary.json"}


def arguments(tmp_path: Path, *more: object) -> list[object]:
    return ["batch", tmp_path / "in.csv", "-o", tmp_path / "out", *ORDER, "--courses", "20", *more]


@pytest.mark.parametrize(
    "options", [(), ("--jobs", "2"), ("--format", "jsonl"), ("--format", "parquet"), ("--each", "ics")]
)
@pytest.mark.parametrize(
    ("method", "time_"), [("add", 1), ("add", 3), ("keep", 1), ("keep", 2), ("keep", 4), ("publish", 1)]
)
def test_a_run_that_ended_at_any_step_goes_on_to_the_same_bytes(
    batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
    die_at: Callable[[str, int], None],
    options: tuple[str, ...],
    method: str,
    time_: int,
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    more = patients(11, first=12).partition("\n")[2]
    content = patients(12) + 'bad,x\nopen,"72\n"two\nlines",72\n' + more  # quotes over the end of a partition
    expected = batch(content, *options, folder="whole")
    assert [error["row"] for error in expected.table("errors")] == ["14", "15", "16", "17"]
    die_at(method, time_)
    with pytest.raises(Killed):
        batch(content, *options)
    monkeypatch.undo()
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    assert not FINAL & names(expected.folder.parent / "out"), "nothing has its final name before all of it has"
    again = batch(content, *options)
    assert again.code == expected.code == 5
    assert contents(again.folder) == contents(expected.folder)


@pytest.mark.parametrize("place", range(1, 10))
def test_a_run_that_ended_between_two_renames(batch: Batch, place: int) -> None:
    """Each table has its name or it has not; the next run gives the rest theirs."""
    content = patients(30)
    expected = batch(content, "--each", "ics", folder="whole")
    with dying_at_rename(place):
        batch(content, "--each", "ics")
    again = batch(content, "--each", "ics")
    assert contents(again.folder) == contents(expected.folder)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_stands_in_place_of_the_state_or_the_report_is_replaced(batch: Batch, tmp_path: Path, kind: str) -> None:
    """Nothing is written to where a link points, and nobody is waited for at a pipe."""
    (tmp_path / "elsewhere").write_text("not ours", encoding="utf-8")
    work = tmp_path / "out" / WORK
    work.mkdir(parents=True)
    for place in (work / "state.json", work / "batch.json", tmp_path / "out" / "batch.json"):
        os.mkfifo(place) if kind == "pipe" else place.symlink_to(tmp_path / "elsewhere")
    done = batch(patients(3), "--restart")
    assert (done.code, done.patients()) == (0, ["P000000", "P000001", "P000002"])
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "not ours"
    assert not (done.folder / "batch.json").is_symlink()
    assert json.loads((done.folder / "batch.json").read_bytes())["planned"] == 3


def test_what_was_half_written_is_written_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, die_at: Callable[[str, int], None]
) -> None:
    """Bytes after the last that are known to be safe are cut off, whatever they are."""
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    content = patients(40)
    expected = batch(content, folder="whole")
    die_at("append", 3)
    with pytest.raises(Killed):
        batch(content)
    monkeypatch.undo()
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    work = expected.folder.parent / "out" / WORK
    for name in ("sessions.part", "steps.part", "errors.part"):
        with (work / name).open("ab") as file:
            file.write(b"half a li")
    done = batch(content)
    assert "taken up after 20 rows" in done.err
    assert contents(done.folder) == contents(expected.folder)


def test_a_lost_part_begins_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, die_at: Callable[[str, int], None]
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    content = patients(40)
    expected = batch(content, folder="whole")
    die_at("append", 4)
    with pytest.raises(Killed):
        batch(content)
    monkeypatch.undo()
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    (expected.folder.parent / "out" / WORK / "steps.part").unlink()
    done = batch(content)
    assert "taken up" not in done.err
    assert contents(done.folder) == contents(expected.folder)


@pytest.mark.parametrize("which", ["one", "all"])
def test_a_file_for_a_patient_that_was_lost_begins_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, die_at: Callable[[str, int], None], which: str
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS_WITH_FILES", 10)
    content = patients(40)
    expected = batch(content, "--each", "ics", folder="whole")
    die_at("add", 4)
    with pytest.raises(Killed):
        batch(content, "--each", "ics")
    monkeypatch.undo()
    each = expected.folder.parent / "out" / WORK / "each"
    files = sorted(each.iterdir())
    for path in files[:1] if which == "one" else files:
        path.unlink()
    done = batch(content, "--each", "ics")
    if which == "one":  # others that do not count as yet were there in its place
        assert done.code == 2
        assert "a file for a patient was deleted before the batch was done" in done.err
        done = batch(content, "--each", "ics")
    assert done.code == 0
    assert contents(done.folder) == contents(expected.folder)


def test_a_file_for_a_patient_that_is_lost_while_it_runs_is_told(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS_WITH_FILES", 10)
    real = folders.Progress.add

    def meddled_with(self: folders.Progress, became: Any) -> None:
        real(self, became)
        work = tmp_path / "out" / WORK
        for path in list((work / "each").iterdir())[:1] if self.partitions == 2 else []:
            path.unlink()

    monkeypatch.setattr(folders.Progress, "add", meddled_with)
    done = batch(patients(40), "--each", "ics")
    assert done.code == 2
    assert "a file for a patient was deleted before the batch was done" in done.err
    monkeypatch.undo()
    assert batch(patients(40), "--each", "ics").code == 0


@pytest.mark.parametrize("changed", ["input", "options", "site", "definitions", "version"])
@pytest.mark.parametrize("finished", [False, True])
def test_a_run_is_not_taken_up_when_something_changed(
    batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
    die_at: Callable[[str, int], None],
    tmp_path: Path,
    changed: str,
    finished: bool,
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    own = tmp_path / "own.yaml"

    shutil.copy(library.shipped("regimen")["dermatomyositis"], own)
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nid: here\n", encoding="utf-8")
    content = patients(40)
    options = ["--regimen", str(own), "--site", str(site)]
    if not finished:
        die_at("append", 3)
        with pytest.raises(Killed):
            batch(content, *options)
        monkeypatch.undo()
    else:
        batch(content, *options)
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    before = contents(tmp_path / "out")
    if changed == "input":
        content += "P9,72\n"
    elif changed == "options":
        options += ["--courses", "2"]
    elif changed == "site":
        site.write_text("kind: site\nid: there\n", encoding="utf-8")
    elif changed == "definitions":
        own.write_text(own.read_text(encoding="utf-8") + "# a comment more\n", encoding="utf-8")
    else:
        monkeypatch.setattr("ivigcalc.batch.run.about.__version__", "99.0")
    done = batch(content, *options)
    assert done.code == 2
    assert {"options": "--courses"}.get(changed, changed) in done.err
    assert "--restart" in done.err
    assert contents(tmp_path / "out") == before, "nothing is touched"
    assert batch(content, *options, "--restart").code == 0
    assert {"sessions.csv", "steps.csv", "notices.csv", "rows.csv", "errors.csv", "batch.json", "summary.json"} == set(
        contents(tmp_path / "out")
    )


def test_the_same_batch_again_has_nothing_to_do(batch: Batch) -> None:
    content = patients(10) + "bad,x\n"
    first = batch(content)
    before = {name: (first.folder / name).stat().st_mtime_ns for name in contents(first.folder)}
    again = batch(content)
    assert "nothing to do" in again.err
    assert again.code == 5, "the rows that failed have failed"
    assert before == {name: (first.folder / name).stat().st_mtime_ns for name in contents(first.folder)}


def test_a_result_that_was_lost_is_made_again(batch: Batch) -> None:
    first = batch(patients(10))
    expected = contents(first.folder)
    (first.folder / "steps.csv").unlink()
    assert batch(patients(10)).code == 2, "what is left is not overwritten unasked"
    assert contents(batch(patients(10), "--restart").folder) == expected


def test_files_of_somebody_else_are_not_overwritten(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sessions.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "out" / "notes.txt").write_text("mine too", encoding="utf-8")
    done = batch(patients(3))
    assert done.code == 2
    assert "sessions.csv" in done.err
    assert contents(done.folder) == {"sessions.csv": b"mine", "notes.txt": b"mine too"}
    assert set(contents(batch(patients(3), "--restart").folder)) == FINAL | {"notes.txt"}


def test_another_format_leaves_no_old_table_behind(batch: Batch) -> None:
    batch(patients(3), "--each", "ics")
    done = batch(patients(3), "--format", "jsonl", "--restart")
    assert set(contents(done.folder)) == {
        "sessions.jsonl",
        "steps.jsonl",
        "notices.jsonl",
        "rows.csv",
        "errors.csv",
        "batch.json",
        "summary.json",
    }


def test_the_report_says_what_was_done(batch: Batch) -> None:
    done = batch(patients(3) + "bad,x\nworse,y\n")
    report = json.loads((done.folder / "batch.json").read_text(encoding="utf-8"))
    assert (report["rows"], report["planned"], report["errors"]) == (5, 3, {"bad-request": 2})
    assert report["files"] == {
        name: len(content) for name, content in contents(done.folder).items() if name != "batch.json"
    }


def test_a_folder_in_use_is_refused(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "out" / WORK).mkdir(parents=True)
    with (tmp_path / "out" / WORK / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = batch(patients(3))
        assert done.code == 2
        assert "another batch is writing to out" in done.err
    assert batch(patients(3)).code == 0, "a lock that nobody holds is no lock"


def test_an_interrupt_says_how_to_go_on(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    monkeypatch.setattr(runs, "_KEEP_SECONDS", -1)
    real = folders.Folder.append

    def interrupted(self: folders.Folder, *arguments: object) -> None:
        real(self, *arguments)  # type: ignore[arg-type]
        if (self.work / "state.json").exists():
            raise KeyboardInterrupt

    expected = batch(patients(40), folder="whole")
    monkeypatch.setattr(folders.Folder, "append", interrupted)
    done = batch(patients(40))
    assert done.code == 130
    assert "the same command goes on from here" in done.err
    monkeypatch.setattr(folders.Folder, "append", real)
    assert contents(batch(patients(40)).folder) == contents(expected.folder)


@pytest.mark.parametrize("when", ["heading", "append", "keep", "publish"])
def test_a_full_disk_leaves_nothing_half_written(batch: Batch, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    import errno

    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    monkeypatch.setattr(runs, "_KEEP_SECONDS", -1)
    content = patients(40)
    expected = batch(content, folder="whole")
    real_write, real_whole, full = folders.write_all, folders.replace_whole, [True]

    def write(file: object, data: bytes) -> None:
        heading = data.startswith((b"patient_id", b"row,"))
        if full[0] and when == ("heading" if heading else "append") and (heading or b"P000015" in data):
            raise OSError(errno.ENOSPC, "No space left on device")
        real_write(file, data)  # type: ignore[arg-type]

    def whole(path: Path, data: bytes) -> None:
        if full[0] and path.name == {"keep": "state.json", "publish": "batch.json"}.get(when):
            raise OSError(errno.ENOSPC, "No space left on device")
        real_whole(path, data)

    monkeypatch.setattr(folders, "write_all", write)
    monkeypatch.setattr(growing, "write_all", write)
    monkeypatch.setattr(folders, "replace_whole", whole)
    done = batch(content)
    assert done.code == 2
    assert "No space left on device" in done.err
    if when != "publish":
        assert not FINAL & names(done.folder)
    full[0] = False
    assert contents(batch(content).folder) == contents(expected.folder)


def test_a_folder_that_cannot_be_written(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for folder in ("file", "file/under"):
        done = batch(patients(3), folder=folder)
        assert done.code == 2
        assert "cannot use the output folder" in done.err


@pytest.mark.parametrize("how", ["removed", "appended", "replaced"])
def test_an_input_that_changes_meanwhile_is_noticed(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    real = folders.Folder.append

    def append(self: folders.Folder, *arguments: object) -> None:
        real(self, *arguments)  # type: ignore[arg-type]
        path = tmp_path / "in.csv"
        if path.exists():
            content = path.read_bytes()
            if how != "appended":
                path.unlink()
            if how != "removed":
                path.write_bytes(content + b"late,72\n")

    monkeypatch.setattr(folders.Folder, "append", append)
    done = batch(patients(25))
    assert done.code == 2
    assert ("cannot read the input" if how == "removed" else "the input changed") in done.err
    assert not FINAL & names(done.folder)


def test_a_definition_that_changes_while_it_is_used(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the rows would have the old dose and half the new one."""
    own = tmp_path / "own.yaml"
    shutil.copy(library.shipped("regimen")["dermatomyositis"], own)
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    real = folders.Folder.append

    def append(self: folders.Folder, *tables: Any) -> None:
        real(self, *tables)
        own.write_text(own.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")

    monkeypatch.setattr(folders.Folder, "append", append)
    done = batch(patients(25), "--regimen", str(own))
    assert done.code == 2
    assert "a definition file changed while it was used" in done.err
    assert not FINAL & names(done.folder)


def test_what_was_planned_with_a_changed_definition_is_not_taken_up(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed half-way and changed back: none of the rows that had the other dose may stay."""
    own = tmp_path / "own.yaml"
    before = library.shipped("regimen")["dermatomyositis"].read_text(encoding="utf-8")
    own.write_text(before, encoding="utf-8")
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    monkeypatch.setattr(runs, "_KEEP_SECONDS", -1)
    real = folders.Folder.append

    def append(self: folders.Folder, *tables: Any) -> None:
        real(self, *tables)
        if (self.work / "state.json").exists():
            own.write_text(before + "# more\n", encoding="utf-8")

    monkeypatch.setattr(folders.Folder, "append", append)
    assert "a definition file changed" in batch(patients(40), "--regimen", str(own)).err
    monkeypatch.setattr(folders.Folder, "append", real)
    own.write_text(before, encoding="utf-8")
    done = batch(patients(40), "--regimen", str(own))
    assert (done.code, "taken up" in done.err) == (0, False)
