"""`--format text`: a block for a record, which lines up where letters are of one width and is read where they are not."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from helpers import plan, rates

from ivigcalc.engine.plan import CHECK_LINE, Plan
from ivigcalc.quantity import plain
from ivigcalc.render.text_block import WIDTH, to_text


def schedule() -> Plan:
    return plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", start="2026-12-01", at="09:00", courses="2")


PLANS = {
    "schedule": schedule,
    "dose": lambda: plan("cidp", "privigen-us", "70kg", age="40y"),
    "rates": lambda: rates("panzyga-us", "primary-immunodeficiency", "70kg", "28g"),
    "no rates": lambda: plan("dermatomyositis:us-label", "gamunex-ca", "70kg", age="40y", policy="us-group-health"),
}


@pytest.mark.parametrize("name", PLANS)
def test_no_line_is_wider_than_a_screen_and_every_figure_is_there(name: str) -> None:
    made = PLANS[name]()
    text = to_text(made)
    words = " ".join(text.split())
    assert all(len(line) <= WIDTH for line in text.splitlines())
    for session in made.sessions:
        assert f"{plain(session.dose_g)} g;" in words
        for step in session.steps:
            assert f"{plain(step.rate_ml_per_h)} mL/h; " in re.sub(r" +;", ";", words)
            assert f"{plain(step.cumulative_ml)} mL in all" in words
    for notice in made.notices:
        assert notice.code in words
    assert text.endswith(f"{CHECK_LINE}\n")


def test_the_sessions_and_steps_stand_below_each_other() -> None:
    """72 kg of 2 g/kg over 2 days: 72 g a day, 720 mL from 09:00 to 13:48; 0.6, 1.2 and 2.4 mL/kg/h."""
    lines = to_text(schedule()).splitlines()
    sessions = [line for line in lines if line.startswith("Course ")]
    assert sessions[0].startswith("Course 1 day 1; Tue 2026-12-01; 09:00 to 13:48; 72 g; 720 mL; 4 h 48 min;")
    assert [line[:16] for line in sessions] == [f"Course {c} day {d}; " for c in (1, 2) for d in (1, 2)]
    assert [line for line in lines if line.startswith("Step ")] == [
        "Step 1;  from 09:00; 43.2 mL/h;  30 min;    21.6 mL;  21.6 mL in all",
        "Step 2*; from 09:30; 86.4 mL/h;  30 min;    43.2 mL;  64.8 mL in all",
        "Step 3;  from 10:00; 172.8 mL/h; 227.5 min; 655.2 mL; 720 mL in all",
    ]


def test_it_prints_the_order_in_one_line() -> None:
    assert "Order: 2 g/kg/course d1-2 q4w x2\n" in to_text(schedule())


def test_hostile_names_stay_on_their_line() -> None:
    made = plan("dermatomyositis", "octagam-10-us", "72kg", name="a\u00a0b  c", patient_id="=1+1")
    assert "Patient: a b c, id =1+1\n" in to_text(made)
    assert made.course.dose_g == Decimal(144)
