"""Vials on the shelf of the clinic: what is there is used, shared by the sessions, and held against the whole plan."""

from decimal import Decimal
from fractions import Fraction

import helpers
import pytest

from ivigcalc.errors import RefusedError, RequestError


def test_the_sessions_of_a_course_share_the_shelf() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "3", "20 g": "5"}})
    got = helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site)
    assert [helpers.vials(s) for s in got.sessions] == [{Fraction(30): 1, Fraction(20): 2}] * 2


def test_a_size_that_is_not_on_the_shelf_is_not_used() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"10 g": "40", "2 g": "0"}})
    got = helpers.any_course("octagam-10-us", "72 kg", "2 g/kg", days="2", site=site)
    assert helpers.doses(got) == ["70", "70"]
    assert "rounded" in helpers.codes(got)
    assert helpers.vials(got.sessions[0]) == {Fraction(10): 7}


def test_a_shelf_that_is_short_is_a_refusal_with_its_day() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "3"}})
    with pytest.raises(RefusedError, match="for day 2") as caught:
        helpers.any_course("octagam-10-us", "60 kg", "2 g/kg", days="2", site=site)
    assert caught.value.code == "stock-short"


def test_another_product_of_the_shelf_does_not_matter() -> None:
    site = helpers.a_site(stock={"privigen-us": {"5 g": "1"}})
    assert helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site).sessions[0].leftover_g == 0


def test_a_size_that_does_not_exist_is_named() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"15 g": "4"}})
    with pytest.raises(RequestError, match="vials of 15 g, which do not exist"):
        helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site)


# ---- the whole plan --------------------------------------------------------------------------------------------------


CIDP = {"age": "40y", "start": "2026-12-01"}


def test_stock_is_held_against_the_whole_plan() -> None:
    """60 g from 4 x 10 g and 1 x 20 g: just one course. Three take 12 and 3 of them."""
    stock = helpers.a_site(stock={"octagam-10-us": {"10 g": "4", "20 g": "1"}})
    order = {"age": "54y", "start": "2026-12-01", "days": "2", "site": stock}
    assert not helpers.notices(helpers.plan("dermatomyositis", "octagam-10-us", "30kg", **order), "stock-short")
    [notice] = helpers.notices(
        helpers.plan("dermatomyositis", "octagam-10-us", "30kg", **order, courses="3"), "stock-short"
    )
    assert (notice.level, notice.value, notice.limit) == ("caution", "3 x 20 g, 12 x 10 g", "1 x 20 g, 4 x 10 g")
    assert "reaches to course 1" in notice.message
    assert "12 of 10 g needed, 4 held" in notice.message
    assert notice.sessions == ((2, 1), (2, 2), (3, 1), (3, 2))


def test_phases_do_not_use_the_same_vials_twice() -> None:
    """CIDP, 70 kg, Privigen: 140 g of loading and 70 g of maintenance are 21 vials of 10 g; 21 suffice, 20 do not."""
    order = {**CIDP, "courses": "2"}
    for held, short in (("21", 0), ("20", 1)):
        stock = helpers.a_site(stock={"privigen-us": {"10 g": held, "20 g": "0", "40 g": "0"}})
        made = helpers.plan("cidp", "privigen-us", "70kg", **order, site=stock)
        assert [(vial.size_g, vial.count) for vial in made.totals.vials] == [(Decimal(10), 21)]
        found = helpers.notices(made, "stock-short")
        assert len(found) == short
        assert all("21 of 10 g needed, 20 held" in notice.message for notice in found)


def test_later_courses_take_what_the_first_left() -> None:
    """40 g a course from 2 x 20 g and 4 x 10 g: the fewest vials first, then the others, and nothing is short."""
    stock = helpers.a_site(stock={"octagam-10-us": {"20 g": "2", "10 g": "4"}})
    made = helpers.plan(
        "dermatomyositis", "octagam-10-us", "20kg", age="54y", start="2026-12-01", days="2", courses="2", site=stock
    )
    assert [[(str(v.size_g), v.count) for v in session.vials] for session in made.sessions] == [
        [("20", 1)], [("20", 1)], [("10", 2)], [("10", 2)],
    ]  # fmt: skip
    assert not helpers.notices(made, "stock-short")


# ---- what the stock does to the dose ---------------------------------------------------------------------------------


def test_a_dose_that_the_stock_changes_is_told_with_the_other_one() -> None:
    """72 kg, 144 g in vials of 5 g and more: 70 + 70 g, within 1 g/kg a day. From 20 and 40 g the nearest is 80 + 60 g."""
    site = helpers.a_site(stock={"privigen-us": {"20 g": "50", "40 g": "50"}})
    made = helpers.plan("dermatomyositis", "privigen-us", "72kg", age="54y", site=site)
    assert helpers.doses(made) == ["80", "60"]
    said = helpers.notice(made, "stock-changed-dose")
    assert (said.level, said.value, said.limit) == ("caution", "140 g", "140 g")
    assert (
        "in 20 g, 40 g only: the course is 140 g (80 + 60 g); with every size it would be 140 g (70 + 70 g)"
        in said.message
    )


def test_another_total_is_told_as_well() -> None:
    """75 g in vials of 10 g are 70 g, a tie; with 5 g vials they are 75 g."""
    site = helpers.a_site(stock={"privigen-us": {"10 g": "50"}})
    said = helpers.notice(
        helpers.any_course("privigen-us", "75kg", "1 g/kg", days="1", site=site), "stock-changed-dose"
    )
    assert (said.value, said.limit) == ("70 g", "75 g")


def test_a_stock_that_changes_nothing_says_nothing() -> None:
    site = helpers.a_site(stock={"privigen-us": {"10 g": "50"}})
    made = helpers.any_course("privigen-us", "70kg", "1 g/kg", days="1", site=site)
    assert "stock-changed-dose" not in helpers.codes(made)


def test_a_short_stock_says_what_is_needed_and_held_by_size() -> None:
    """60 kg, 120 g on two days from vials of 30 g: four of them, and there are three."""
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "3"}})
    refused = helpers.refusal(helpers.any_course, "octagam-10-us", "60 kg", "2 g/kg", days="2", site=site)
    assert "4 of 30 g needed, 3 held" in str(refused)
