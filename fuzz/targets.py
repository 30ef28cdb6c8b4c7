"""What is fuzzed: each target takes bytes and raises if the program does anything but answer or refuse in words."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import Any

from choices import Choices, WrongError
from keys import own_files

from ivigcalc import library
from ivigcalc.batch.rows.source import Source
from ivigcalc.batch.run.work import Planner, Settings
from ivigcalc.cli.main import main
from ivigcalc.clock import clock_minutes, iso_date
from ivigcalc.definitions.condition import parse_condition
from ivigcalc.document.read import saved_plan
from ivigcalc.document.verify import verify
from ivigcalc.errors import DefinitionError, IvigcalcError, RequestError
from ivigcalc.fhir.bundle import record_of
from ivigcalc.fhir.form import with_record
from ivigcalc.library.reader import load_bytes
from ivigcalc.quantity import UNITS, number, parse_height, parse_weight, plain, quantity
from ivigcalc.request import words as spoken_words
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form

ON = date(2026, 11, 22)
DIMENSIONS = sorted({dimension for dimension, _ in UNITS.values()})


# ---- words ------------------------------------------------------------------------------------------------------------


def words(data: bytes) -> None:
    """The readers of numbers, quantities, dates, times and conditions: a value, or a ValueError in words."""
    choices = Choices(data)
    dimension = choices.pick(DIMENSIONS)
    text = choices.rest().decode("utf-8", "replace")
    for read in (
        number,
        parse_weight,
        parse_height,
        iso_date,
        clock_minutes,
        parse_condition,
        lambda t: quantity(t, dimension),
    ):
        try:
            found = read(text)
        except ValueError as error:
            _said_in_words(read, error)
            continue
        _reads_back(read, found)
    for field in (
        "weight",
        "height",
        "age",
        "dose",
        "every",
        "days",
        "courses",
        "start",
        "at",
        "valid_for",
        "name",
        "override",
    ):
        form = Form(weight="72kg")
        setattr(form, field, (text,) if field == "override" else text)
        with contextlib.suppress(RequestError):
            read_form(form, "schedule", on=ON)


def _said_in_words(read: Callable[[str], Any], error: ValueError) -> None:
    """A refusal says something, and no more than can be read."""
    if not str(error) or len(str(error)) > 600:
        raise WrongError(f"{read}: {error!r}") from error


def _reads_back(read: Callable[[str], Any], found: Any) -> None:
    again = (
        read(plain(found)) if read is number else read(str(found)) if read in (parse_weight, parse_height) else found
    )
    if again != found:
        raise WrongError(f"{found!r} is not read back as itself")


# ---- people's ways of writing -----------------------------------------------------------------------------------------

_SAID = ("kg", "KG", "g", "lb", "LBS", "pounds", "st", "stone", "oz", "cm", "m", "M", "ft", "feet", "'", "’", "in", "\"", "''",
         "y", "mo", "w", "d", "yrs", "G/KG", "g / kg", "/day", "week", "month", "fortnight", "")  # fmt: skip
_FIGURES = ("0", "1", "4", "5", "9", "11", "12", "13", "14", "15", "16", "72", "99", "100", "04", "5.5", "71.66666666666667",
            "0.00000000000001", "1,5", "1/2", "")  # fmt: skip
_BEFORE = ("", "", "", "q", "every ", "Every other ", "q ", "monthly", "bi", " ")
#: a unit and the exact size of one, in kg, cm or months, or in days: by their definitions, and not by the program
_ONE = {"kg": "1", "g": "0.001", "lb": "0.45359237", "st": "6.35029318", "oz": "0.028349523125", "cm": "1", "m": "100", "in": "2.54",
        "ft": "30.48", "month": "1", "year": "12", "day": "1", "week": "7"}  # fmt: skip


def ways_of_writing(data: bytes) -> None:
    """Figures and units in any order: read as what they are, read again as the same, or refused in words."""
    choices = Choices(data)
    text = choices.pick(_BEFORE)
    for _ in range(1 + choices.byte() % 3):
        text += choices.pick(_FIGURES) + choices.pick(("", " ")) + choices.pick(_SAID) + choices.pick(("", " "))
    for read, exact in _EXACT.items():
        try:
            found = read(text)
        except ValueError as error:
            _said_in_words(read, error)
            continue
        if read(str(found)) != found:
            raise WrongError(f"{text!r} is {found!r}, which is not read back as itself")
        if exact is not None and abs(exact(found) - Fraction(found.value) * Fraction(_ONE[found.unit])) > Fraction(
            1, 20
        ):
            raise WrongError(f"{text!r} is {found!r}")


_EXACT: dict[Callable[[str], Any], Callable[[Any], Fraction] | None] = {
    parse_weight: attrgetter("body_kg"),
    parse_height: attrgetter("body_cm"),
    spoken_words.age: attrgetter("base"),
    spoken_words.interval: attrgetter("base"),
    spoken_words.span: attrgetter("base"),
    spoken_words.dose: None,
}


# ---- files ------------------------------------------------------------------------------------------------------------


def yaml_file(data: bytes) -> None:
    """The reader of definition files: a definition, or every problem with its place."""
    try:
        load_bytes(data, "fuzz.yaml")
    except DefinitionError as error:
        text = str(error)
        if not text or not all(line.startswith("fuzz.yaml") for line in text.split("\n")) or len(text) > 100_000:
            raise WrongError(text[:2000]) from error


def saved_file(data: bytes) -> None:
    """The reader of saved plans: what it lets through is computed again and compared."""
    try:
        list(verify(saved_plan(data, "fuzz.json")).lines())
    except IvigcalcError as error:
        if not str(error):
            raise WrongError("no words") from error


def record_file(data: bytes) -> None:
    """The reader of patient records: what is taken of a weight is a weight, and nothing obeys a terminal."""
    try:
        found = with_record(Form(), record_of(data, "fuzz.json"), library.safety().value, ON)
    except IvigcalcError as error:
        if not str(error) or not str(error).isprintable():
            raise WrongError(f"no words, or others than words: {error!r}") from error
        return
    if not all(line.isprintable() for line in found.said):
        raise WrongError(f"said: {found.said}")
    if found.form.weight is not None and (parse_weight(found.form.weight).body_kg <= 0 or not found.form.weighed_on):
        raise WrongError(f"taken: {found.form}")


def csv_file(data: bytes) -> None:
    """The reader of rows: every row is planned, or refused in words with its number; none is a bug, none is lost."""
    choices = Choices(data)
    kind = choices.pick(("csv", "jsonl"))
    path = Path(f"rows.{kind}")
    path.write_bytes(choices.rest())
    source = None
    try:
        source = Source(path, kind)
        rows = list(source.rows())
        outcomes = list(Planner(Settings(source.columns, _DEFAULTS, on=ON)).outcomes(rows))
    except RequestError as error:
        if not str(error):
            raise WrongError("no words") from error
        return
    finally:
        if source is not None:
            source.close()
    if [number for number, _, _ in outcomes] != [row.number for row in rows]:
        raise WrongError("a row was lost or moved")
    for _, _, outcome in outcomes:
        if getattr(outcome, "code", "") == "bug":
            raise WrongError(str(outcome))


_DEFAULTS = Form(regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01")


# ---- the whole command line -------------------------------------------------------------------------------------------

_NUMBERS = (
    "72",
    "0",
    "1",
    "2",
    "70.16",
    "71.66666666666667",
    "11st4",
    "9lb15",
    "5ft9",
    "5'9",
    "0.3",
    "350",
    "999999999",
    "0.000000001",
    "7e1",
    "-1",
    "nan",
    "1,5",
    "1/3",
    "",
    "00",
    "154",
    "3500",
)
_UNITS = (
    "kg",
    "lb",
    "st",
    "g",
    "g/kg",
    "mg/kg",
    "cm",
    "m",
    "in",
    "y",
    "mo",
    " weeks",
    " days",
    " month",
    " months",
    " years",
    "",
    "%",
    " mL/h",
    "ft",
    "KG",
    " stone",
    "oz",
    '"',
    "'",
    "y6mo",
)
_DATES = ("2026-12-01", "2024-02-29", "2026-02-29", "2199-12-31", "1900-01-01", "2026-1-1", "2027-01-31", "9999-12-31")
_STRANGE = (
    "\x1b[31m",
    "\u202e",
    "=1+1",
    "../..",
    "/dev/zero",
    "/dev/null",
    "/",
    ".",
    "-",
    "--",
    "\u0661",
    "[b]",
    "{}",
    "\ud800",
    "a" * 300,
    " ",
    "%s",
    "ﬀ",
)
_OPTIONS = {
    "numbers": ("--weight", "--pre-pregnancy-weight", "--previous-weight", "--height", "--age", "--dose", "--every", "--days", "--courses", "--valid-for", "--alarm"),
    "dates": ("--start", "--weighed-on", "--birth-date", "--last-infusion"),
    "times": ("--at",),
    "flags": ("--pregnant", "--explain", "--quiet", "--no-color", "--plot", "--help"),
}  # fmt: skip
_CHOICES = {
    "--sex": ("male", "female", "F", "x"),
    "--risk": ("renal", "thrombosis", "cardiac", "x"),
    "--condition": ("iga-deficiency-with-antibodies", "corn-allergy", "hyperprolinaemia", "blood-glucose-meter", "diabetes", "x"),
    "--infusion": ("first", "subsequent", "x"),
    "--dose-basis": ("course", "4-weeks", "x"),
    "--format": ("table", "json", "csv", "markdown", "ics", "x"),
    "--override": tuple(f"{code}=because" for code in (
        "dose-outside-regimen", "days-outside-regimen", "interval-outside-regimen", "age-outside-regimen", "day-dose-over-limit", "course-dose-over-limit",
        "weight-implausible", "product-contraindicated", "course-overlap", "courses-close", "dose-below-vial", "indication-ceiling", "policy-ceiling", "x",
    )),
}  # fmt: skip


def command_line(data: bytes) -> None:
    """Any command line: an exit code of the interface, words on stderr where it is not 0, and then nothing on stdout."""
    arguments = list(_arguments(Choices(data)))
    if any(word.startswith(("-o", "--ou", "--install", "--show-c")) for word in arguments):
        return
    code, out, err = _run(arguments)
    if code not in (0, 2, 3, 4, 5):
        raise WrongError(f"exit {code}: {arguments}\n{err[-2000:]}")
    report = bool(out) and "check" in arguments  # whose result is the list of problems, in words too
    if code and (bool(out) != report or not (report or err.strip())):
        raise WrongError(f"exit {code} with {len(out)} characters on stdout: {arguments}\n{err[-2000:]}")
    if "Traceback" in err or "\x1b" in err.replace("\x1b[31m", "\x1b"):
        raise WrongError(f"{arguments}\n{err[-2000:]}")


def _arguments(choices: Choices) -> Iterator[str]:
    command = choices.pick(
        (
            "dose",
            "schedule",
            "schedule",
            "rates",
            "calendar",
            "verify",
            "regimens",
            "products",
            "policies",
            "schema",
            "x",
        )
    )
    yield command
    if command in ("regimens", "products", "policies"):
        yield choices.pick(("list", "show", "check", "schema", "x"))
    if command in ("dose", "schedule", "rates", "calendar"):
        yield from _order(choices, command)
    while choices.rest():
        yield from _more(choices)


def _order(choices: Choices, command: str) -> Iterator[str]:
    """Most of a sound order, so that the engine is reached more often than not."""
    missing = choices.byte()
    if missing % 16 != 1:
        yield from ("-p", choices.pick(tuple(library.shipped("product"))))
    if missing % 16 != 2:
        key = "--indication" if command == "rates" else "-r"
        yield from (key, choices.pick(tuple(library.shipped("regimen"))))
    if missing % 16 != 3:
        yield from ("--weight", choices.pick(("72kg", "70.16kg", "154lb", "3.2kg", "11st", "118.3kg", "950g")))
    if missing % 16 != 4 and command in ("schedule", "calendar"):
        yield from ("--start", choices.pick(_DATES))
    if command == "rates" and missing % 16 != 5:
        yield from ("--dose", choices.pick(("72g", "0.4 g/kg", "35 g", "1000 mg/kg")))
    if missing & 128:
        yield from ("--policy", choices.pick(tuple(library.shipped("policy"))))


def _more(choices: Choices) -> Iterator[str]:
    kind = choices.byte() % 8
    if kind == 0:
        yield choices.pick(_OPTIONS["flags"])
    elif kind == 1:
        yield from (choices.pick(_OPTIONS["dates"]), choices.pick(_DATES))
    elif kind == 2:
        yield from ("--at", choices.pick(("09:00", "23:59", "00:00", "24:00", "9")))
    elif kind == 3:
        option = choices.pick(tuple(_CHOICES))
        yield from (option, choices.pick(_CHOICES[option]))
    elif kind == 4:
        yield from (
            choices.pick(("--name", "--patient-id", "--override", "--site", "-r", "-p", "--policy", "--last-product")),
            choices.text(),
        )
    elif kind == 5:
        yield choices.text()
    elif kind == 6:
        yield from (
            choices.pick(("--name", "--site", "--weight", "-r", "-p", "--previous", "--every")),
            choices.pick(_STRANGE),
        )
    else:
        yield from (choices.pick(_OPTIONS["numbers"]), choices.pick(_NUMBERS) + choices.pick(_UNITS))


def _run(arguments: list[str]) -> tuple[int, str, str]:
    os.environ["IVIGCALC_DEBUG"] = "1"  # a bug is raised, not told
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        code = main(arguments)
    finally:
        sys.stdout, sys.stderr = before
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]
    return code, texts[0], texts[1]


#: name -> (target, its part of the inputs, the longest input)
TARGETS: dict[str, tuple[Callable[[bytes], None], float, int]] = {
    "words": (words, 0.15, 64),
    "ways": (ways_of_writing, 0.10, 32),
    "yaml": (yaml_file, 0.15, 4096),
    "keys": (own_files, 0.15, 512),
    "saved": (saved_file, 0.05, 20000),
    "record": (record_file, 0.05, 4096),
    "csv": (csv_file, 0.20, 2048),
    "command": (command_line, 0.15, 160),
}  # fmt: skip


def seeds(name: str) -> Iterator[bytes]:
    """Sound inputs to begin from."""
    if name == "words":
        yield from (
            b"\0\0" + text.encode()
            for text in (
                "72kg",
                "154 lb",
                "5ft9in",
                "2 g/kg",
                "0.04 mL/kg/min",
                "2026-12-01",
                "09:00",
                "age < 18 years",
                "4 weeks",
                "x=y",
            )
        )
    elif name == "ways":
        yield from (bytes((start * 7 + place * place) % 256 for place in range(24)) for start in range(40))
    elif name == "yaml":
        for kind in ("product", "regimen", "policy", "formula", "safety"):
            for identifier, path in list(library.shipped(kind).items())[:12]:
                yield path.read_bytes()[:4096] if identifier else b""
        yield b"kind: site\nschema: 2\nid: x\nopen: {mon-fri: '08:00-17:00'}\npump: {increment: 1 mL/h}\nstock: {octagam-10-us: {10 g: 4}}\n"
    elif name == "keys":
        yield from (bytes((start * 11 + place * (place + start)) % 256 for place in range(400)) for start in range(60))
    elif name == "saved":
        for arguments in (["dose", *_SOUND], ["schedule", *_SOUND, "--start", "2026-12-01"]):
            yield _run([*arguments, "--format", "json"])[1].encode()
    elif name == "record":
        yield _RECORD.encode()
        yield _RECORD.replace('"reference": "Patient/p"', '"identifier": {"value": "1"}').encode()
    elif name == "csv":
        yield b'\0\0patient_id,weight_kg,sex,age_years,days\n1,72,male,54,2\n2,80.5,,,\n"3\n",x,,,\n'
        yield (
            b"\0\1"
            + b'{"patient_id": "1", "weight": "72 kg", "dose": "2 g/kg"}\n{"patient_id": 2, "weight_lb": 154}\n{}\n[]\n'
        )
    else:
        yield from (bytes(range(start, start + 120)) for start in range(0, 136, 8))
        yield bytes(40)


_RECORD = """{"resourceType": "Bundle", "type": "collection", "entry": [
{"resource": {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1972-03-04", "identifier": [{"value": "1"}]}},
{"resource": {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
 "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-11-20",
 "valueQuantity": {"value": 72.3, "system": "http://unitsofmeasure.org", "code": "kg"}}},
{"resource": {"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "717181004"}]},
 "subject": {"reference": "Patient/p"}, "clinicalStatus": {"coding": [{"code": "active"}]}}}]}"""
_SOUND = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg")
