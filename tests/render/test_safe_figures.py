"""Figures as the Institute for Safe Medication Practices asks for them: no naked point, no trailing zero, a blank before
the unit, and no abbreviation of its list of error-prone ones."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.table import to_table
from ivigcalc.render.text_block import to_text
from ivigcalc.render.web.html import to_html

_UNIT = r"(?:g/kg|mg/kg|mL/kg/h|mL/kg/min|mg/kg/min|mL/h|mg/mL|mL|mg|kg|g|h|min|cm)\b"
#: what is wrong -> how it looks
WRONG = {
    "a point without a figure before it": re.compile(rf"(?<![\w.])\.\d+ ?{_UNIT}"),
    "a zero at the end": re.compile(rf"(?<![\w.:])\d+\.\d*0 ?{_UNIT}"),
    "no blank before the unit": re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?:mL|mg|kg|g)(?![\w/-])"),
    "an abbreviation that is misread": re.compile(r"(?<![\w-])(?:\d+ ?(?:µg|IU|U|cc)|QD|QOD|BID|TIW)(?![\w-])"),
}
FACES: dict[str, Callable[[Plan], str]] = {
    "table": to_table,
    "text": to_text,
    "markdown": lambda plan: to_markdown(plan).replace("\\", ""),
    "html": lambda plan: html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", to_html(plan, "a4"), flags=re.S)),
}
#: weights and doses that come out with decimals, in small and in large
PLANS: dict[str, Callable[[], Plan]] = {
    "adult": lambda: helpers.plan(
        "dermatomyositis", "octagam-10-us", "102.4kg", age="60y", start="2026-12-01", at="09:00", courses="3"
    ),
    "newborn": lambda: helpers.plan("hdfn", "gammagard-liquid-us", "3.2kg", age="0mo", dose="500 mg/kg"),
    "half a kilogram more": lambda: helpers.plan(
        "cidp:us-label-privigen", "privigen-us", "70.50kg", age="40y", start="2026-12-01", at="09:00"
    ),
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("face", FACES)
def test_no_figure_is_written_so_that_it_is_misread(face: str, plan: str) -> None:
    text = FACES[face](PLANS[plan]())
    said = "\n".join(line for line in text.splitlines() if not re.match(r"\W*\[\d+\]", line))  # sources are cited
    assert {what: pattern.findall(said) for what, pattern in WRONG.items() if pattern.search(said)} == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("give .5 g now", "a point without a figure before it"),
        ("give 5.0 g now", "a zero at the end"),
        ("give 0.50 mL/h now", "a zero at the end"),
        ("give 5mL now", "no blank before the unit"),
        ("give 5 U now", "an abbreviation that is misread"),
    ],
)
def test_what_is_misread_is_found(text: str, what: str) -> None:
    assert [name for name, pattern in WRONG.items() if pattern.search(text)] == [what]
