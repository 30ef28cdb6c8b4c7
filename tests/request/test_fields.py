"""One row for each thing that can be asked: options, help, columns, reading, writing and printed inputs are its."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from msgspec.structs import fields

from ivigcalc.cli.app import build
from ivigcalc.request.fields import FIELD, FIELDS
from ivigcalc.request.form import Command, Form
from ivigcalc.request.request import Order, Patient

ROOT = Path(__file__).parent.parent.parent

#: what a command is not asked: the interface of each
NOT_ASKED = {
    "dose": {"start", "at", "every", "dose_basis", "courses", "valid_for"},
    "schedule": set(),
    "rates": {"regimen", "order", "phase", "days", "every", "dose_basis", "courses", "valid_for"},
}


def test_the_rows_are_the_fields_of_a_form_in_its_order() -> None:
    assert [(field.name, field.unsaid) for field in FIELDS] == [(field.name, field.default) for field in fields(Form)]


@pytest.mark.parametrize(("record", "of"), [(Patient, "patient"), (Order, "order")])
def test_every_field_of_patient_and_order_has_its_row(record: Any, of: str) -> None:
    assert set(record.__struct_fields__) == {field.key for field in FIELDS if field.of == of}


def test_every_row_says_what_it_is() -> None:
    for field in FIELDS:
        assert field.help[-1] in ".?", field.name
        assert bool(field.metavar) != (field.holds == "yes"), field.name
    short = [field.short for field in FIELDS if field.short]
    assert sorted(short) == ["-p", "-r"]


@pytest.mark.parametrize("command", get_args(Command))
def test_a_command_is_asked_what_it_can_answer(command: Command) -> None:
    assert {field.name for field in FIELDS if command not in field.commands} == NOT_ASKED[command]
    options = options_of(command)
    assert set(FIELD) - NOT_ASKED[command] <= set(options)
    assert not NOT_ASKED[command] & set(options)


@pytest.mark.parametrize(("command", "asks"), [("calendar", set()), ("batch", {"name", "patient_id"})])
def test_the_commands_of_many_sessions_are_asked_what_a_schedule_is(command: str, asks: set[str]) -> None:
    """A row of a batch says itself whose it is."""
    assert set(FIELD) - set(options_of(command)) == NOT_ASKED["schedule"] | asks


def options_of(command: str) -> dict[str, Any]:
    root: Any = typer.main.get_command(build(command))
    return {option.name: option for option in root.commands[command].params}


def test_an_option_is_named_described_and_placed_by_its_row() -> None:
    for name, option in options_of("schedule").items():
        if name in FIELD:
            field = FIELD[name]
            assert option.opts == [field.option, field.short] if field.short else [field.option]
            assert (option.help, option.metavar or "") == (field.help, field.metavar)
            assert option.rich_help_panel == ("Patient" if field.of == "patient" else "Order")
            assert (option.multiple, option.is_flag) == (field.holds == "many", field.holds == "yes")


# ---- a row is enough -------------------------------------------------------------------------------------------------

#: a thing that nobody asks today, as it would be added: to the form, to its record, and as a row
NEW = {
    "form.py": ("    weight: str | None = None\n", "    washout: str | None = None\n"),
    "request.py": ("    every: Quantity | None = None\n", "    washout: Quantity | None = None\n"),
    "fields.py": (
        "FIELDS: tuple[Field, ...] = (\n",
        '    Field("washout", "order", "Time off it.", "TIME", words.interval, columns=(("washout_w", "w"),)),\n',
    ),
}
USE = """
import contextlib, io, json, sys
from datetime import date
from pathlib import Path
from ivigcalc import Form, plan_form
from ivigcalc.batch.rows.columns import Columns
from ivigcalc.cli.main import main
from ivigcalc.render.paper.asked import inputs

def said(*arguments):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main([*arguments])
    return [code, out.buffer.getvalue().decode()]

ASKED = ["schedule", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--start", "2026-12-01"]
form = Form(weight="72kg", regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01", washout="3 weeks")
plan = plan_form(form, "schedule", on=date(2026, 11, 28))
print(json.dumps({
    "help": said("schedule", "--help"),
    "plan": said(*ASKED, "--washout", "3w", "-f", "json", "-o", "plan.json", "--quiet"),
    "saved": json.loads(Path("plan.json").read_text(encoding="utf-8"))["computed_from"]["request"]["washout"],
    "verified": said("verify", "plan.json"),
    "wrong": said(*ASKED, "--washout", "biweekly"),
    "read": str(plan.computed_from.request.order.washout),
    "cell": Columns(("patient_id", "washout"), Form()).form(["P1", "3 weeks"]).washout,
    "number": Columns(("patient_id", "washout_w"), Form()).form(["P1", "3"]).washout,
    "printed": [line for line in inputs(plan) if line.startswith("Order: ")],
    "schema": "washout" in said("schema", "plan")[1],
}))
"""


@pytest.fixture(scope="module")
def with_a_new_row(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the program does in a copy in which something new can be asked."""
    import json

    tree = tmp_path_factory.mktemp("new-row")
    shutil.copytree(ROOT / "ivigcalc", tree / "ivigcalc", ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "regimens").symlink_to(ROOT / "regimens")
    for name, (before, line) in NEW.items():
        path = tree / "ivigcalc" / "request" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        place = text.index(before) + (len(before) if name == "fields.py" else 0)
        path.write_text(text[:place] + line + text[place:], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "XDG_CONFIG_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", USE], cwd=tree, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_new_row_is_an_option_with_its_help(with_a_new_row: dict[str, Any]) -> None:
    code, text = with_a_new_row["help"]
    assert code == 0
    assert ["--washout", "TIME", "Time", "off", "it."] in [line.strip("│ ").split() for line in text.splitlines()]


def test_a_new_row_is_read_and_what_it_cannot_read_is_refused_by_its_name(with_a_new_row: dict[str, Any]) -> None:
    assert with_a_new_row["read"] == "3 weeks"
    code, text = with_a_new_row["wrong"]
    assert (code, text.split(":")[:2]) == (2, ["error", " --washout"])


def test_a_new_row_is_written_to_a_saved_plan_and_read_back_from_it(with_a_new_row: dict[str, Any]) -> None:
    assert with_a_new_row["plan"] == [0, ""]
    assert with_a_new_row["saved"] == "3 weeks"
    assert with_a_new_row["verified"][0] == 0, with_a_new_row["verified"]
    assert with_a_new_row["schema"]


def test_a_new_row_is_a_column_of_a_batch(with_a_new_row: dict[str, Any]) -> None:
    assert (with_a_new_row["cell"], with_a_new_row["number"]) == ("3 weeks", "3w")


def test_a_new_row_is_printed_among_the_inputs(with_a_new_row: dict[str, Any]) -> None:
    assert with_a_new_row["printed"] == ["Order: washout 3 weeks; start 2026-12-01"]
