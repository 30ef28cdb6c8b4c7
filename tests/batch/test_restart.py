"""Beginning again, and what the folder says of itself: files of somebody else are kept, and nothing is believed unchecked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.batch.run.state import WORK

from .conftest import ORDER, Done, Killed, contents, dying_at_rename, names, patients

Batch = Callable[..., Done]


@pytest.fixture
def half_done(batch: Batch, monkeypatch: pytest.MonkeyPatch, die_at: Callable[[str, int], None]) -> Callable[..., None]:
    """`half_done("--restart")`: a run over forty patients that ended after twenty of them."""

    def run(*options: str) -> None:
        monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
        die_at("append", 3)
        with pytest.raises(Killed):
            batch(patients(40), *options)
        monkeypatch.undo()

    return run


def test_a_run_that_restart_began_goes_on(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, die_at: Callable[[str, int], None]
) -> None:
    """Who repeats the command with `--restart` until it is done gets done; once it is, `--restart` begins again."""
    monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
    expected = batch(patients(60), "--each", "ics", folder="whole")
    batch(patients(20), "--each", "ics")
    for _ in range(4):
        die_at("append", 3)
        with pytest.raises(Killed):
            batch(patients(60), "--each", "ics", "--restart")
        monkeypatch.undo()
        monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
        monkeypatch.setattr("ivigcalc.batch.run.running.PARTITION_ROWS", 10)
        done = batch(patients(60), "--each", "ics", "--restart")
        assert "taken up after 20 rows" in done.err
        assert contents(done.folder) == contents(expected.folder)


@pytest.mark.parametrize("other", [("--courses", "2"), ("--format", "jsonl")])
def test_restart_takes_up_no_other_run(batch: Batch, half_done: Callable[..., None], other: tuple[str, ...]) -> None:
    half_done("--restart")
    done = batch(patients(40), *other, "--restart")
    assert (done.code, "taken up" in done.err) == (0, False)


def test_restart_begins_again_what_it_did_not_begin(batch: Batch, half_done: Callable[..., None]) -> None:
    half_done()
    done = batch(patients(40), "--restart")
    assert (done.code, "taken up" in done.err) == (0, False)


def test_the_options_of_another_batch_are_named(batch: Batch) -> None:
    """The parts of a PDF are printed in one order, however they are named."""
    pages = ("--each", "pdf", "--part")
    assert batch(patients(1), *pages, "patient", "--part", "calendar").code == 0
    assert "finished before" in batch(patients(1), *pages, "calendar", "--part", "patient", "--part", "patient").err
    other = batch(patients(1), "--dose-basis", "course", *pages, "patient")
    assert other.code == 2
    assert "another batch (different: --dose-basis, --part)" in other.err


@pytest.mark.parametrize("options", [("--each", "ics"), ()])
def test_files_of_somebody_else_stay_where_they_are(batch: Batch, tmp_path: Path, options: tuple[str, ...]) -> None:
    first = batch(patients(3), "--each", "ics")
    (first.folder / "each" / "signed-consent.pdf").write_text("signed", encoding="utf-8")
    (first.folder / "each" / "scans").mkdir()
    (first.folder / "each" / "scans" / "a_row2.pdf").write_text("scan", encoding="utf-8")
    again = batch(patients(2), *options, "--restart")
    assert again.code == 0
    found = {name for name in contents(again.folder) if name.startswith("each/")}
    ours = {"each/P000000_row2.ics", "each/P000001_row3.ics"} if options else set()
    assert found == {"each/signed-consent.pdf", "each/scans/a_row2.pdf"} | ours


@pytest.mark.parametrize("place", range(1, 12))
@pytest.mark.parametrize("options", [("--each", "ics"), ()])
def test_a_restart_that_ended_between_two_moves_goes_on(batch: Batch, place: int, options: tuple[str, ...]) -> None:
    """Beside the files of somebody else each file comes on its own; the next run brings the rest, and loses none."""
    first = batch(patients(5), "--each", "ics")
    (first.folder / "each" / "signed-consent.pdf").write_text("signed", encoding="utf-8")
    expected = contents(batch(patients(4), *options, folder="whole").folder)
    with dying_at_rename(place):
        batch(patients(4), *options, "--restart")
    done = batch(patients(4), *options, "--restart")
    assert contents(done.folder) == {**expected, "each/signed-consent.pdf": b"signed"}


@pytest.mark.parametrize(
    "files", [{"../victim.txt": 6}, {"notes.txt": 6}, {"each": 0}, ["../victim.txt"], "victim.txt", {"/etc/x": 1}]
)
def test_a_report_that_was_edited_takes_nothing_else_away(batch: Batch, tmp_path: Path, files: object) -> None:
    first = batch(patients(3))
    (tmp_path / "victim.txt").write_text("victim", encoding="utf-8")
    (first.folder / "notes.txt").write_text("victim", encoding="utf-8")
    report = json.loads((first.folder / "batch.json").read_text(encoding="utf-8"))
    (first.folder / "batch.json").write_text(json.dumps({**report, "files": files}), encoding="utf-8")
    damaged = batch(patients(3))
    assert damaged.code == 2
    assert "batch.json in out is damaged: bring it back as it was, or give --restart" in damaged.err
    assert batch(patients(2), "--format", "jsonl", "--restart").code == 0
    assert (tmp_path / "victim.txt").exists()
    assert (first.folder / "notes.txt").exists()


@pytest.mark.parametrize("name", ["each", WORK])
def test_a_folder_that_is_a_link_is_left_alone(batch: Batch, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "P000000_row2.ics").write_text("theirs", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(elsewhere)
    done = batch(patients(3), "--each", "ics", "--restart")
    assert done.code == 2
    assert "is a link to another place" in done.err
    assert names(elsewhere) == {"P000000_row2.ics"}


# ---- what the folder says of itself is checked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [None, {"computed_from": {}}, {"planned": "3"}, {"errors": []}, {"errors": {"x": -1}}, {"folders": ["/etc"]}],
)
def test_a_damaged_report_is_told_as_such(batch: Batch, more: dict[str, object] | None) -> None:
    first = batch(patients(3))
    path = first.folder / "batch.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"schema": "ivigcalc.batch/1"} if more is None else {**whole, **more}), encoding="utf-8")
    before = contents(first.folder)
    done = batch(patients(3))
    assert done.code == 2
    assert "batch.json in out is damaged" in done.err
    assert contents(done.folder) == before
    assert batch(patients(3), "--restart").code == 0


@pytest.mark.parametrize(
    "more",
    [None, {"about": {}}, {"about": {"on": "soon", "options": {"each": []}}}, {"partitions": -1}, {"planned": True},
     {"errors": {"x": "1"}}, {"sizes": {}}, {"sizes": {"sessions": 1}}, {"sizes": None}, {"finished": 1}],
)  # fmt: skip
def test_a_damaged_state_is_told_as_such(
    batch: Batch, half_done: Callable[..., None], tmp_path: Path, more: dict[str, object] | None
) -> None:
    half_done()
    path = tmp_path / "out" / WORK / "state.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({} if more is None else {**whole, **more}), encoding="utf-8")
    done = batch(patients(40))
    assert done.code == 2
    assert f"{WORK}/state.json in out is damaged" in done.err
    assert "--restart" in done.err
    assert batch(patients(40), "--restart").code == 0


def test_a_finished_batch_of_which_files_for_patients_are_gone(batch: Batch) -> None:
    first = batch(patients(3) + "bad,x\n", "--each", "ics")
    assert "nothing to do" in batch(patients(3) + "bad,x\n", "--each", "ics").err
    expected = contents(first.folder)
    (first.folder / "each" / "P000001_row3.ics").unlink()
    done = batch(patients(3) + "bad,x\n", "--each", "ics")
    assert done.code == 2
    assert "out already holds" in done.err
    assert contents(batch(patients(3) + "bad,x\n", "--each", "ics", "--restart").folder) == expected


def test_files_for_patients_of_whom_none_could_be_planned(batch: Batch) -> None:
    for words in ("0 of 1 rows planned", "nothing to do"):
        done = batch("patient_id,weight_kg\nbad,x\n", "--each", "ics")
        assert (done.code, words in done.err) == (6, True), done.err


def test_the_folder_one_is_in_has_a_name_in_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ivigcalc.cli.main import main

    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "in.csv").write_text(patients(2), encoding="utf-8")
    monkeypatch.chdir(here)
    (here / "sessions.csv").write_text("mine", encoding="utf-8")
    assert main(["batch", "../in.csv", "-o", ".", *ORDER]) == 2
    assert capsys.readouterr().err.startswith("error: here already holds sessions.csv")
    assert main(["batch", "../in.csv", "-o", ".", *ORDER, "--restart"]) == 0
    capsys.readouterr()
    assert main(["batch", "../in.csv", "-o", ".", *ORDER, "--courses", "2"]) == 2
    assert "error: here holds the results of another batch" in capsys.readouterr().err
