"""Every option of every command, as docs/cli.md shows them, does what it says on a real order: it is taken, and never a bug.

What each option means is specified where its rule is kept; here each is typed once on each command that has it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import build_reference
import pytest

from ivigcalc.cli.main import main

pytestmark = pytest.mark.slow
COMMANDS = {name.removeprefix("ivigcalc "): command for name, command in build_reference.commands().items()}
ADULT = ["-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--age", "54y"]
FIRST = ["--start", "2026-12-01", "--at", "09:00"]
#: what is typed before the option: all that the command needs
BASE = {
    "dose": ADULT,
    "schedule": [*ADULT, *FIRST],
    "rates": [
        "-p",
        "octagam-10-us",
        "--indication",
        "dermatomyositis",
        "--weight",
        "72kg",
        "--age",
        "54y",
        "--dose",
        "72g",
    ],
    "calendar": [*ADULT, *FIRST],
    "compare": ["-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--age", "54y", "--days", "2..3"],
    "day": ["2026-10-31", "plan.json"],
    "replan": ["plan.json"],
    "diff": ["plan.json", "plan.json"],
    "forecast": ["plan.json"],
    "verify": ["plan.json"],
    "explain": ["pump-capped"],
    "schema": ["plan"],
    "batch": [
        "patients.csv",
        "-o",
        "out",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--age",
        "54y",
        "--start",
        "2026-12-01",
    ],
    "regimens show": ["dermatomyositis"],
    "products show": ["octagam-10-us"],
    "policies show": ["us-seton"],
    "regimens new": ["ours"],
    "products new": ["ours"],
    "policies new": ["ours"],
    "sites new": ["ours"],
    "regimens check": [],
    "sites check": ["site.yaml"],
    "regimens diff": ["dermatomyositis", "dermatomyositis"],
    "products diff": ["octagam-10-us", "octagam-10-us"],
    "policies diff": ["us-seton", "us-seton"],
    "regimens upgrade": ["old-regimen.yaml"],
    "products upgrade": ["old-product.yaml"],
    "policies upgrade": ["old-policy.yaml"],
}
#: option -> its value, and the options that it needs beside it
VALUES: dict[str, list[str]] = {
    "--from-fhir": ["record.json"],
    "--weight": ["72kg"],
    "--weighed-on": ["2026-10-30"],
    "--height": ["175cm"],
    "--sex": ["female"],
    "--age": ["54y"],
    "--birth-date": ["1972-05-01"],
    "--pre-pregnancy-weight": ["68kg", "--pregnant", "--sex", "female"],
    "--pregnant": ["--sex", "female"],
    "--previous-weight": ["70kg"],
    "--risk": ["renal"],
    "--condition": ["corn-allergy", "--override", 'product-contraindicated="tried in a test"'],
    "--name": ["M. Example"],
    "--patient-id": ["W-101"],
    "--regimen": ["dermatomyositis"],
    "--indication": ["dermatomyositis"],
    "--product": ["octagam-10-us"],
    "--country": ["US"],
    "--policy": ["practical-vials"],
    "--order": ["2 g/kg"],
    "--phase": ["loading", "-r", "cidp:us-label-privigen", "-p", "privigen-us"],
    "--dose": ["2 g/kg"],
    "--days": ["3"],
    "--over": ["6 h"],
    "--infusion": ["subsequent"],
    "--last-infusion": ["2026-10-20"],
    "--last-product": ["privigen-us", "--last-infusion", "2026-10-20"],
    "--override": ['age-outside-regimen="tried in a test"', "--age", "17y"],
    "--site": ["site.yaml"],
    "--format": ["json"],
    "--output": ["written"],
    "--dose-basis": ["course"],
    "--every": ["4 weeks"],
    "--courses": ["2"],
    "--start": ["2026-12-01"],
    "--at": ["09:00"],
    "--valid-for": ["6 months"],
    "--paper": ["letter", "--format", "pdf", "-o", "written.pdf"],
    "--part": ["patient", "--format", "html", "-o", "written.html"],
    "--session": ["1.1", "--format", "html", "-o", "written.html"],
    "--previous": ["before.ics", "--format", "ics", "-o", "after.ics"],
    "--alarm": ["60", "--format", "ics", "-o", "written.ics"],
    "--initials": ["--format", "ics", "-o", "written.ics"],
    "--sort": ["dose_g"],
    "--scenario": ["dose=-20%"],
    "--from": ["2026-12-01"],
    "--to": ["2026-12-31"],
    "--by": ["month"],
    "--category": ["dermatology"],
    "--text": ["a"],
}
REACTION = ["--session", "1.2", "--reaction-at", "10:51"]
GOES_ON = [*REACTION, "--resume-at", "11:21", "--rate", "half"]
LATER = ["--override", 'interval-outside-regimen="tried in a test"', "--from-course", "2"]
LESS = ["--override", 'dose-outside-regimen="tried in a test"', "--from-course", "2"]
#: command, option -> what is typed instead, after the words of BASE that stand
OTHERWISE: dict[tuple[str, str], list[str]] = {
    ("rates", "--dose"): ["72g"],
    ("compare", "--days"): ["2..4"],
    ("calendar", "--initials"): ["--name", "M. Example", "--format", "ics", "-o", "written.ics"],
    ("rates", "--override"): ['weight-implausible="tried in a test"', "--weight", "400kg"],
    **{
        (name, "--locale"): ["de-DE"]
        for name in ("dose", "schedule", "rates", "calendar", "replan", "day", "compare", "diff", "forecast")
    },
    ("day", "--format"): ["json"],
    ("forecast", "--by"): ["week"],
    ("replan", "--session"): GOES_ON[1:],
    ("replan", "--reaction-at"): ["10:51", "--session", "1.2", "--stop"],
    ("replan", "--resume-at"): ["11:21", *REACTION, "--rate", "half"],
    ("replan", "--rate"): ["initial", *REACTION, "--resume-at", "11:21"],
    ("replan", "--stop"): REACTION,
    ("replan", "--missed"): ["2026-10-31", "--rest", "keep"],
    ("replan", "--to"): ["2026-11-03", "--missed", "2026-10-31", "--rest", "keep"],
    ("replan", "--rest"): ["move", "--missed", "2026-10-31", "--to", "2026-11-03"],
    ("replan", "--new-weight"): ["74kg", "--from-course", "2"],
    ("replan", "--weighed-on"): ["2026-10-30", "--new-weight", "74kg", "--from-course", "2"],
    ("replan", "--product"): ["privigen-us", "--from-course", "2"],
    ("replan", "--every"): ["5 weeks", "--dose-basis", "course", *LATER],
    ("replan", "--dose"): ["1 g/kg", *LESS],
    ("replan", "--dose-basis"): ["course", "--every", "5 weeks", *LATER],
    ("replan", "--override"): [LESS[1], "--dose", "1 g/kg", *LESS[2:]],
    ("replan", "--from-course"): ["2", "--new-weight", "74kg"],
    ("replan", "--done"): ["1.1"],
    ("replan", "--reason"): ["chills", *GOES_ON],
    ("replan", "--by"): ["R. Nurse", *GOES_ON],
    ("batch", "--input-format"): ["csv"],
    ("batch", "--map"): ["weight_kg=weight_kg"],
    ("batch", "--null"): ["NA"],
    ("batch", "--delimiter"): [","],
    ("batch", "--encoding"): ["utf-8"],
    ("batch", "--each"): ["ics", "--at", "09:00"],
    ("batch", "--paper"): ["letter", "--each", "pdf"],
    ("batch", "--part"): ["patient", "--each", "pdf"],
    ("batch", "--session"): ["1.1", "--each", "pdf"],
    ("batch", "--columns"): ["patient_id,dose_g"],
    ("batch", "--escape"): ["none"],
    ("batch", "--jobs"): ["2"],
    ("batch", "--wait"): ["1 min"],
    ("batch", "--max-errors"): ["1"],
    ("batch", "--format"): ["jsonl"],
    ("batch", "--output"): ["elsewhere"],
    ("batch", "--table"): ["steps", "-o", "-"],
}
#: option -> the one that it is said in place of
INSTEAD_OF = {"--birth-date": ["--age"], "--indication": ["--regimen"], "--from-fhir": ["--weight"]}
#: specified elsewhere alone: what they need is no option of one order
ELSEWHERE = {
    ("batch", "--sheet"): "tests/batch/test_lists.py",
    ("batch", "--query"): "tests/batch/test_lists.py",
    ("batch", "--cluster"): "tests/batch/test_cluster.py",
    ("batch", "--retry"): "tests/batch/test_retry.py",
}


class Typed(NamedTuple):
    command: str
    option: str
    words: list[str]


def pairs() -> Iterator[Typed]:
    """Command, option, and the whole line."""
    for name, command in COMMANDS.items():
        for parameter in command.params:
            if parameter.param_type_name != "option" or parameter.name == "help" or name == "ask":
                continue
            for option in (*parameter.opts[:1], *parameter.secondary_opts):
                if (name, option) not in ELSEWHERE:
                    yield Typed(name, option, typed(name, option, parameter.is_flag))


def typed(name: str, option: str, is_flag: bool) -> list[str]:
    after = OTHERWISE.get((name, option), VALUES.get(option, [] if is_flag else None))
    assert after is not None, f"{option} of {name} needs a sample value in VALUES or OTHERWISE"
    asked = [option, *after]
    return [*name.split(), *without(BASE.get(name, []), [*asked, *INSTEAD_OF.get(option, [])]), *asked]


def without(base: list[str], asked: list[str]) -> list[str]:
    """The words of BASE but for the options that are typed anew."""
    short = {"-r": "--regimen", "-p": "--product", "-o": "--output", "-f": "--format"}
    kept: list[str] = []
    skip = False
    for word in base:
        if word.startswith("-"):
            skip = short.get(word, word) in [short.get(other, other) for other in asked]
        if not skip:
            kept.append(word)
        if skip and not word.startswith("-"):
            skip = False
    return kept


RECORD: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1"}},
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
                "subject": {"reference": "Patient/p1"},
                "effectiveDateTime": "2026-10-30",
                "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "kg", "unit": "kg"},
            }
        },
    ],
}
SITE = "kind: site\nschema: 2\nid: ours\nvisit: {arrival: 15 min}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the lines name."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "record.json").write_text(json.dumps(RECORD), encoding="utf-8")
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    (folder / "patients.csv").write_text("patient_id,weight_kg\nW-101,72\n", encoding="utf-8")
    old = Path(__file__).parent.parent / "library" / "schema-1"
    for kind, name in (("regimen", "kawasaki"), ("product", "octagam-10-us"), ("policy", "au-lifeblood-2026")):
        shutil.copy(old / f"{name}.yaml", folder / f"old-{kind}.yaml")
    plan = [*ADULT, "--name", "M. Example", "--start", "2026-10-31", "--at", "09:00", "--courses", "3", "-q"]
    assert main(["schedule", *plan, "--format", "json", "-o", str(folder / "plan.json")]) == 0
    assert main(["calendar", *ADULT, *FIRST, "-q", "--format", "ics", "-o", str(folder / "before.ics")]) == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "own"
    shutil.copytree(made, own)
    monkeypatch.chdir(own)
    return own


@pytest.mark.parametrize("typed", list(pairs()), ids=lambda typed: f"{typed.command} {typed.option}")
def test_every_option_of_every_command_is_taken(typed: Typed, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name for path in folder.iterdir()}
    code = main(typed.words)
    captured = capsys.readouterr()
    assert code == 0, captured.err
    written = {path.name for path in folder.iterdir()} - before
    assert captured.out.strip() or written or typed.option in ("--quiet", "-q"), "it must print or write something"
    assert "Traceback" not in captured.err


def test_what_is_specified_elsewhere_is() -> None:
    for (_, option), file in ELSEWHERE.items():
        assert f'"{option}"' in (Path(__file__).parent.parent.parent / file).read_text(encoding="utf-8")
