"""What is worked out once for all patients who share it is what each of them would get alone, whoever came before."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from ivigcalc import Form
from ivigcalc.api import plan_form
from ivigcalc.batch.rows.columns import read_row
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.work import Planner, Settings
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import IvigcalcError, RefusedError
from ivigcalc.render.csv import session_rows, step_rows

ASKED_ON = date(2026, 12, 5)
ORDERS = [
    ("dermatomyositis", "octagam-10-us", ""),
    ("dermatomyositis", "octagam-10-us", "practical-vials"),
    ("dermatomyositis", "octagam-10-us", "us-seton"),
    ("dermatomyositis", "gammagard-liquid-us", ""),
]
#: weight, height, sex and age, of bodies that there are
BODIES = [
    ("72", "171.5", "male", "40"),
    ("72", "171.5", "male", "66"),
    ("72", "171.5", "female", "66"),
    ("72", "150", "female", "66"),
    ("72", "", "", ""),
    ("72.001", "171.5", "male", "66"),
    ("110", "171.5", "male", "40"),
    ("110", "171.5", "female", "40"),
    ("84", "171.5", "male", "40"),
    ("86", "171.5", "male", "40"),
    ("115", "171.5", "male", "40"),
    ("110", "190", "male", "40"),
    ("71.66666666666667", "160.00000000000001", "female", "17"),
    ("14.2", "98", "male", "3"),
    ("190", "171.5", "male", "40"),
]
#: few values of each thing, so that rows share most of what they ask and differ in some of it
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "order": st.sampled_from(ORDERS),
            "body": st.sampled_from(BODIES),
            "risk": st.sampled_from(["", "", "", "none", "renal"]),
            "condition": st.sampled_from(["", "", "", "hyperprolinaemia"]),
            "infusion": st.sampled_from(["", "first", "subsequent"]),
            "last_infusion": st.sampled_from(["", "", "", "2026-01-02"]),
            "start": st.sampled_from(["2026-12-01", "2026-12-05", "2027-01-31"]),
            "at": st.sampled_from(["", "09:00", "22:30"]),
            "override": st.sampled_from(["", "", "", "indication-ceiling=asked"]),
        }
    ),
    min_size=30,
    max_size=30,
)


@given(ROWS)
@settings(max_examples=15, phases=[Phase.generate])  # a failure is told at once, not made smaller for minutes
def test_a_row_of_a_list_gets_what_it_gets_alone(asked: list[dict[str, Any]]) -> None:
    rows = [cells_of(number, each) for number, each in enumerate(asked)]
    planner = Planner(Settings(tuple(rows[0]), Form(), on=ASKED_ON))
    listed = [Row(number, tuple(row.values())) for number, row in enumerate(rows, start=2)]
    for row, (_, _, outcome) in zip(rows, planner.outcomes(listed), strict=True):
        plan = alone(row)
        if isinstance(outcome, Failed):
            assert plan == outcome.code, row
            continue
        assert isinstance(plan, Plan), row
        assert outcome.lines("sessions").decode() == lines(session_rows(plan)), row
        assert outcome.lines("steps").decode() == lines(step_rows(plan)), row
        told = [notice for *_, notice in notices_told(plan)]
        assert [(code, level, *words) for _, _, _, code, level, _, *words in outcome.records("notices")] == told, row


def cells_of(number: int, asked: dict[str, Any]) -> dict[str, str]:
    """The cells of a row."""
    regimen, product, policy = asked["order"]
    cells = {name: asked[name] for name in sorted(asked) if name not in ("order", "body")}
    cells |= dict(zip(("weight_kg", "height_cm", "sex", "age_years"), asked["body"], strict=True))
    order = {"regimen": regimen, "product": product, "policy": policy, "courses": "4", "days": "2"}
    return {"patient_id": f"P{number}", **cells, **order, "every": "4 weeks", "dose_basis": "course"}


def lines(rows: Iterable[tuple[str, ...]]) -> str:
    """As the standard library writes them."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def alone(row: dict[str, str]) -> Plan | str:
    """The plan of one row on its own, or the code of its refusal."""
    try:
        return plan_form(read_row(row), "schedule", on=ASKED_ON)
    except RefusedError as refused:
        return ";".join(refused.codes)
    except IvigcalcError as error:
        return error.code


def notices_told(plan: Plan) -> list[tuple[Any, ...]]:
    """Course, day and words of each notice, on a line for each session that it is about."""
    return [(*place, astuple(notice)[:-1]) for notice in plan.notices for place in notice.sessions or ((None, None),)]
