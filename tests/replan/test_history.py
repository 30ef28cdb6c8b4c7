"""The plan keeps its history: who, when, why, what was before, each plan named by its hash; `verify` computes it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.document.read import parse, read_saved, saved_plan
from ivigcalc.document.replan import replan
from ivigcalc.document.shape import misshapen
from ivigcalc.document.verify import verify
from ivigcalc.document.write import document, to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import MismatchError, RequestError
from ivigcalc.request.event import EventWords

from .saved import after, first, reaction, saved


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


@pytest.fixture(scope="module")
def changed(plan: Plan) -> Plan:
    once = reaction(plan, "10:51", "11:21", "half", by="R. Nurse", reason="flushed and cold")
    twice = after(once, "2026-12-29", missed=("2026-12-29",), to="2027-01-05", rest="move", by="A. Clerk")
    return after(twice, "2027-01-04", new_weight="68 kg", from_course="3", weighed_on="2027-01-04")


def test_a_first_plan_has_no_history(plan: Plan) -> None:
    said = document(plan)
    assert said["revision"] is None
    assert said["history"] == []
    assert {session["done"] for session in said["sessions"]} == {False}


def test_who_when_why_and_what_was_before(plan: Plan, changed: Plan) -> None:
    said = document(changed)
    assert [change["number"] for change in said["history"]] == [1, 2, 3]
    one, two, three = said["history"]
    assert (one["by"], one["reason"], one["at"]) == ("R. Nurse", "flushed and cold", "2026-12-01")
    assert (two["by"], two["reason"], two["at"]) == ("A. Clerk", None, "2026-12-29")
    event = {key: value for key, value in one["event"].items() if value not in (None, [], False)}
    assert event == {
        "kind": "reaction", "session": "1.1", "reaction_at": "10:51", "resume_at": "11:21", "rate": "half",
    }  # fmt: skip
    [was] = one["before"]
    assert (was["course"], was["day"], was["ends_at"], str(was["dose_g"])) == (1, 1, "2026-12-01T11:43", "36")
    assert (two["before"][0]["course"], two["before"][0]["date"]) == (2, "2026-12-29")
    assert list(three["changed"][0]) == [3, 1]
    assert len(three["before"]) == 16
    assert said["revision"] == {key: three[key] for key in said["revision"]}
    assert set(said["revision"]) == {"number", "event", "reason", "by", "at", "previous_sha256"}


def test_each_names_the_plan_before_by_the_hash_of_its_file(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(to_json(plan).encode())
    once = reaction(plan, "10:51", "11:21", "half")
    assert once.history[0].previous_sha256 == sha256(file.read_bytes()).hexdigest()
    file.write_bytes(to_json(once).encode())
    twice = reaction(once, "11:40")
    assert [change.previous_sha256 for change in twice.history] == [
        once.history[0].previous_sha256,
        sha256(file.read_bytes()).hexdigest(),
    ]


def test_the_request_stays_as_it_was_asked(plan: Plan, changed: Plan) -> None:
    assert document(changed)["computed_from"] == document(plan)["computed_from"]


def test_a_product_that_it_changes_to_is_named_with_its_hash(plan: Plan) -> None:
    said = document(after(plan, "2026-12-20", product="privigen-us", from_course="3"))["history"][0]["to_product"]
    assert said["id"] == "privigen-us"
    assert said["sha256"] == library.product("privigen-us").sha256
    assert document(reaction(plan, "10:51"))["history"][0]["to_product"] is None


def test_it_has_the_shape_that_is_declared(changed: Plan) -> None:
    assert misshapen(parse(to_json(changed))) is None


# ---- replan of nothing ----------------------------------------------------------------------------------------------


def test_replan_of_nothing_is_the_same_plan(plan: Plan, changed: Plan) -> None:
    assert to_json(after(plan)) == to_json(plan)
    assert to_json(after(changed)) == to_json(changed)


def test_a_reason_without_an_event_is_refused(plan: Plan) -> None:
    for words in ({"reason": "x"}, {"by": "y"}):
        with pytest.raises(RequestError, match="belong to an event"):
            after(plan, **words)


@pytest.mark.parametrize("text", ["", "a\nb", "x" * 201, "\u202eabc"])
def test_who_and_why_are_text_that_can_be_printed(plan: Plan, text: str) -> None:
    with pytest.raises(RequestError, match="--reason: "):
        after(plan, "2026-12-01", done=("1.1",), reason=text)
    with pytest.raises(RequestError, match="--by: "):
        after(plan, "2026-12-01", done=("1.1",), by=text)


def test_time_does_not_run_backwards(plan: Plan) -> None:
    later = after(plan, "2026-12-03", done=("1.1",))
    with pytest.raises(RequestError, match="changed on 2026-12-03, after 2026-12-02"):
        after(later, "2026-12-02", done=("1.2",))
    assert after(later, "2026-12-03", done=("1.2",))


# ---- verify ---------------------------------------------------------------------------------------------------------


def test_it_verifies_with_its_history(changed: Plan) -> None:
    verdict = verify(saved(changed))
    assert verdict.agrees, list(verdict.lines())
    assert verdict.other_version is None


Edit = Callable[[dict[str, Any]], Any]
EDITS: dict[str, Edit] = {
    "a dose": lambda d: d["sessions"][0].update(dose_g=35),
    "what was in": lambda d: d["sessions"][0]["pauses"][0].update(in_ml=200),
    "the hash of the plan before": lambda d: d["history"][1].update(previous_sha256="0" * 64),
    "the first hash": lambda d: d["history"][0].update(previous_sha256="0" * 64),
    "the hash of the last": lambda d: d["revision"].update(previous_sha256="0" * 64),
    "who": lambda d: d["history"][0].update(by="B. Other"),
    "why": lambda d: d["history"][0].update(reason=None),
    "when": lambda d: d["history"][0].update(at="2026-12-02"),
    "what happened": lambda d: d["history"][0]["event"].update(rate="previous"),
    "what was before": lambda d: d["history"][0]["before"][0].update(dose_g=30),
    "which sessions": lambda d: d["history"][0]["changed"].append([1, 2]),
    "a number": lambda d: d["history"][1].update(number=5),
    "an event that is gone": lambda d: d["history"].pop(0),
    "the last event that is gone": lambda d: d["history"].pop(),
    "all events": lambda d: d["history"].clear(),
    "the events and the revision": lambda d: (d["history"].clear(), d.update(revision=None)),
    "the order of the events": lambda d: d["history"].reverse(),
    "done": lambda d: d["sessions"][0].update(done=True),
    "a product": lambda d: d["sessions"][0].update(product="privigen-us"),
    "the weight of a phase": lambda d: d["phases"][1].update(dosing_weight_kg=70),
    "a kind": lambda d: d["history"][0]["event"].update(kind="missed"),
    "a reason of the last": lambda d: d["revision"].update(reason="other"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_plan_is_found_out_and_not_replanned(changed: Plan, what: str) -> None:
    edited = json.loads(to_json(changed))
    EDITS[what](edited)
    kept = saved_plan(json.dumps(edited).encode(), "plan.json")
    with suppress(MismatchError, RequestError):
        assert not verify(kept).agrees
    with pytest.raises((MismatchError, RequestError)) as caught:
        replan(kept, EventWords(new_weight="70kg", from_course="4"), at=date(2027, 1, 6))
    assert caught.value.exit_code in (2, 4)


def test_a_plan_of_another_version_is_not_replanned(plan: Plan) -> None:
    other = to_json(plan).replace('"ivigcalc_version": "', '"ivigcalc_version": "0')
    kept = saved_plan(other.encode(), "plan.json")
    with pytest.raises(MismatchError, match="a plan is changed by the version that made it"):
        replan(kept, EventWords(new_weight="70kg", from_course="4"), at=date(2026, 12, 1))


def test_another_version_may_hash_otherwise_but_not_plan_otherwise(changed: Plan) -> None:
    """It words its plans otherwise, so that their hashes are others; figures are figures."""
    other = json.loads(to_json(changed))
    other["ivigcalc_version"] = "0.0.9"
    for change in (*other["history"], other["revision"]):
        change["previous_sha256"] = "1" * 64
    verdict = verify(saved_plan(json.dumps(other).encode(), "plan.json"))
    assert verdict.agrees, list(verdict.lines())
    other["sessions"][0]["dose_g"] = 35
    assert not verify(saved_plan(json.dumps(other).encode(), "plan.json")).agrees


def test_a_plan_of_before_replanning_is_read(plan: Plan) -> None:
    """A plan that was saved when there was no history yet has none."""
    old = json.loads(to_json(plan))
    for key in ("revision", "history"):
        del old[key]
    old["ivigcalc_version"] = "0.0.9"
    for session in old["sessions"]:
        for key in ("done", "product", "pauses"):
            del session[key]
    for course in (old["course"], *old["phases"]):
        del course["dosing_weight_kg"]
    kept = saved_plan(json.dumps(old).encode(), "plan.json")
    assert kept.history == ()
    assert verify(kept).agrees
    assert misshapen(parse(json.dumps(old))) is None


def test_a_definition_that_has_changed_is_named_and_not_replanned(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    switched = after(plan, "2026-12-20", product="privigen-us", from_course="3")
    kept = saved(switched)
    found = library.product

    def newer(name: str, country: str | None = None) -> Any:
        loaded = found(name, country)
        return replace(loaded, sha256="0" * 64) if loaded.value.id == "privigen-us" else loaded

    monkeypatch.setattr("ivigcalc.library.product", newer)
    verdict = verify(kept)
    assert not verdict.agrees
    assert any("privigen-us" in line for line in verdict.definitions)
    with pytest.raises(MismatchError, match="definitions that have changed"):
        after(switched, "2026-12-21", new_weight="70kg", from_course="4")


# ---- hostile files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(history={}),
        lambda d: d.update(history=[7]),
        lambda d: d["history"][0].pop("event"),
        lambda d: d["history"][0].update(event=[]),
        lambda d: d["history"][0].update(at="yesterday"),
        lambda d: d["history"][0].update(at=None),
        lambda d: d["history"][0].update(by=7),
        lambda d: d["history"][0].update(by="a\u202eb"),
        lambda d: d["history"][0].update(reason=["x"]),
        lambda d: d["history"][0].update(reason="x" * 4000),
        lambda d: d["history"][0]["event"].update(session=7),
        lambda d: d["history"][0]["event"].update(stop="yes"),
        lambda d: d["history"][0]["event"].update(done="1.1"),
        lambda d: d["history"][0]["event"].update(done=[1]),
        lambda d: d["history"][0]["event"].update(unheard="of"),
    ],
)
def test_a_history_that_is_none_is_refused(plan: Plan, edit: Edit, tmp_path: Path) -> None:
    edited = json.loads(to_json(reaction(plan, "10:51", "11:21", "half", by="x")))
    edit(edited)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(edited), encoding="utf-8")
    with pytest.raises(RequestError, match="is not a saved plan") as caught:
        read_saved(file)
    assert caught.value.code == "not-a-plan"


@pytest.mark.parametrize(
    "event",
    [{"session": "1.1"}, {"session": "1.1", "reaction_at": "25:00", "stop": True}, {"done": ["9.9"]}, {}, {"to": "x"}],
)
def test_an_event_that_cannot_have_been_is_no_bug(plan: Plan, event: dict[str, Any]) -> None:
    edited = json.loads(to_json(reaction(plan, "10:51", "11:21", "half")))
    empty = {
        key: [] if isinstance(value, list) else False if isinstance(value, bool) else None
        for key, value in edited["history"][0]["event"].items()
    }
    edited["history"][0]["event"] = empty | {"kind": "reaction"} | event
    with pytest.raises((MismatchError, RequestError)):
        verify(saved_plan(json.dumps(edited).encode(), "plan.json"))
