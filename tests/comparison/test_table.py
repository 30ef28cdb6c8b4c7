"""The table of a comparison: 80 columns in a pipe and on a terminal, every figure of the JSON, no id in two pieces."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from typing import Any

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.comparison.axes import read_orders
from ivigcalc.comparison.compare import Comparison, compare
from ivigcalc.definitions import NO_SITE_LOADED
from ivigcalc.render.comparison import sorted_by, to_json
from ivigcalc.render.comparison_table import to_table
from ivigcalc.request.form import Form

PRICED = helpers.a_site(
    price_per_gram={
        "octagam-10-us": {"amount": "98.50", "currency": "USD"},
        "privigen-us": {"amount": "101", "currency": "USD"},
    },
    chair_hour={"amount": "120", "currency": "USD"},
    visit={"arrival": "15 min", "observation": "30 min"},
)
MAN = {"regimen": "dermatomyositis", "age": "54y", "height": "175cm", "sex": "M"}
ONE = {**MAN, "weight": "72kg", "product": "octagam-10-us"}
#: what varies, the order, and what stands in its place
ORDERS: dict[str, tuple[dict[str, list[str]], dict[str, Any], Any]] = {
    "products": ({"product": ["all"]}, {**MAN, "weight": "72kg"}, NO_SITE_LOADED),
    "policies": ({"policy": ["all"]}, {**ONE, "weight": "104.3kg"}, NO_SITE_LOADED),
    "days": ({"days": ["2..5"]}, ONE, NO_SITE_LOADED),
    "priced": ({"days": ["2..5"]}, ONE, PRICED),
    "weights": ({"weight": ["72kg", "158lb", "104.35kg"]}, {**MAN, "product": "octagam-10-us"}, PRICED),
    "doses": ({"dose": ["1 g/kg/course", "1.5 g/kg/course", "2 g/kg/course"]}, ONE, NO_SITE_LOADED),
    "intervals": (
        {"every": ["3 weeks", "2 weeks", "5 weeks"]},
        {
            **ONE,
            "days": "2",
            "start": "2026-12-01",
            "dose_basis": "course",
            "override": ("interval-outside-regimen=compared",),
        },
        NO_SITE_LOADED,
    ),
    "policies-and-products": (
        {
            "policy": ["us-chi-franciscan-multicalc", "uk-nhs-request-form-ddw", "us-seton"],
            "product": ["gammagard-liquid-erc-us", "privigen-us", "octagam-10-us"],
        },
        {**MAN, "weight": "72kg"},
        PRICED,
    ),
    "days-and-policies": ({"policy": ["all"], "days": ["2..3"]}, ONE, NO_SITE_LOADED),
    "days-and-weights": ({"days": ["2..5"], "weight": ["72kg", "158lb"]}, {**MAN, "product": "octagam-10-us"}, PRICED),
    "phases": (
        {"weight": ["60kg", "70kg"]},
        {"regimen": "cidp:us-label-privigen", "product": "privigen-us", "age": "40y"},
        NO_SITE_LOADED,
    ),
    "all-alike": ({"policy": ["actual-weight", "us-group-health"]}, ONE, NO_SITE_LOADED),
    "one-planned": ({"days": ["1..2"]}, ONE, NO_SITE_LOADED),
}
#: what the table shows once, of all orders, in its last lines
BELOW = ("currency",)


def made(name: str) -> Comparison:
    said, words, site = ORDERS[name]
    return compare(Form(**words), read_orders(said), on=None, site=site)


@pytest.fixture(scope="module", params=ORDERS)
def compared(request: pytest.FixtureRequest) -> Comparison:
    return made(request.param)


def as_shown(key: str, cell: Any) -> list[str]:
    """A cell of the JSON, whose numbers are read as they are written there, as the table writes it."""
    if cell is None:
        return []
    if key == "vials":
        return [f"{vial['count']}x{vial['size_g']}" for vial in cell]
    if key in ("infusion_min", "visit_min"):
        return [f"{int(cell) // 60}:{int(cell) % 60:02}"]
    if key == "deviation_percent":
        return [f"+{cell}" if cell != "0" and not cell.startswith("-") else cell]
    return str(cell).split()


def shown_of(order: int, names: list[str], text: str) -> set[str]:
    """The words of every line that is of this order, by its name or number, and of what is said of all of them."""
    lines = [line.split() for line in text.split("A year is")[0].splitlines()]
    number = [str(order + 1), *names]
    keys = [number[:1]] if any(line[: len(number)] == number for line in lines) else [names]
    once, found = text.partition("The same for all")[2].partition("\n\n")[0], set(names)
    for line in lines:
        if any(line[: len(key)] == key for key in keys):
            found.update(line)
    return found | set(once.split())


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [None, 80])
def test_it_is_no_wider_than_eighty_columns(compared: Comparison, width: int | None, ascii_only: bool) -> None:
    text = to_table(compared, compared.rows, width=width, ascii_only=ascii_only)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert text.isascii() or not ascii_only


def test_every_cell_of_the_json_stands_in_the_lines_of_its_order(compared: Comparison) -> None:
    text = to_table(compared, compared.rows, width=80)
    document = json.loads(to_json(compared, compared.rows), parse_float=str, parse_int=str)
    for order, row in enumerate(document["rows"]):
        names = [word for key, cell in row.items() if key.startswith("asked_") for word in cell.split()]
        shown = shown_of(order, names, text)
        for key, cell in row.items():
            if key == "notices":
                assert all(f"{code}: " in text for code in cell)
            elif key in BELOW:
                assert cell is None or f"Cost in {cell}" in text
            else:
                assert set(as_shown(key, cell)) <= shown, (names, key, cell)
    for refused in document["not_planned"]:
        assert f"Not planned ({refused['code']}): " in text


def test_no_id_is_in_two_pieces(compared: Comparison) -> None:
    words = set(to_table(compared, compared.rows, width=80).replace(";", " ").replace(",", " ").split())
    for order in (*compared.rows, *compared.not_planned):
        assert {part for word in order.words for part in word.split()} <= words


def test_a_row_is_in_one_line_and_what_is_the_same_is_said_once() -> None:
    """144 g in 2 days of 72 g, in 5 of 29, 29, 29, 29 and 28: the dose is one, what is given on a day is not."""
    compared = made("days")
    text = to_table(compared, compared.rows, width=80)
    assert [line.split()[:3] for line in text.splitlines() if line[:2].strip().isdecimal() and line[1:2] == " "] == [
        ["2", "72", "720"],
        ["3", "48", "480"],
        ["4", "36", "360"],
        ["5", "29", "290"],
    ]
    assert [line.split() for line in text.splitlines() if line.startswith("Dose g")] == [["Dose", "g", "144"]]


def test_parts_of_one_table_begin_with_the_order_and_are_in_one_order() -> None:
    compared = made("products")
    text = to_table(compared, sorted_by(compared, "infusion_min"), sort="infusion_min", width=80)
    assert "\nSorted by Infusion h:min, least first.\n" in text
    first, second = ([line.split() for line in part.splitlines()] for part in text.split("\nProduct ")[1:])
    known = {row.words[0] for row in compared.rows}
    orders = [[line[0] for line in part if line and line[0] in known][: len(known)] for part in (first, second)]
    assert orders[0] == orders[1]
    assert set(orders[0]) == known
    minutes = [line[1].split(":") for line in first if line and line[0] in known and ":" in line[1]]
    assert minutes == sorted(minutes, key=lambda time: (int(time[0]), time[1]))
    assert len(minutes) > 20


def test_a_wide_screen_has_one_table() -> None:
    compared = made("products")
    text = to_table(compared, compared.rows, width=140)
    assert text.count("\nProduct ") == 1
    assert max(map(len, text.splitlines())) <= 140


def test_long_names_have_numbers() -> None:
    text = to_table(compared := made("policies-and-products"), compared.rows, width=80)
    assert text.count("\nNo.  Product ") == 1
    assert text.count("  us-chi-franciscan-multicalc\n") == 3
    assert "\nNo.  " in text.partition("\nNo.  Product ")[2]


def test_two_files_of_one_folder_are_told_apart() -> None:
    """Their names were cut at 60 letters, which is within the name of the folder."""
    compared = made("all-alike")
    folder = "/srv/pharmacy/definitions/of-the-university-hospital/kept-here/policies"
    rows = tuple(replace(row, words=(f"{folder}/{name}.yaml",)) for name, row in zip("ab", compared.rows, strict=True))
    text = to_table(compared, rows, width=80)
    assert "policies/a.yaml" in text.replace("\n", "")
    assert max(map(len, text.splitlines())) <= 80


ASKED = [
    "compare",
    "-r",
    "dermatomyositis",
    "--weight",
    "72kg",
    "--age",
    "54y",
    "--product",
    "all",
    "--no-color",
    "--quiet",
]


@pytest.mark.parametrize("environment", [{}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
def test_a_terminal_of_eighty_columns_shows_what_a_pipe_does(environment: dict[str, str]) -> None:
    command, environment = [sys.executable, "-m", "ivigcalc", *ASKED], {**os.environ, **environment}
    piped = subprocess.run(command, capture_output=True, env=environment, check=True).stdout
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown = b""
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        with suppress(OSError):  # a terminal that is closed ends so
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    assert shown.replace(b"\r\n", b"\n") == piped
    assert max(len(line) for line in piped.decode("utf-8").splitlines()) <= 80
    assert piped.isascii() == ("LC_ALL" in environment)
