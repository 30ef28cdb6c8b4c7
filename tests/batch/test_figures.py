"""A batch says what `schedule` says: the same figures, whatever the format, the number of processes, or who asked before."""

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.api import Desk, plan_form
from ivigcalc.batch.rows.columns import Columns
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.work import Planner, Settings
from ivigcalc.batch.tables.answer import Asked, Planned, planned
from ivigcalc.batch.tables.first_day import asks_for_a_day
from ivigcalc.cli.main import main
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.engine.known import Known
from ivigcalc.errors import IvigcalcError
from ivigcalc.render.csv import SESSION_COLUMNS, STEP_COLUMNS, session_rows, step_rows, write_rows
from ivigcalc.request.form import Form

from .conftest import ORDER, Done, contents, csv_text, patients

Batch = Callable[..., Done]
#: regimen, product, days, every: labels of three countries, one phase and two, with and without `--at`
ORDERS = [
    ("dermatomyositis", "octagam-10-us", "2", ""),
    ("cidp", "privigen-us", "", "3 weeks"),
    ("cidp", "gammagard-liquid-us", "2", "3 weeks"),
    ("mmn:eu-label-short", "kiovig-eu", "", "4 weeks"),
    ("myasthenia-gravis", "gammaplex-10-us", "3", ""),
]
#: products of which no vials and no rates are published; nothing but the dose tells their sessions apart
BARE = ["nanogam-5-eu", "gamunex-ca", "igivnex-ca", "gamunex-ch", "gammagard-liquid-ca"]
ORDERS += [("dermatomyositis:us-label", product, "2", "") for product in BARE]


def mixed(count: int, seed: int = 11) -> str:
    """A file that varies everything that a row may say; some rows are refused."""
    choose = random.Random(seed)
    rows = []
    for number in range(count):
        regimen, product, days, every = choose.choice(ORDERS)
        start = date(2026, 12, 1) + timedelta(days=choose.randint(0, 400))
        weight = f"{choose.randint(400, 1200) / 10} kg" if choose.random() < 0.8 else f"{choose.randint(90, 260)} lb"
        height, sex = (
            (f"{choose.randint(150, 195)}", choose.choice(["male", "female"]))
            if choose.random() < 0.5 or regimen == "myasthenia-gravis"  # whose calculator asks for them
            else ("", "")
        )
        rows.append([
            f"P{number}", weight, height, sex, choose.choice(["", "renal", "renal;cardiac"]), regimen, product, days, every,
            choose.choice(["", "1", "6"]), start, choose.choice(["", "09:00", "22:15"]),
            choose.choice(["", "nz-nzbs", "us-priority-health"] if product not in BARE else ["nz-nzbs"]), choose.choice(["", "", "1970-02-28"]),
        ])  # fmt: skip
    columns = "patient_id weight height_cm sex risk regimen product days every courses start at policy birth_date"
    return csv_text(columns.split(), rows)


def schedule_json(row: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Any:
    """What `ivigcalc schedule --format json` says for a row, or None where it is refused."""
    options = []
    for column, cell in row.items():
        name = {"height_cm": "height", "patient_id": "patient-id", "birth_date": "birth-date"}.get(column, column)
        for value in [v for v in cell.split(";") if v]:
            options += [f"--{name}", f"{value}cm" if column == "height_cm" else value]
    code = main(["schedule", *options, "--format", "json"])
    out = capsys.readouterr().out
    return json.loads(out, parse_float=Decimal, parse_int=Decimal) if code == 0 else None


def text(value: Any) -> str:
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def test_a_random_sample_says_exactly_what_schedule_says(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    content = mixed(400)
    done = batch(content, order=())
    rows = list(csv.DictReader(io.StringIO(content)))
    sessions, steps, failed = done.table("sessions"), done.table("steps"), done.codes()
    compared = 0
    for row in random.Random(3).sample(rows, 70):
        plan = schedule_json(row, capsys)
        mine = [s for s in sessions if s["patient_id"] == row["patient_id"]]
        own = [s for s in steps if s["patient_id"] == row["patient_id"]]
        if plan is None:
            assert (mine, own) == ([], [])
            assert row["patient_id"] in failed
            continue
        expected = []
        for s in plan["sessions"]:
            vials = " + ".join(f"{v['count']} x {text(v['size_g'])} g" for v in s["vials"]) or "-"
            levels = [
                [n["code"] for n in plan["notices"] if n["level"] == level] for level in ("stop", "caution", "info")
            ]
            codes = "|".join(";".join(dict.fromkeys(level)) for level in levels)
            source, kg = plan["computed_from"], plan["dosing_weight"]["kg"]
            made_by = [
                source["regimen"]["id"],
                source["regimen"]["protocol"],
                source["product"]["id"],
                source["policy"]["id"],
            ]
            (per_kg,) = {phase["g_per_kg"] for phase in plan["phases"] if phase["phase"] == s["phase"]}
            figures = [s[name] for name in SESSION_COLUMNS[1:9]]
            rests_on = [text(plan["computed_from"]["regimen"][name]) for name in ("evidence", "patients", "reading")]
            expected.append(
                [
                    row["patient_id"],
                    *map(text, figures),
                    vials,
                    text(s["leftover_g"]),
                    codes,
                    s["phase"],
                    *made_by,
                    text(kg),
                    text(per_kg),
                    *rests_on,
                ]
            )
        assert [list(s.values()) for s in mine] == expected
        expected = [
            [row["patient_id"], text(s["course"]), text(s["day"]), s["date"], *(text(t[name]) for name in STEP_COLUMNS[4:])]
            for s in plan["sessions"] for t in s["steps"]
        ]  # fmt: skip
        assert [list(s.values()) for s in own] == expected
        compared += len(expected)
    assert compared > 400


def test_every_format_holds_the_same_figures(batch: Batch) -> None:
    import pyarrow.parquet as parquet

    content = mixed(120)
    plain = batch(content, order=(), folder="csv")
    lines = batch(content, "--format", "jsonl", order=(), folder="jsonl")
    columns = batch(content, "--format", "parquet", order=(), folder="parquet")
    assert plain.table("errors") == lines.table("errors") == columns.table("errors") != []
    for table in ("sessions", "steps"):
        expected = plain.table(table)
        with (lines.folder / f"{table}.jsonl").open(encoding="utf-8") as file:
            found = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in file]
        assert [{key: text(value) for key, value in row.items()} for row in found] == expected
        typed = parquet.read_table(columns.folder / f"{table}.parquet").to_pylist()
        shown = [{key: arrow_cell(value) for key, value in row.items()} for row in typed]
        assert shown == expected


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("product", BARE)
def test_days_of_other_doses_are_told_apart_without_vials_and_rates(batch: Batch, product: str, format: str) -> None:
    """63 kg: 126 g over three days, rounded to 5 g, are 45 g and twice 40 g, and not the first three times."""
    import pyarrow.parquet as parquet

    order = (
        "--regimen",
        "dermatomyositis:us-label",
        "--product",
        product,
        "--policy",
        "nz-nzbs",
        "--start",
        "2026-12-01",
    )
    rows = [[f"P{kg}-{days}", kg, days] for kg in range(45, 110, 4) for days in (2, 3, 5)] + [["P63", 63, 3]]
    content = csv_text(("patient_id", "weight_kg", "days"), rows)
    done = batch(content, "--format", format, order=order)
    path = done.folder / f"sessions.{format}"
    if format == "csv":
        found = [(s["patient_id"], s["dose_g"], s["volume_ml"]) for s in done.table("sessions")]
    elif format == "jsonl":
        lines = [
            json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in path.read_text("utf-8").splitlines()
        ]
        found = [(s["patient_id"], text(s["dose_g"]), text(s["volume_ml"])) for s in lines]
    else:
        typed = parquet.read_table(path).to_pylist()
        found = [(s["patient_id"], arrow_cell(s["dose_g"]), arrow_cell(s["volume_ml"])) for s in typed]
    expected = []
    for patient_id, kg, days in rows:
        words = dict(zip(("regimen", "product", "policy", "start"), order[1::2], strict=True))
        plan = plan_form(Form(weight=f"{kg}kg", days=str(days), **words), "schedule", on=None)  # type: ignore[arg-type]
        expected += [(patient_id, text(s.dose_g), text(s.volume_ml)) for s in plan.sessions]
    assert found == expected
    assert [dose for who, dose, _ in found if who == "P63"] == ["45", "40", "40"]


def arrow_cell(value: Any) -> str:
    """A typed value as the CSV file has it."""
    from datetime import datetime

    if isinstance(value, datetime):
        return value.isoformat("T", "minutes")
    if isinstance(value, Decimal):
        shown = format(value, "f")
        return shown.rstrip("0").rstrip(".") if "." in shown else shown
    return text(value)


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_the_number_of_processes_changes_no_byte(batch: Batch, format: str) -> None:
    content = mixed(700)
    alone = batch(content, "--format", format, order=(), folder="alone")
    shared = batch(content, "--format", format, "--jobs", "3", order=(), folder="shared")
    assert (alone.code, shared.code) == (5, 5)
    assert contents(alone.folder) == contents(shared.folder)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_every_input_format_gives_the_same_plans(batch: Batch, format: str) -> None:
    content = mixed(60)
    expected = batch(content, order=(), folder="csv")
    rows = list(csv.DictReader(io.StringIO(content)))
    if format == "jsonl":
        typed = [{k: (None if v == "" else v.split(";") if k == "risk" else v) for k, v in row.items()} for row in rows]
        data = "".join(json.dumps(row) + "\n" for row in typed).encode()
    else:
        data = as_parquet(rows)
    found = batch(data, order=(), folder=format, name=f"in.{format}")
    assert found.table("sessions") == expected.table("sessions")
    assert found.table("steps") == expected.table("steps")
    told = ("patient_id", "field", "code", "message")
    both = [[[e[name] for name in told] for e in done.table("errors")] for done in (found, expected)]
    assert both[0] == both[1]
    first = (
        2 if format == "csv" else 1
    )  # the rows of a table are counted from 1, those of a spreadsheet with its heading
    assert all(rows[int(e["row"]) - first]["patient_id"] == e["patient_id"] for e in found.table("errors"))


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    """The rows with the types that a data frame would give them: dates, whole numbers with gaps, floating point."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    columns: dict[str, Any] = {name: [row[name] or None for row in rows] for name in rows[0]}
    columns["start"] = pa.array([date.fromisoformat(v) for v in columns["start"]])
    columns["height_cm"] = pa.array([None if v is None else int(v) for v in columns["height_cm"]], pa.float64())
    columns["days"] = pa.array([None if v is None else int(v) for v in columns["days"]], pa.int64())
    columns["courses"] = pa.array([None if v is None else int(v) for v in columns["courses"]], pa.float64())
    columns["risk"] = pa.array([None if v is None else v.split(";") for v in columns["risk"]], pa.list_(pa.string()))
    columns["regimen"] = pa.array(columns["regimen"]).dictionary_encode()
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def test_numbers_of_json_keep_the_digits_that_were_typed(batch: Batch) -> None:
    """0.1 + 0.2 in binary is 0.30000000000000004; 72.30 typed is 72.30 read, and of a dose no digit is dropped."""
    done = batch(
        '{"patient_id": "a", "weight_kg": 72.30}\n{"patient_id": "b", "weight_kg": 72.3, "dose": "0.3000000000001 g/kg"}\n',
        name="in.jsonl",
    )
    assert (done.patients(), done.codes()) == (["a"], {"b": "bad-request"})


def test_the_lines_are_those_of_the_csv_face() -> None:
    """What is put into words once and filled in is what the plain writer writes for each plan on its own."""
    ids = ["P1", "=1+1", 'a,"b"', "Zoë", "x y", "\ue000\ue001", "100%s", "%(a)d"]
    rows = list(csv.reader(io.StringIO(mixed(160, seed=5))))
    columns, desk = Columns(rows[0], Form()), Desk()
    seen = 0
    for number, cells in enumerate(rows[1:]):
        form = columns.form(cells)
        form.patient_id = ids[number % len(ids)]
        try:
            worked = desk.work_out(form, "schedule")
        except IvigcalcError:
            continue
        mine, plan = planned(worked, Known(64)), worked.plan()
        for columns_of, rows_of, table in (
            (SESSION_COLUMNS, session_rows, "sessions"),
            (STEP_COLUMNS, step_rows, "steps"),
        ):
            lines = mine.lines(table).decode("utf-8")
            assert write_rows(columns_of, rows_of(plan)) == ",".join(columns_of) + "\n" + lines
        seen += 1
    assert seen > 80


def asked(form: Form, site: Loaded[Site] = NO_SITE_LOADED) -> tuple[Planned, Asked]:
    """What one row shows that is asked on its own, and what of it is remembered for others."""
    worked = Desk(site).work_out(form, "schedule")
    mine = planned(worked, Known(64))
    return mine, Asked(mine.answer, mine.told, mine.start, asks_for_a_day(worked.draft.case.request))


def questions() -> list[tuple[Form, Loaded[Site]]]:
    """Orders of every regimen and product group, with every fact that a date can enter through; many are refused."""
    choose = random.Random(23)
    regimens = [f"{r}:{p}" for r in library.shipped("regimen") for p in library.regimen(r)[0].value.protocols]
    open_all_week = Loaded(
        Site.model_validate({"kind": "site", "id": "open", "visit": {"arrival": "15 min"}}), "1", "open.yaml"
    )
    weekdays = {"kind": "site", "id": "weekdays", "open": {"mon-fri": "08:00-18:00"}, "closed_days": "shift-later"}
    sites = [open_all_week, Loaded(Site.model_validate(weekdays), "2", "weekdays.yaml")]
    found = []
    for regimen in regimens:
        for _ in range(10):
            form = Form(
                weight=f"{choose.randint(400, 1100) / 10}kg", patient_id="P", regimen=regimen, start="2027-03-01", at=choose.choice([None, "16:00"]),
                product=choose.choice(["octagam-10-us", "privigen-us", "gammagard-liquid-us", "qivigy-us", "kiovig-eu"]),
                days=choose.choice([None, None, None, "2", "5"]), every=choose.choice([None, None, None, "4 weeks", "1 month", "2 months", "10 weeks"]), courses=choose.choice(["2", "7"]),
                dose_basis=choose.choice([None, "course"]), dose=choose.choice([None, None, "1 g/kg"]), age=choose.choice([None, "40y"]),
                override=("days-outside-regimen=x",) if choose.random() < 0.3 else (),
            )  # fmt: skip
            name, value = choose.choice(
                [
                    ("birth_date", "1999-02-28"),
                    ("weighed_on", "2026-10-05"),
                    ("last_infusion", "2027-01-05"),
                    ("valid_for", "6 months"),
                    ("infusion", "first"),
                ]
            )
            if choose.random() < 0.3 and (name != "birth_date" or form.age is None):
                setattr(form, name, value)
            found.append((form, choose.choice(sites)))
    return found


def test_moving_an_answer_gives_what_the_engine_would_have_said() -> None:
    """An answer that says that it can be moved is, on any other day, the plan of that day: leap days, year ends and all."""
    choose = random.Random(4)
    moved = kept = 0
    for form, site in questions():
        try:
            first, known = asked(form, site)
        except IvigcalcError:
            continue
        for start in [
            date(2027, 3, 1) + timedelta(days=choose.randint(1, 1500)),
            date(2028, 2, 29),
            date(2027, 12, 31),
        ]:
            if not known.holds(start):
                kept += 1
                continue
            form.start = start.isoformat()
            mine = first._replace(start=start)
            fresh, _ = asked(form, site)
            for table in ("sessions", "steps", "notices"):
                assert mine.lines(table) == fresh.lines(table), form
                assert list(mine.records(table)) == list(fresh.records(table)), form
            moved += 1
    assert moved > 200
    assert kept > 100


@pytest.mark.parametrize(
    ("start", "is_the_same"),
    [
        ("2027-01-02", True),  # 2 January to 2 March is 59 days too
        ("2027-01-30", True),  # to 30 March: again 59
        ("2027-03-01", False),  # 1 March to 1 May is 61 days, 57 from the 5th
        ("2028-01-01", True),  # a leap year: 60 days, so exactly the 8 weeks, and not more
    ],
)
def test_months_of_other_lengths_are_another_answer(start: str, is_the_same: bool) -> None:
    """From 1 January, 5 days every 2 months: 5 January to 1 March is 55 days, within the 8 weeks after which the slow
    ladder starts again. From a start whose two months are longer it is 57 days, and it does start again."""
    form = Form(
        weight="72kg", patient_id="P", regimen="dermatomyositis", product="privigen-us", every="2 months", dose_basis="course",
        days="5", courses="2", start="2027-01-01", override=("interval-outside-regimen=test",),
    )  # fmt: skip
    _, known = asked(form)
    assert "restart-slow" not in known.answer.codes
    assert known.holds(date.fromisoformat(start)) == is_the_same
    form.start = start
    assert ("restart-slow" not in asked(form)[1].answer.codes) == is_the_same


def test_an_answer_is_not_moved_to_where_the_calendar_ends() -> None:
    form = Form(
        weight="72kg",
        patient_id="P",
        regimen="dermatomyositis",
        product="octagam-10-us",
        start="2027-03-01",
        courses="200",
    )
    _, known = asked(form)
    assert known.holds(date(2099, 1, 1))
    assert not known.holds(date(2190, 1, 1))  # 200 courses later is past the last year: the engine must say so


def test_what_was_answered_before_is_forgotten_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one answer only, every row is still its own."""
    from ivigcalc.batch.run import work

    content = mixed(80)
    rows = list(csv.reader(io.StringIO(content)))
    settings = Settings(tuple(rows[0]), Form())
    numbered = [Row(number, cells) for number, cells in enumerate(rows[1:] * 2, start=2)]
    expected = [lines(outcome) for _, _, outcome in Planner(settings).outcomes(numbered)]
    monkeypatch.setattr(work, "_REMEMBERED", 1)
    assert [lines(outcome) for _, _, outcome in Planner(settings).outcomes(numbered)] == expected


def lines(outcome: Any) -> Any:
    return outcome if isinstance(outcome, Failed) else outcome.lines("steps") + outcome.lines("sessions")


def test_a_remembered_answer_does_not_excuse_the_next_row(batch: Batch) -> None:
    """The second row asks what the first asked: its own id and its own start are checked all the same."""
    done = batch(
        "patient_id,weight_kg,start,name\na,72,,\n"
        + "b" * 300
        + ",72,,\nc,72,soon,\nd,72,1850-01-01,\ne,72,,\u202ex\nf,72,,\n"
    )
    assert done.patients() == ["a", "f"]
    assert [error["field"] for error in done.table("errors")] == ["patient_id", "start", "start", "name"]


def test_a_batch_of_one_is_the_schedule(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    done = batch("patient_id,weight_kg\nP1,72\n")
    assert main(["schedule", *ORDER, "--weight", "72kg", "--patient-id", "P1", "--format", "csv"]) == 0
    assert (done.folder / "sessions.csv").read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_big_file_is_made_of_small_plans(batch: Batch) -> None:
    """Doses and volumes of every session add up from its own steps, in a file of several partitions."""
    done = batch(patients(600))
    volume: dict[tuple[str, str, str], Decimal] = {}
    for step in done.table("steps"):
        key = (step["patient_id"], step["course"], step["day"])
        volume[key] = volume.get(key, Decimal(0)) + Decimal(step["volume_ml"])
    sessions = done.table("sessions")
    assert len(sessions) == 1200
    for session in sessions:
        assert volume[session["patient_id"], session["course"], session["day"]] == Decimal(session["volume_ml"])
        assert Decimal(session["dose_g"]) * 10 == Decimal(session["volume_ml"])  # 100 mg/mL
