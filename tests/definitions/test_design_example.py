"""The regimen printed in the design loads as it stands, and gives the same dose as the shipped one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ivigcalc import Form, plan_form

EXAMPLE = Path(__file__).parent / "dermatomyositis.yaml"


def test_the_example_of_the_design_loads_and_plans() -> None:
    form = {"weight": "72kg", "age": "54y", "product": "octagam-10-us"}
    own = plan_form(Form(regimen=str(EXAMPLE), **form), "dose", on=date(2026, 11, 22))
    shipped = plan_form(Form(regimen="dermatomyositis", **form), "dose", on=date(2026, 11, 22))
    assert [session.dose_g for session in own.sessions] == [72, 72]
    assert own.sessions == shipped.sessions
