"""How a partition is divided among workers and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import Form
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.shares import Share, do_share, put_together, share_out
from ivigcalc.batch.run.work import Planner, Settings, do_partition
from ivigcalc.batch.tables.encode import Kind

COLUMNS = ("patient_id", "weight_kg", "start")
ORDER = Form(regimen="dermatomyositis", product="octagam-10-us", courses="2", days="2", at="09:00")


def settings(kind: Kind = "csv", *each: str) -> Settings:
    return Settings(COLUMNS, ORDER, kind=kind, each=each)


def rows(weights: list[str]) -> list[Row]:
    return [
        Row(number, (f"P{number}", weight, f"2026-12-{1 + number % 28:02}")) for number, weight in enumerate(weights, 2)
    ]


WEIGHTS = st.lists(st.sampled_from(["60", "72", "72.5", "80", "1", "", "seventy"]), min_size=1, max_size=40)


@given(WEIGHTS, st.integers(1, 5))
def test_every_row_is_in_one_share_and_equal_questions_in_the_same(weights: list[str], workers: int) -> None:
    asked = rows(weights)
    shares = share_out(settings(), asked, workers)
    assert sorted(place for share in shares for place in share.places) == list(range(len(asked)))
    assert all(share.rows == [asked[place] for place in share.places] for share in shares)
    who = [(weights[place], share.worker) for share in shares for place in share.places]
    assert len(set(who)) == len(set(weights)), "one worker for each weight"


@pytest.mark.parametrize(("kind", "each"), [("csv", ()), ("jsonl", ()), ("parquet", ()), ("csv", ("ics",))])
def test_shares_put_together_are_the_partition(kind: Kind, each: tuple[str, ...]) -> None:
    unread = Row(7, Failed("unreadable-row", "", "a quote is open"), "P7")
    asked = [*rows(["60", "seventy", "72", "60", "0.2"]), unread, *rows(["72", "80"])]
    about = settings(kind, *each)
    planner = Planner(about)
    shares = share_out(about, asked, 3)
    found = put_together(shares, [do_share(planner, share) for share in shares])
    whole = do_partition(Planner(about), asked)
    assert (found.tables, found.each) == (whole.tables, whole.each)
    assert (found.planned, found.errors, found.first_errors) == (whole.planned, whole.errors, whole.first_errors)
    assert found.planned == 5
    assert found.errors.total() == 3


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_come_back_in_their_order_whoever_did_them(kind: Kind) -> None:
    asked = rows(["60", "72", "seventy", "80", "60", "1", "72"])
    places = ([1, 4, 5], [0, 2, 6], [3])
    shares = [Share(worker, own, [asked[place] for place in own]) for worker, own in enumerate(places)]
    found = put_together(shares, [do_share(Planner(settings(kind)), share) for share in shares])
    assert found.tables == do_partition(Planner(settings(kind)), asked).tables


def test_rows_of_another_length_are_divided_too() -> None:
    asked = [*rows(["60"]), Row(3, ("P3", "72", "2026-12-01", "", "")), Row(4, ("P4",))]
    shares = share_out(settings(), asked, 2)
    found = put_together(shares, [do_share(Planner(settings()), share) for share in shares])
    assert (found.planned, dict(found.errors)) == (2, {"wrong-cells": 1})
    assert found.tables == do_partition(Planner(settings()), asked).tables
