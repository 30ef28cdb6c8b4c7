"""A saved plan recomputes to itself, and everything that was done to it since is told apart."""

import copy
import json
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.document.read import MAX_BYTES, read_saved
from ivigcalc.document.verify import verify
from ivigcalc.document.write import to_json
from ivigcalc.errors import IvigcalcError, RefusedError, RequestError
from ivigcalc.request.form import Form

DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--age", "54y")
SCHEDULE = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00", "--courses", "2")
RATES = (
    "rates",
    "-p",
    "octagam-10-us",
    "--indication",
    "dermatomyositis",
    "--weight",
    "158lb",
    "--dose",
    "72g",
    "--risk",
    "renal",
)


@pytest.fixture
def saved(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Path]:
    """Save the plan of a command and give the file."""

    def save(*arguments: str) -> Path:
        path = tmp_path / "plan.json"
        done = run(*arguments, "--format", "json", "-o", path)
        assert done.code == 0, done
        return path

    return save


def change(path: Path, *keys: str | int, to: Any) -> None:
    """Set one field of a saved plan, the rest untouched."""
    document = json.loads(path.read_text(encoding="utf-8"))
    block = document
    for key in keys[:-1]:
        block = block[key]
    block[keys[-1]] = to
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


# ---- a plan that nobody touched --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("dose", *DM), SCHEDULE, RATES], ids=lambda command: command[0])
def test_a_plan_recomputes_to_itself(
    command: tuple[str, ...], saved: Callable[..., Path], run: Callable[..., Any]
) -> None:
    done = run("verify", saved(*command))
    assert (done.code, done.err) == (0, "")
    assert "fields are what ivigcalc" in done.out
    assert run("verify", "--quiet", saved(*command)).out == ""


some_words = st.fixed_dictionaries(
    {"weight": st.sampled_from(["72kg", "72.50 kg", "158lb", "11.5 st", "9999g"])},
    optional={
        "height": st.sampled_from(["175cm", "1.75m", "69in", "5ft9.5in"]),
        "sex": st.sampled_from(["male", "female"]),
        "age": st.sampled_from(["54y", "7mo", "19 years"]),
        "risk": st.sampled_from([("renal",), ("thrombosis", "renal")]),
        "name": st.text(min_size=1, max_size=10),
        "patient_id": st.sampled_from(["=1+1", "../../x", " 007 "]),
        "weighed_on": st.sampled_from(["2026-11-01", "2025-01-01"]),
        "previous_weight": st.sampled_from(["80kg", "72kg"]),
        "infusion": st.sampled_from(["first", "subsequent"]),
        "last_product": st.sampled_from(["octagam-10-us", "privigen-us"]),
        "last_infusion": st.sampled_from(["2026-11-01", "2026-09-01"]),
    },
)  # fmt: skip
COMPUTABLE = [loaded.value.id for loaded in library.load_all("policy") if loaded.value.computable]


@settings(max_examples=150)
@given(
    words=some_words,
    policy=st.sampled_from([None, *COMPUTABLE]),
    command=st.sampled_from(["dose", "schedule", "rates"]),
    data=st.data(),
)
def test_every_command_and_policy_recomputes_to_itself(
    words: dict[str, Any], policy: str | None, command: Any, data: st.DataObject, tmp_path_factory: Any
) -> None:
    form = Form(
        **words, product=data.draw(st.sampled_from(["octagam-10-us", "privigen-us", "bivigam-us"])), policy=policy
    )
    if command == "rates":
        form.indication, form.dose = "dermatomyositis", data.draw(st.sampled_from(["72g", "0.4 g/kg", "400 mg/kg"]))
    else:
        form.regimen = data.draw(st.sampled_from(["dermatomyositis", "dermatomyositis:proderm", "itp"]))
        form.dose = data.draw(st.sampled_from([None, "2 g/kg", "1 g/kg"]))
    if command == "schedule":
        form.start, form.at = "2026-12-01", data.draw(st.sampled_from([None, "09:00", "23:30"]))
        form.courses = data.draw(st.sampled_from([None, "3"]))
    try:
        text = to_json(_insisting(form, command))
    except (RefusedError, RequestError):
        return
    path = tmp_path_factory.getbasetemp() / "recomputes.json"
    path.write_text(text, encoding="utf-8")
    verdict = verify(read_saved(path))
    assert verdict.agrees, list(verdict.lines())


def _insisting(form: Form, command: Any) -> Any:
    """The plan of a form, overriding whatever can be overridden."""
    try:
        return plan_form(form, command, on=date(2026, 11, 22))
    except RefusedError as refused:
        form.override = tuple(f"{code}=\"  because of a 'test' = yes \"" for code in refused.codes)
        return plan_form(form, command, on=date(2026, 11, 22))


def test_a_plan_of_a_site_and_of_the_hospitals_own_files_recomputes_to_itself(
    saved: Callable[..., Path], run: Callable[..., Any], tmp_path: Path
) -> None:
    own = _own_files(tmp_path)
    command = (
        "schedule",
        "-r",
        f"{own['regimen']}:us-label",
        "--policy",
        own["policy"],
        "--site",
        own["site"],
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
    )
    assert run("verify", saved(*command)).code == 0


def _own_files(folder: Path) -> dict[str, Path]:
    own = {"regimen": folder / "own-dm.yaml", "policy": folder / "own-policy.yaml", "site": folder / "site.yaml"}
    shutil.copy(library.shipped("regimen")["dermatomyositis"], own["regimen"])
    shutil.copy(library.shipped("policy")["actual-weight"], own["policy"])
    own["site"].write_text(
        "kind: site\nschema: 1\nid: st-elsewhere\ndefault: {product: octagam-10-us}\npump: {increment: 1 mL/h}\n",
        encoding="utf-8",
    )
    return own


# ---- a plan that somebody touched ------------------------------------------------------------------------------------


def test_a_changed_digit_is_named_with_both_values(saved: Callable[..., Path], refuses: Callable[..., str]) -> None:
    path = saved(*SCHEDULE)
    change(path, "sessions", 1, "dose_g", to=73)
    said = refuses(4, "verify", path)
    assert "sessions[course 1, day 2].dose_g: saved 73, recomputed 72" in said
    assert "definition" not in said


@pytest.mark.parametrize(
    ("keys", "to", "field"),
    [
        (
            ("sessions", 0, "steps", 2, "rate_ml_per_h"),
            712.8,
            "sessions[course 1, day 1].steps[3].rate_ml_per_h: saved 712.8, recomputed 172.8",
        ),
        (
            ("sessions", 0, "date"),
            "2026-12-02",
            "sessions[course 1, day 1].date: saved 2026-12-02, recomputed 2026-12-01",
        ),
        (("sessions", 0, "vials", 0, "count"), 3, "vials[1].count: saved 3, recomputed 2"),
        (("sessions", 0, "dose_g"), True, "dose_g: saved True, recomputed 72"),
        (("sessions", 0, "dose_g"), "72", "dose_g: saved 72, recomputed 72"),
        (("sessions", 0, "steps"), [], "steps[1]: saved absent"),
        (("sessions", 0, "new"), 1, "new: saved 1, recomputed absent"),
        (("dosing_weight", "kg"), 27, "dosing_weight.kg: saved 27, recomputed 72"),
        (("notices", 0, "message"), "nothing to see", "notices[1].message: saved nothing to see"),
        (("computed_from", "product", "version"), "2020-01-01", "computed_from.product.version: saved 2020-01-01"),
        (("check",), "checked", "check: saved checked"),
    ],
)
def test_any_field_that_was_changed_is_named(
    keys: tuple[str | int, ...], to: Any, field: str, saved: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    path = saved(*SCHEDULE)
    change(path, *keys, to=to)
    assert field in refuses(4, "verify", path)


def test_a_number_written_otherwise_is_the_same_number(saved: Callable[..., Path], run: Callable[..., Any]) -> None:
    path = saved(*SCHEDULE)
    text = path.read_text(encoding="utf-8")
    assert '"dose_g": 72,' in text
    path.write_text(text.replace('"dose_g": 72,', '"dose_g": 72.0,'), encoding="utf-8")
    assert run("verify", path).code == 0


def test_every_figure_of_a_plan_is_guarded(saved: Callable[..., Path]) -> None:
    """Whichever leaf is changed, the plan no longer agrees. What it was asked may change the figures, or end the run."""
    path = saved(*RATES)
    document = json.loads(path.read_text(encoding="utf-8"))
    leaves = [
        keys for keys in _leaves(document) if keys[:2] != ("computed_from", "request") and keys != ("ivigcalc_version",)
    ]
    assert len(leaves) > 200
    for keys in leaves:
        changed = copy.deepcopy(document)
        block = changed
        for key in keys[:-1]:
            block = block[key]
        block[keys[-1]] = "changed"
        path.write_text(json.dumps(changed), encoding="utf-8")
        assert not _stands(path), keys


def _stands(path: Path) -> bool:
    try:
        return verify(read_saved(path)).agrees
    except IvigcalcError:
        return False


def _leaves(value: Any, keys: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, child in pairs for leaf in _leaves(child, (*keys, key))]
    return [keys]


def test_a_changed_request_shows_in_the_figures(saved: Callable[..., Path], refuses: Callable[..., str]) -> None:
    path = saved(*SCHEDULE)
    change(path, "computed_from", "request", "weight", to="82 kg")
    assert "course.prescribed_g: saved 144, recomputed 164" in refuses(4, "verify", path)


def test_a_request_that_would_now_be_refused_is_no_plan(
    saved: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    path = saved(*SCHEDULE)
    change(path, "computed_from", "request", "age", to="7 years")
    assert "cannot be computed again: refused (age-outside-regimen)" in refuses(4, "verify", path)


def test_an_override_cannot_be_written_in(saved: Callable[..., Path], refuses: Callable[..., str]) -> None:
    path = saved(*SCHEDULE)
    change(path, "computed_from", "request", "override", to=["dose-outside-regimen=I say so"])
    assert "no stop of that code" in refuses(2, "verify", path)


# ---- a definition that has changed -----------------------------------------------------------------------------------


def test_a_changed_definition_is_named_and_the_figures_are_said_to_stay(
    saved: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    path = saved(*SCHEDULE)
    change(path, "computed_from", "product", "sha256", to="0" * 64)
    said = refuses(4, "verify", path)
    version = library.load("product", "octagam-10-us").value.version
    assert f"product octagam-10-us: was {version} (000000000000)" in said
    assert "every figure stays the same" in said


def test_a_hospitals_own_definition_that_was_edited_is_named_with_what_it_does(
    saved: Callable[..., Path], refuses: Callable[..., str], tmp_path: Path
) -> None:
    own = _own_files(tmp_path)
    path = saved("dose", "-r", f"{own['regimen']}:us-label", "-p", "octagam-10-us", "--weight", "72kg")
    text = own["regimen"].read_text(encoding="utf-8")
    assert text.count("dose: {per_course: 2 g/kg}") >= 1
    own["regimen"].write_text(text.replace("per_course: 2 g/kg", "per_course: 1 g/kg", 1), encoding="utf-8")
    said = refuses(4, "verify", path)
    assert "regimen dermatomyositis: was" in said
    assert "with them the figures change" in said
    assert "course.prescribed_g: saved 144, recomputed 72" in said


def test_a_hospitals_own_definition_that_is_gone_is_a_definition_error(
    saved: Callable[..., Path], refuses: Callable[..., str], tmp_path: Path
) -> None:
    own = _own_files(tmp_path)
    path = saved("dose", "-r", f"{own['regimen']}:us-label", "--site", own["site"], "--weight", "72kg")
    own["regimen"].unlink()
    assert f"{own['regimen']}: cannot be read: No such file" in refuses(3, "verify", path)
    own["site"].unlink()
    assert f"{own['site']}: cannot be read: No such file" in refuses(3, "verify", path)


def test_a_relative_path_is_said_to_mean_the_folder_where_the_plan_was_made(
    saved: Callable[..., Path], run: Callable[..., Any], refuses: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    own = _own_files(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    for option in (("--site", own["site"].name), ("--policy", own["policy"].name)):
        monkeypatch.chdir(tmp_path)
        path = saved(*SCHEDULE, *option)
        assert run("verify", path).code == 0
        monkeypatch.chdir(tmp_path / "elsewhere")
        said = refuses(3, "verify", path)
        assert f"{option[1]}: is not in " in said
        assert "run verify in the folder where the plan was made" in said


# ---- another version of ivigcalc -------------------------------------------------------------------------------------


def test_another_version_is_a_note_where_the_figures_agree(saved: Callable[..., Path], run: Callable[..., Any]) -> None:
    path = saved(*SCHEDULE)
    change(path, "ivigcalc_version", to="9.9.9")
    change(path, "notices", 0, "message", to="the same in other words")
    done = run("verify", path)
    assert done.code == 0
    assert "every figure is what ivigcalc" in done.out
    assert "note: written by ivigcalc 9.9.9, verified by" in done.err
    assert "worded otherwise: 1 line of notices or working" in done.err


def test_another_version_does_not_excuse_a_figure(saved: Callable[..., Path], refuses: Callable[..., str]) -> None:
    path = saved(*SCHEDULE)
    change(path, "ivigcalc_version", to="9.9.9")
    change(path, "totals", "dose_g", to=999)
    said = refuses(4, "verify", path)
    assert "totals.dose_g: saved 999, recomputed 288" in said
    assert "written by ivigcalc 9.9.9" in said


#: what was done to a plan that says it is of another version -> the field that is named
TAKEN_AWAY: dict[str, tuple[Callable[[Any], object], str]] = {
    "a-session": (lambda d: d["sessions"].pop(), "sessions[4]: saved absent"),
    "a-third-course": (lambda d: d["sessions"].append({**d["sessions"][0], "course": 3}), "day 1]: saved a block, recomputed absent"),
    "a-vial-more": (lambda d: d["sessions"][0]["vials"].append({"size_g": 5, "count": 1}), "vials[4]: saved a block"),
    "a-vial-less": (lambda d: d["sessions"][0]["vials"].pop(), "vials[3]: saved absent"),
    "a-bottle": (lambda d: d["sessions"][0]["bottles"].pop(), "bottles[4]: saved absent"),
    "the-bottles": (lambda d: d["sessions"][0].pop("bottles"), "bottles: saved absent"),
    "the-last-step": (lambda d: d["sessions"][0]["steps"].pop(), "steps[3]: saved absent"),
    "a-block-that-no-version-has": (lambda d: d.update(course_3={"dose_g": 1}), "course_3: saved a block"),
    "the-id-of-the-product": (lambda d: d["computed_from"]["product"].update(id="privigen-us"), "product.id: saved privigen-us"),
    "a-caution": (lambda d: _drop_caution(d), "recomputed caution ladder-assumed"),
    "a-caution-made-a-note": (lambda d: _caution(d).update(level="info"), "recomputed caution ladder-assumed"),
    "an-invented-override": (lambda d: d["notices"][0].update(overridden_because="I say so"), "I say so, recomputed no such notice"),
    "a-result-of-the-working": (lambda d: d["trace"][3].update(result=999), "prescribed_g: saved 999, g, recomputed 144, g"),
    "a-figure-in-a-promised-key": (lambda d: d["totals"].pop("dose_g"), "totals.dose_g: saved absent"),
    "notices-that-are-none": (lambda d: d.update(notices="none"), "notices: saved none"),
    **{f"{key}-emptied": (lambda d, key=key: d[key].clear(), key) for key in ("sessions", "totals", "course", "dosing_weight", "notices", "trace")},  # type: ignore[misc]
    **{f"{key}-gone": (lambda d, key=key: d.pop(key), key) for key in ("sessions", "totals", "course", "phases", "notices", "trace")},  # type: ignore[misc]
}  # fmt: skip


def _caution(document: Any) -> Any:
    return next(notice for notice in document["notices"] if notice["level"] == "caution")


def _drop_caution(document: Any) -> None:
    document["notices"].remove(_caution(document))


def other_version(path: Path, edit: Callable[[Any], object]) -> None:
    """Let a saved plan be of another version, and do something to it."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["ivigcalc_version"] = "9.9.9"
    edit(document)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize("case", TAKEN_AWAY)
def test_another_version_does_not_excuse_what_was_taken_away_or_added(
    case: str, saved: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    edit, field = TAKEN_AWAY[case]
    path = saved(*SCHEDULE)
    other_version(path, edit)
    assert field in refuses(4, "verify", path)


def test_another_version_may_have_keys_and_lines_of_text_more_or_less(
    saved: Callable[..., Path], run: Callable[..., Any]
) -> None:
    def edit(document: Any) -> None:
        document["sessions"][0]["chair"] = "7"
        del document["sessions"][1]["steps"][0]["remaining_ml"]
        document["trace"].insert(0, {**document["trace"][0], "name": "greeting", "result": 1})
        document["notices"].insert(0, {**document["notices"][0], "message": "a note more"})
        document["check"] = "Check this."

    path = saved(*SCHEDULE)
    other_version(path, edit)
    done = run("verify", path)
    assert done.code == 0, done
    assert "note: written by ivigcalc 9.9.9" in done.err


# ---- files that are no plan ------------------------------------------------------------------------------------------

NOT_PLANS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not a saved plan"),
    "text": (b"hello", "is not a saved plan"),
    "list": (b"[]", "its schema must be ivigcalc.plan/1, and it says nothing"),
    "other-schema": (b'{"schema": "ivigcalc.plan/2"}', "it says ivigcalc.plan/2"),
    "only-a-schema": (b'{"schema": "ivigcalc.plan/1"}', "it has no computed_from"),
    "nan": (b'{"schema": "ivigcalc.plan/1", "x": NaN}', "NaN is not a number"),
    "infinity": (b'{"schema": "ivigcalc.plan/1", "x": -Infinity}', "is not a number"),
    "repeated-key": (b'{"schema": "ivigcalc.plan/1", "schema": "ivigcalc.plan/1"}', "a key is given twice"),
    "not-utf-8": (b'{"schema": "\xff"}', "is not UTF-8 text"),
    "deep": (b"[" * 200_000, "nested too deep"),
    "deep-objects": (b'{"a":' * 200_000, "nested too deep"),
    "too-large": (b" " * (MAX_BYTES + 1), "it is larger than 32 MiB"),
    "a-number-of-a-million-digits": (b"9" * 1_000_000, "a number has more than 4300 digits"),
    "two-plans": (b'{"schema": "ivigcalc.plan/1"}\n{"schema": "ivigcalc.plan/1"}\n', "put that line into its own file"),
    "an-exponent-of-twenty-digits": (b'{"schema": "ivigcalc.plan/1", "x": 1e99999999999999999999}', "is not a saved plan"),
    "unclosed": (b'{"schema": "ivigcalc.plan/1", "x": "', "is not a saved plan"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_PLANS)
def test_a_file_that_is_no_plan_is_refused_in_one_message(
    case: str, refuses: Callable[..., str], tmp_path: Path
) -> None:
    content, words = NOT_PLANS[case]
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    said = refuses(2, "verify", path)
    assert words in said
    message, next_step = said.splitlines()
    assert len(message) < 400
    assert next_step == "what it means and what to do: ivigcalc explain not-a-plan"


def test_a_file_of_brackets_as_large_as_a_plan_may_be_is_refused(refuses: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"[" * MAX_BYTES)
    assert "nested too deep" in refuses(2, "verify", path)


@pytest.mark.parametrize("place", ["/nonexistent/plan.json", "/dev/zero", "/dev/null", "/", "\x1b[31mred"])
def test_a_path_that_is_no_file_is_refused(place: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, "verify", place)
    assert "cannot be read" in said or "not a saved plan" in said
    assert "\x1b" not in said


def test_a_pipe_does_not_hang_it(refuses: Callable[..., str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refuses(2, "verify", tmp_path / "pipe")


@pytest.mark.parametrize(
    ("keys", "to", "words"),
    [
        (("computed_from", "request", "weight"), 72, "has no words for 'weight'"),
        (("computed_from", "request", "risk"), "renal", "has no words for 'risk'"),
        (("computed_from", "request", "risk"), [["renal"]], "has no words for 'risk'"),
        (("computed_from", "request", "pregnant"), "yes", "has no words for 'pregnant'"),
        (("computed_from", "request", "weight"), "72", "has no unit"),
        (("computed_from", "request", "weight"), None, "give the body weight"),
        (("computed_from", "request", "command"), "rm", "names no command that plans"),
        (("computed_from", "request", "command"), ["dose"], "names no command that plans"),
        (("computed_from", "request", "colour"), "red", "says 'colour', which this ivigcalc does not know"),
        (("computed_from", "request", "on"), "yesterday", "asked on yesterday, which is not a date"),
        (("computed_from", "request", "on"), 20261122, "which is not a date"),
        (("computed_from", "request"), [], "it has no request"),
        (("computed_from", "site"), "x", "it names no file of its site"),
        (("computed_from", "site"), {"file": 3}, "it names no file of its site"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(
    keys: tuple[str, ...], to: Any, words: str, saved: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    path = saved(*SCHEDULE)
    change(path, *keys, to=to)
    assert words in refuses(2, "verify", path)


def test_a_hostile_value_is_shown_harmlessly(saved: Callable[..., Path], refuses: Callable[..., str]) -> None:
    path = saved(*SCHEDULE)
    change(path, "sessions", 0, "date", to="\x1b[2J\u202e" + "x" * 1000)
    said = refuses(4, "verify", path)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "saved ?[2J?xxx" in said
    assert len(said) < 2000
