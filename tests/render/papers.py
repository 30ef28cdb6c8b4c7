"""The plans that the faces are tested with, asked for in a user's words, and how a PDF is read back."""

from __future__ import annotations

import io
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

import helpers
import pytest
from icalendar import Calendar, Event
from msgspec.structs import replace
from pypdf import PdfReader

from ivigcalc.definitions import Loaded, Site
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import ClosedDay, closed_days
from ivigcalc.render.paper.page import Paper

CHECK = "Results must be checked by a qualified person before use."
DATA = Path(__file__).parent / "data"
TWELVE_RUNGS = str(DATA / "twelve-rungs.yaml")
HOUSE_COURSE = str(DATA / "house-course.yaml")
LONG_NAME = "Wilhelmina Featherstonehaugh-Cholmondeley van der Westhuizen"
VISIT = {"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"}
assert len(LONG_NAME) == 60
PAPERS: tuple[Paper, ...] = get_args(Paper)
#: which plan, on which paper
Case = tuple[str, str]
Printed = dict[Case, tuple[Plan, bytes]]


def clinic(**keys: Any) -> Loaded[Site]:
    """An infusion suite in New York that opens Monday to Saturday and closes on Christmas Eve."""
    settings: dict[str, Any] = {
        "open": {"mon-fri": "08:00-17:00", "sat": "08:00-12:00"},
        "holidays": {"country": "US", "subdivision": "NY"},
        "closed": ["2026-12-24"],
        "closed_days": "shift-later",
        "window": "3 days",
        "visit": VISIT,
        "time_zone": "America/New_York",
    }
    return helpers.a_site(**{**settings, **keys})


def dermatomyositis(**words: Any) -> Plan:
    """Two courses of two days: the main job."""
    said = {
        "name": "Margaret Okonkwo",
        "patient_id": "MRN 004-217",
        "age": "54y",
        "weighed_on": "2026-11-20",
        "start": "2026-12-01",
        "at": "09:00",
        "courses": "2",
        "site": clinic(),
    }
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{**said, **words})


@cache
def planned_once(at: str = "09:00", courses: int = 2) -> Plan:
    """The same, made once for all examples of a property."""
    return dermatomyositis(at=at, courses=str(courses))


def twelve_rungs(**words: Any) -> Plan:
    """The longest ladder, twenty bottles, the longest names, and a stop that was overridden."""
    said = {
        "name": LONG_NAME,
        "patient_id": "ID-" + "7" * 37,
        "age": "17y",
        "weighed_on": "2026-11-01",
        "risk": ["renal", "thrombosis"],
        "start": "2026-11-16",
        "at": "08:30",
        "dose": "50 g",
        "days": "1",
        "courses": "3",
        "valid_for": "1 month",
        "override": ["age-outside-regimen=Dr A. Example of the immunology clinic ordered it on 14 November 2026"],
        "site": clinic(),
    }
    return helpers.plan(HOUSE_COURSE, TWELVE_RUNGS, "54.3kg", **{**said, **words})


def undated() -> Plan:
    """One course without dates and times."""
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg")


def one_infusion() -> Plan:
    """The rates of one infusion."""
    return helpers.rates("bivigam-us", "primary-immunodeficiency", "70kg", "40g")


def overnight() -> Plan:
    """An infusion that ends on the next day."""
    return dermatomyositis(at="22:00", courses="1", site=clinic(open={}))


def without_rates() -> Plan:
    """A product of which no source prints a rate."""
    return helpers.plan(
        "dermatomyositis", "privigen-nz", "72kg", start="2026-12-01", at="09:00", days="2", site=clinic()
    )


def closed(plan: Plan) -> dict[date, ClosedDay]:
    """The closed days of its months, by its own site."""
    return closed_days(plan.computed_from.site.value, [session.on for session in plan.sessions if session.on])


ALL = (dermatomyositis, twelve_rungs, undated, one_infusion, overnight, without_rates)


def every() -> Any:
    """For every plan on every paper."""
    cases = [(make.__name__, paper) for make in ALL for paper in PAPERS]
    return pytest.mark.parametrize("case", cases, ids=["-".join(case) for case in cases])


def with_patient(plan: Plan, **text: Any) -> Plan:
    """The plan with other text for its patient, as a hostile caller of the library could hand it in."""
    source = plan.computed_from
    patient = replace(source.request.patient, **text)
    return replace(plan, computed_from=replace(source, request=replace(source.request, patient=patient)))


@cache
def read(pdf: bytes) -> tuple[str, ...]:
    """What `pages` says, read once for all tests of one document: reading takes longer than typesetting."""
    return tuple(re.sub(r"\s+", " ", page.extract_text()).strip() for page in PdfReader(io.BytesIO(pdf)).pages)


def pages(pdf: bytes) -> list[str]:
    """The text of each page, with single spaces."""
    return list(read(pdf))


def sheets(pdf: bytes) -> list[str]:
    """The text of the nurse's sheets."""
    return [text for text in pages(pdf) if text.startswith("Infusion record")]


def squeezed(text: str) -> str:
    """Without spaces: a line may break inside `g/kg`."""
    return text.replace(" ", "")


def events(ics: bytes) -> dict[str, Event]:
    """UID -> event."""
    found = list(Calendar.from_ical(ics).walk("VEVENT"))
    by_uid = {str(event["uid"]): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def states(ics: bytes) -> dict[str, tuple[int, str, str]]:
    """Course and day -> sequence, status, start."""
    return {
        uid.split("@")[0].partition("-")[2]: (
            int(event["sequence"]),
            str(event["status"]),
            f"{event['dtstart'].dt:%m-%dT%H:%M}",
        )
        for uid, event in events(ics).items()
    }
