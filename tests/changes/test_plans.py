"""What changed between two saved plans: no field is missed, and what is said of it is what a pharmacist asks."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.changes.plans import Change, changes_of, in_words
from ivigcalc.document.many import Kept, read_one
from ivigcalc.document.read import parse, read_saved, saved_plan
from ivigcalc.document.replan import replan
from ivigcalc.document.write import text_of, to_json
from ivigcalc.render.difference import to_html, to_markdown, to_table
from ivigcalc.request.event import EventWords

GOLDEN = Path(__file__).parent / "golden"
SITE = helpers.a_site(visit={"arrival": "15 min", "observation": "30 min"}, stock={"octagam-10-us": {"10 g": "90"}})


def plan(weight: str = "72kg", product: str = "octagam-10-us", **words: Any) -> dict[str, Any]:
    words = {"age": "54y", "start": "2026-12-01", "at": "09:00", "courses": "2"} | words
    found: dict[str, Any] = parse(to_json(helpers.plan("dermatomyositis", product, weight, **words)))
    return found


PLANS = [
    plan(),
    plan(site=SITE, courses="1"),
    parse(to_json(helpers.rates("panzyga-us", "primary-immunodeficiency", "70kg", "70g", at="09:00"))),
    parse(
        to_json(
            helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="3", age="54y", start="2026-12-01")
        )
    ),
]


def replanned(document: dict[str, Any], **words: Any) -> dict[str, Any]:
    """A plan after one event."""
    saved = saved_plan(text_of(document).encode(), "plan.json")
    found: dict[str, Any] = parse(to_json(replan(saved, EventWords(**words), at=date(2026, 11, 28))))
    return found


def told(old: dict[str, Any], new: dict[str, Any]) -> dict[tuple[str, str], Change]:
    return {(change.topic, change.what): change for change in in_words(old, new)[0]}


# ---- the dose of a course is held against what it was ----------------------------------------------------------------


def test_a_dose_that_changes_from_a_course_on_is_held_against_the_one_before() -> None:
    """144 g for 72 kg, 136 g for 68 kg from course 3 on, in either direction; nothing is said of courses 1 and 2."""
    before = plan(courses="6")
    after = replanned(before, new_weight="68kg", from_course="3")
    doses = [(what, change.was, change.now) for (topic, what), change in told(before, after).items() if topic == "dose"]
    assert doses == [
        ("courses 3 to 6: prescribed", "144 g", "136 g"),
        ("courses 3 to 6: dose", "144 g", "136 g"),
        ("courses 3 to 6: dosing weight", "72 kg", "68 kg"),
    ]
    back = [(what, change.now, change.was) for (topic, what), change in told(after, before).items() if topic == "dose"]
    assert back == doses


def test_the_last_course_alone_is_one_course() -> None:
    before = plan(courses="6")
    after = replanned(before, new_weight="68kg", from_course="6")
    assert ("dose", "course 6: dose") in told(before, after)


def test_phases_of_another_name_are_held_against_the_courses_that_they_replace() -> None:
    """Dermatomyositis, 144 g every 4 weeks, against CIDP of 80 kg: 160 g once, then 80 g every 21 days."""
    words = {"courses": "5", "age": "40y", "start": "2026-12-01", "at": "09:00"}
    cidp = parse(to_json(helpers.plan("cidp:us-label-privigen", "privigen-us", "80kg", **words)))
    said = told(plan(courses="5", days="2"), cidp)
    for what, was, now in (
        ("loading: phase", "course", "loading"),
        ("loading: dose", "144 g", "160 g"),
        ("maintenance: phase", "course", "maintenance"),
        ("maintenance: dose", "144 g", "80 g"),
        ("maintenance: interval", "4 weeks", "3 weeks"),
    ):
        assert (said["dose", what].was, said["dose", what].now) == (was, now)


def test_more_courses_of_the_same_are_one_line() -> None:
    said = {
        what: change for (topic, what), change in told(plan(courses="6"), plan(courses="8")).items() if topic == "dose"
    }
    assert {what: (change.was, change.now) for what, change in said.items()} == {"courses": ("6", "8")}


# ---- no change is missed --------------------------------------------------------------------------------------------


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every single value of a document stands."""
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


LEAVES = [(place, path) for place, document in enumerate(PLANS) for path in leaves(document)]


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value + 1
    return "another" if not value else f"{value}x"


def changed(document: dict[str, Any], path: tuple[Any, ...], how: Callable[[Any], Any]) -> dict[str, Any]:
    found = copy.deepcopy(document)
    block: Any = found
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = how(block[path[-1]])
    return found


@given(st.sampled_from(LEAVES))
def test_every_field_that_differs_is_said(leaf: tuple[int, tuple[Any, ...]]) -> None:
    place, path = leaf
    new = changed(PLANS[place], path, other)
    assert in_words(PLANS[place], new)[0], path
    assert in_words(PLANS[place], PLANS[place]) == ((), 0)


@pytest.mark.slow
def test_every_single_field_that_differs_is_said() -> None:
    missed = []
    for place, document in enumerate(PLANS):
        for path in leaves(document):
            if not in_words(document, changed(document, path, other))[0]:
                missed.append((place, path))
    assert not missed


@pytest.mark.parametrize("key", list(PLANS[0]))
def test_a_key_that_one_plan_does_not_have_is_said(key: str) -> None:
    """As of another version; keys without which it is no plan are refused before."""
    if key in ("computed_from", "sessions"):
        return
    without = {name: value for name, value in PLANS[0].items() if name != key}
    assert in_words(without, PLANS[0])[0] or not PLANS[0][key] or key == "course"


# ---- in a pharmacist's words ----------------------------------------------------------------------------------------


def test_a_new_weight() -> None:
    """2 g/kg: 144 g at 72 kg and 160 g at 80 kg, a ninth more; 0.6 mL/kg/h is 43.2 mL/h and 48 mL/h."""
    found = told(plan("72kg"), plan("80kg"))
    assert (found["patient", "weight"].was, found["patient", "weight"].now) == ("72 kg", "80 kg")
    dose = found["dose", "dose"]
    assert (dose.was, dose.now, dose.by) == ("144 g", "160 g", "+16 (+11.1 %)")
    each = found["sessions", "dose"]
    assert (each.was, each.now, each.sessions) == ("72 g", "80 g", ((1, 1), (1, 2), (2, 1), (2, 2)))
    vials = found["sessions", "vials"]
    assert (vials.was, vials.now) == ("2 x 30 g + 1 x 10 g + 1 x 2 g", "2 x 30 g + 1 x 20 g")
    step = found["rates", "step 1"]
    assert (step.was, step.now) == ("43.2 mL/h for 30 min", "48 mL/h for 30 min")
    assert not [change for change in found.values() if change.what == "date"]


def test_a_moved_start_is_one_change() -> None:
    found = told(plan(), plan(start="2026-12-08"))
    moved = found["sessions", "date"]
    assert (moved.was, moved.now, moved.by) == (
        "2026-12-01 to 2026-12-30", "2026-12-08 to 2027-01-06", "7 days later",
    )  # fmt: skip
    assert len(moved.sessions) == 4
    assert {topic for topic, _ in found} == {"order", "sessions", "notices"}, "no time of day has changed"


def test_an_earlier_start() -> None:
    assert told(plan(), plan(start="2026-11-30"))["sessions", "date"].by == "1 day earlier"


def test_another_hour() -> None:
    """The times of steps, bottles and the end follow from it and are not listed."""
    found, following = in_words(plan(), plan(at="10:30"))
    assert [(change.topic, change.what, change.was, change.now) for change in found] == [
        ("order", "at", "09:00", "10:30"),
        ("sessions", "starts at", "09:00", "10:30"),
    ]
    assert following > 20


def test_sessions_that_only_one_plan_has_are_one_change_each() -> None:
    found = in_words(plan(courses="2"), plan(courses="3"))[0]
    more = [change for change in found if change.what == "session"]
    assert [(change.was, change.now, change.sessions) for change in more] == [
        ("none", "2027-01-26, 09:00, 72 g", ((3, 1),)),
        ("none", "2027-01-27, 09:00, 72 g", ((3, 2),)),
    ]
    fewer = in_words(plan(courses="3"), plan(courses="2"))[0]
    assert [change.now for change in fewer if change.what == "session"] == ["none", "none"]


def test_another_product_is_named_with_its_version() -> None:
    found = told(plan(), plan(product="privigen-us"))
    assert (found["definitions", "product"].was, found["definitions", "product"].now) == (
        "octagam-10-us",
        "privigen-us",
    )
    assert ("definitions", "product sha256") in found
    assert ("order", "product") not in found, "it is said once"


def test_another_state_of_a_definition_is_said_where_no_figure_moves() -> None:
    new = changed(plan(), ("computed_from", "product", "sha256"), lambda _: "0" * 64)
    assert [(change.topic, change.what) for change in in_words(plan(), new)[0]] == [("definitions", "product sha256")]


def test_working_that_alone_has_changed_is_said() -> None:
    new = changed(plan(), ("trace", 0, "result"), other)
    ((change,), following) = in_words(plan(), new)
    assert (change.topic, following) == ("working", 0)


def test_a_notice_that_is_new() -> None:
    new = plan()
    new["notices"] = [
        *new["notices"],
        {**new["notices"][0], "code": "past-closing", "level": "caution", "message": "late"},
    ]
    ((change,), _) = in_words(plan(), new)
    assert (change.topic, change.what, change.was, change.now) == ("notices", "caution past-closing", "none", "late")


def test_what_happened_to_a_plan_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        to_json(helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", start="2026-12-01", courses="2")),
        encoding="utf-8",
    )
    saved = read_saved(tmp_path / "p.json")
    words = EventWords(missed=("2026-12-29",), to="2027-01-05", rest="move")
    moved = parse(to_json(replan(saved, words, at=date(2026, 12, 29), reason="ill", by=None)))
    found = told(saved.document, moved)
    change = found["history", "change 1"]
    assert change.was == "none"
    assert change.now == "missed: 2026-12-29, to: 2027-01-05, rest: move; because ill; on 2026-12-29"
    assert found["sessions", "date"].sessions == ((2, 1), (2, 2))
    assert [topic for topic, _ in found].count("history") == 1
    assert not [topic for topic, _ in found if topic == "record"]


def test_what_a_plan_was_before_the_same_change_is_not_listed(tmp_path: Path) -> None:
    """Two weights, and the same day missed: the change is one and the same, what it started from is not."""
    words, moved = EventWords(missed=("2026-12-29",), to="2027-01-05", rest="move"), []
    for weight in ("72kg", "80kg"):
        made = helpers.plan("dermatomyositis", "octagam-10-us", weight, age="54y", start="2026-12-01", courses="2")
        (tmp_path / "p.json").write_text(to_json(made), encoding="utf-8")
        moved.append(parse(to_json(replan(read_saved(tmp_path / "p.json"), words, at=date(2026, 12, 29)))))
    found = told(*moved)
    assert ("dose", "dose") in found
    assert not [what for topic, what in found if topic == "history"]
    other = changed(moved[0], ("history", 0, "previous_sha256"), other_hash)
    other = changed(other, ("revision", "previous_sha256"), other_hash)
    assert {topic for topic, _ in told(moved[0], other)} == {"history"}, "said where nothing else has changed"


def other_hash(value: str) -> str:
    return value[::-1]


def test_an_interruption_is_one_line(tmp_path: Path) -> None:
    """21.6 mL, 43.2 mL and 40 min at 172.8 mL/h are 180 mL of 720 mL; 20 min at 86.4 mL/h are 28.8 mL more."""
    made = helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", start="2026-12-01", at="09:00", days="2")
    written = [to_json(made)]
    for words in (
        EventWords(session="1.1", reaction_at="10:40", resume_at="11:10", rate="half"),
        EventWords(session="1.1", reaction_at="11:30", stop=True),
    ):
        (tmp_path / "p.json").write_text(written[-1], encoding="utf-8")
        written.append(to_json(replan(read_saved(tmp_path / "p.json"), words, at=date(2026, 12, 1))))
    documents = [parse(text) for text in written]
    resumed, stopped = told(documents[0], documents[1]), told(documents[1], documents[2])
    first, second = resumed["rates", "interruption 1"], stopped["rates", "interruption 2"]
    assert (first.was, first.sessions) == ("none", ((1, 1),))
    assert first.now == "at 10:40 with 180 mL in, 540 mL left; from 11:10 at 86.4 mL/h (half)"
    assert second.now == "stopped at 11:30 with 208.8 mL in, 511.2 mL left"
    assert not [change for change in resumed.values() if "not recorded" in (change.was, change.now)]
    assert ("rates", "interruption 1") not in stopped


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    for name, found in (("old", plan()), ("new", plan("80kg", start="2026-12-08"))):
        (tmp_path / f"{name}.json").write_text(json.dumps(found, default=str), encoding="utf-8")
    for name, weight, start in (("old", "72kg", "2026-12-01"), ("new", "80kg", "2026-12-08")):
        made = helpers.plan("dermatomyositis", "octagam-10-us", weight, age="54y", start=start, at="09:00", courses="2")
        (tmp_path / f"{name}.json").write_text(to_json(made), encoding="utf-8")
    return tmp_path / "old.json", tmp_path / "new.json"


@pytest.mark.parametrize("face", ["table", "json", "markdown", "html"])
def test_exit_codes(face: str, two: tuple[Path, Path], run: Callable[..., Any]) -> None:
    same, different = run("diff", two[0], two[0], "-f", face), run("diff", *two, "-f", face)
    assert (same.code, different.code) == (0, 5)
    assert "must be checked by a qualified person" in same.out
    assert "must be checked by a qualified person" in different.out


def test_json_has_every_field_exactly(two: tuple[Path, Path], run: Callable[..., Any]) -> None:
    found = json.loads(run("diff", *two, "-f", "json").out)
    assert found["same"] is False
    by_field = {each["field"]: (each["old"], each["new"]) for each in found["fields"]}
    assert by_field["course.dose_g"] == (144, 160)
    assert by_field["sessions[course 2, day 1].date"] == ("2026-12-29", "2027-01-05")
    more = {each["field"] for each in found["fields"] if not each["in_new"]}
    assert "sessions[course 1, day 1].vials[3].size_g" in more or "sessions[course 1, day 1].vials[3]" in more


def test_two_patients_are_a_caution(tmp_path: Path, run: Callable[..., Any]) -> None:
    for name in ("P1", "P2"):
        made = helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", patient_id=name)
        (tmp_path / f"{name}.json").write_text(to_json(made), encoding="utf-8")
    found = run("diff", tmp_path / "P1.json", tmp_path / "P2.json")
    assert "CAUTION these plans are of two patients" in found.out
    assert "id P1; id P2" in found.out
    assert "CAUTION" in run("diff", tmp_path / "P1.json", tmp_path / "P2.json", "-f", "json").err


def test_a_page_has_a_line_to_sign_on(two: tuple[Path, Path], run: Callable[..., Any]) -> None:
    for face in ("html", "markdown"):
        page = run("diff", *two, "-f", face).out
        assert "Compared by" in page
        assert "Checked by" in page


def test_nothing_of_a_plan_is_markup(tmp_path: Path) -> None:
    words = ("<script>alert(1)</script>", "*bold* | [a](b)")
    old, new = (
        read_one(
            to_json(helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", name=word)).encode(), "a.json"
        )
        for word in words
    )
    found = changes_of(old, new)
    assert "<script>" not in to_html(found)
    assert "*bold*" not in to_markdown(found)


def test_a_plan_of_another_version_is_compared(two: tuple[Path, Path], run: Callable[..., Any]) -> None:
    """It lacks keys that came later, and has one that is not known here."""
    document = json.loads(two[0].read_text(encoding="utf-8"))
    document["ivigcalc_version"] = "0.0.1"
    document["later"] = {"figure_g": 3}
    for session in document["sessions"]:
        del session["infusion_time"]
    two[1].write_text(json.dumps(document), encoding="utf-8")
    found = run("diff", *two)
    assert found.code == 5
    assert "0.0.1" in found.out
    assert "not recorded" in found.out
    assert "3 g" in found.out


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\xff", b"[]", b'{"schema": "ivigcalc.plan/1"}', b'{"schema": "ivigcalc.plan/2"}', b"[" * 100_000],
)
def test_what_is_no_plan_is_refused(content: bytes, two: tuple[Path, Path], refuses: Callable[..., str]) -> None:
    two[1].write_bytes(content)
    assert "is not a saved plan" in refuses(2, "diff", *two)
    assert "is not a saved plan" in refuses(2, "diff", two[1], two[0])


def test_a_plan_with_something_nested_deep_is_compared_or_refused(
    two: tuple[Path, Path], run: Callable[..., Any]
) -> None:
    for depth in (600, 900, 990):
        nested = f'"later": {"[" * depth}{"]" * depth}, "ivigcalc_version"'
        text = two[0].read_text(encoding="utf-8").replace('"ivigcalc_version"', nested, 1)
        two[1].write_text(text, encoding="utf-8")
        done = run("diff", *two)
        assert (done.code, "nested too deep" in done.err) in ((5, False), (2, True))


def test_lines_that_are_there_twice_are_said() -> None:
    """A source more that is there already has no fact of its own; the field is named by its key."""
    old, new = plan(), plan()
    new["sources"] = [*new["sources"], new["sources"][0]]
    found = changes_of(Kept("a", old), Kept("b", new))
    assert [(change.topic, change.was) for change in found.changes] == [("record", "not recorded")]
    assert found.changes[0].what.startswith("sources[")


def test_a_file_that_is_not_there_is_refused(two: tuple[Path, Path], refuses: Callable[..., str]) -> None:
    assert "none.json" in refuses(2, "diff", two[0], two[0].with_name("none.json"))
    refuses(2, "diff", two[0].parent, two[0])


def test_at_80_columns(two: tuple[Path, Path]) -> None:
    """`IVIGCALC_WRITE_GOLDEN=1` writes it anew, to be read."""
    old, new = (read_one(path.read_bytes(), path.name) for path in two)
    page = to_table(changes_of(old, new), width=80)
    assert max(map(len, page.splitlines())) <= 80
    golden = GOLDEN / "diff-80.txt"
    if os.environ.get("IVIGCALC_WRITE_GOLDEN"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")


def test_in_a_pipe_of_a_locale_without_unicode(two: tuple[Path, Path]) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "ivigcalc", "diff", *map(str, two)], capture_output=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (5, b"")
    assert done.stdout.isascii()
    assert b"+16 (+11.1 %)" in done.stdout
