"""What differs between two documents: each field once, with where it stands and both values, and no verdict."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.document.diff import ABSENT, diff, value_text

from . import documents

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.decimals(-2, 2, places=1), st.sampled_from(["", "1"])
)
blocks = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner)),
)


def test_a_document_does_not_differ_from_itself() -> None:
    document = documents.document("site")
    assert diff(document, copy.deepcopy(document)) == ()


#: what is done to a document -> where it differs, and both values
CHANGES: dict[str, tuple[Any, list[tuple[str, Any, Any]]]] = {
    "a-figure": (
        lambda d: d["sessions"][1].update(dose_g=73),
        [("sessions[course 1, day 2].dose_g", 72, 73)],
    ),
    "a-step-of-a-later-course": (
        lambda d: d["sessions"][3]["steps"][2].update(rate_ml_per_h=Decimal("712.8")),
        [("sessions[course 2, day 2].steps[3].rate_ml_per_h", Decimal("172.8"), Decimal("712.8"))],
    ),
    "words": (
        lambda d: d.update(check="checked"),
        [("check", "Results must be checked by a qualified person before use.", "checked")],
    ),
    "the-version": (lambda d: d.update(ivigcalc_version="9.9.9"), [("ivigcalc_version", ..., "9.9.9")]),
    "the-request": (
        lambda d: d["computed_from"]["request"].update(weight="82 kg", risk=["renal"]),
        [("computed_from.request.weight", "72 kg", "82 kg"), ("computed_from.request.risk[1]", ABSENT, "renal")],
    ),
    "a-key-more": (
        lambda d: d["sessions"][0].update(chair="7"),
        [("sessions[course 1, day 1].chair", ABSENT, "7")],
    ),
    "a-key-less": (lambda d: d["totals"].pop("dose_g"), [("totals.dose_g", 432, ABSENT)]),
    "a-session-less": (lambda d: d["sessions"].pop(), [("sessions[course 3, day 2]", ..., ABSENT)]),
    "a-session-more": (lambda d: d["sessions"].append({"course": 4}), [("sessions[7]", ABSENT, {"course": 4})]),
    "a-block-that-is-none": (lambda d: d.update(totals=None), [("totals", ..., None)]),
    "a-list-that-is-none": (lambda d: d.update(notices="none"), [("notices", ..., "none")]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_one_difference_with_both_values(change: str) -> None:
    old = documents.document("schedule")
    new = copy.deepcopy(old)
    edit, expected = CHANGES[change]
    edit(new)
    found = diff(old, new)
    assert [difference.field for difference in found] == [field for field, _, _ in expected]
    for difference, (_, before, after) in zip(found, expected, strict=True):
        assert before is ... or difference.old == before
        assert difference.new == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, True),
        (0, False),
        ("72", 72),
        (72, Decimal("72.1")),
        (None, 0),
        (None, ABSENT),
        ([], {}),
        ({}, None),
        ("", None),
    ],
)
def test_another_value_or_another_kind_of_value_differs(old: Any, new: Any) -> None:
    before, after = ({"key": value} if value is not ABSENT else {} for value in (old, new))
    [found] = diff(before, after)
    assert (found.path, found.field, found.old, found.new) == (("key",), "key", old, new)


@pytest.mark.parametrize(("old", "new"), [(72, Decimal("72.0")), (Decimal("0.50"), Decimal("0.5")), (0, Decimal("-0"))])
def test_a_number_written_otherwise_is_the_same_number(old: Any, new: Any) -> None:
    assert diff({"dose_g": old}, {"dose_g": new}) == ()


@given(blocks, blocks)
def test_both_ways_the_same_fields_differ_with_their_values_exchanged(old: Any, new: Any) -> None:
    there = {(found.path, value_text(found.old), value_text(found.new)) for found in diff(old, new)}
    back = {(found.path, value_text(found.new), value_text(found.old)) for found in diff(new, old)}
    assert there == back


@given(blocks, blocks)
def test_what_differs_is_all_that_differs(old: Any, new: Any) -> None:
    """With every difference undone the documents are the same, and with none there is nothing to undo."""
    mended = copy.deepcopy(new)
    for found in reversed(diff(old, new)):
        *above, last = found.path
        place = documents.at(mended, tuple(above))
        if found.old is ABSENT:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(found.old)
        else:
            place[last] = found.old
    assert diff(old, mended) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ABSENT, "absent"),
        (None, "null"),
        (Decimal("72.0"), "72.0"),
        (True, "True"),
        ({"dose_g": 1}, "a block"),
        ([1], "a list"),
        ("\x1b[2J", "?[2J"),
        ("x" * 100, "x" * 77 + "..."),
    ],
)
def test_a_value_is_shown_in_one_short_harmless_line(value: Any, text: str) -> None:
    assert value_text(value) == text
