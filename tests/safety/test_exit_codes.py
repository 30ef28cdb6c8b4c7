"""Every way to ask wrongly gets its exit code, one clear message on stderr, and nothing on stdout."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DM = ("-r", "dermatomyositis", "-p", "octagam-10-us")
DOSE = ("dose", *DM, "--weight", "72kg")
PLAN = ("schedule", *DM, "--weight", "72kg", "--start", "2026-12-01")
RATES = ("rates", "-p", "octagam-10-us", "--indication", "dermatomyositis", "--weight", "72kg", "--dose", "72g")
LONG = "x" * 100_000

#: (exit code, words of the message, command line)
WRONG: list[tuple[int, str, tuple[str, ...]]] = [
    # ---- the command itself
    (2, "No such command 'doze'", ("doze",)),
    (2, "No such option", (*DOSE, "--wieght", "72kg")),
    (2, "requires an argument", ("dose", *DM, "--weight")),
    (2, "belongs to no option", (*DOSE, "72kg")),
    (2, "Missing argument 'PLAN...'", ("verify",)),
    (2, "No such option", ("dose", *DM, "--weight", "72kg", "--start", "2026-12-01")),
    (2, "No such option", (*RATES, "--courses", "2")),
    # ---- what is missing
    (2, "give the body weight with its unit", ("dose", *DM)),
    (2, "give --regimen", ("dose", "-p", "octagam-10-us", "--weight", "72kg")),
    (2, "give --product", ("dose", "-r", "dermatomyositis", "--weight", "72kg")),
    (2, "give --indication", ("rates", "-p", "octagam-10-us", "--weight", "72kg", "--dose", "72g")),
    (2, "give the dose of this infusion", ("rates", "-p", "octagam-10-us", "--indication", "dermatomyositis", "--weight", "72kg")),
    (2, "give the first day: --start", ("schedule", *DM, "--weight", "72kg")),
    (2, "give the first day: --start", ("schedule", *DM, "--weight", "72kg", "--at", "09:00")),
    (2, "publishes a range", ("dose", "-r", "primary-immunodeficiency", "-p", "privigen-us", "--weight", "72kg")),
    (2, "needs --height", (*DOSE, "--policy", "au-lifeblood-2026")),
    # ---- weights, and words in general: every way to say one wrongly is in tests/request/test_read.py
    *((2, "--weight:", ("dose", *DM, "--weight", text)) for text in ("72", "", "+72kg", "nan kg", LONG)),
    (2, "--previous-weight:", (*DOSE, "--previous-weight", "80")),
    (2, "--pre-pregnancy-weight:", (*DOSE, "--pre-pregnancy-weight", "nan kg")),
    (4, "refused (weight-implausible)", ("dose", *DM, "--weight", "725kg")),
    (4, "refused (weight-implausible)", ("dose", *DM, "--weight", "999999999kg")),
    (4, "pounds typed as kilograms would fit", ("dose", *DM, "--weight", "250kg", "--height", "170cm")),
    # ---- the patient
    (2, "--height:", (*DOSE, "--height", "175")),
    (2, "--age:", (*DOSE, "--age", "54")),
    (2, "--sex: 'x' is not one of the choices; allowed: male, female", (*DOSE, "--sex", "x")),
    (2, "--risk: 'heart' is not one of the choices; allowed: ", (*DOSE, "--risk", "heart")),
    (2, "unknown --condition 'allergy'", (*DOSE, "--condition", "allergy")),
    (2, "give --age or --birth-date, not both", (*DOSE, "--age", "54y", "--birth-date", "1972-01-01")),
    (4, "refused (age-outside-regimen)", (*DOSE, "--age", "7y")),
    (4, "refused (product-contraindicated)", (*DOSE, "--condition", "corn-allergy")),
    # ---- the order
    (2, "--dose:", (*DOSE, "--dose", "2")),
    (2, "--days:", (*DOSE, "--days", "2-5")),
    (2, "--courses:", (*PLAN, "--courses", "201")),
    (2, "--every:", (*PLAN, "--every", "biweekly")),
    (2, "--dose-basis: 'month' is not one of the choices; allowed: course, 4-weeks", (*PLAN, "--dose-basis", "month")),
    (2, "--dose-basis course or --dose-basis 4-weeks", (*PLAN, "--every", "2 weeks")),
    (2, "needs an interval in days or weeks", (*PLAN, "--every", "2 months", "--dose-basis", "4-weeks")),
    (4, "refused (interval-outside-regimen)", (*PLAN, "--every", "2 weeks", "--dose-basis", "course")),
    (4, "refused (dose-outside-regimen)", (*DOSE, "--dose", "3 g/kg")),
    (4, "refused (days-outside-regimen)", (*DOSE, "--days", "6")),
    (4, "refused (dose-outside-regimen, days-outside-regimen)", (*DOSE, "--dose", "3 g/kg", "--days", "6")),
    (2, "--infusion: 'second' is not one of the choices; allowed: ", (*PLAN, "--infusion", "second")),
    (2, "--last-infusion 2026-12-01 is not before", (*PLAN, "--last-infusion", "2026-12-01")),
    (2, "no product 'octagam-11'", (*PLAN, "--last-product", "octagam-11")),
    (2, "--valid-for:", (*PLAN, "--valid-for", "forever")),
    (2, "--at:", (*PLAN, "--at", "25:00")),
    (2, "is no day of the calendar", (*PLAN[:-1], "2026-02-29")),
    (2, "past the year 2199", (*PLAN[:-1], "2199-12-31", "--courses", "200")),
    # ---- overrides
    (2, "this plan has no stop of that code", (*DOSE, "--override", "dose-outside-regimen=why not")),
    (2, "this plan has no stop of that code", (*DOSE, "--override", "no-such-code=why not")),
    (2, "--override", (*DOSE, "--override", "dose-outside-regimen")),
    (2, "--override", (*DOSE, "--dose", "3 g/kg", "--override", "dose-outside-regimen= ")),
    (2, "longer than 200", (*DOSE, "--dose", "3 g/kg", "--override", f"dose-outside-regimen={LONG}")),
    (4, "refused (days-outside-regimen)", (*DOSE, "--dose", "3 g/kg", "--days", "6", "--override", "dose-outside-regimen=asked")),
    # ---- ids
    (2, "no regimen 'dermatomyositus'", ("dose", "-r", "dermatomyositus", "-p", "octagam-10-us", "--weight", "72kg")),
    (2, "has no protocol 'uk-label'", ("dose", "-r", "dermatomyositis:uk-label", "-p", "octagam-10-us", "--weight", "72kg")),
    (2, "no regimen ''", ("dose", "-r", "", "-p", "octagam-10-us", "--weight", "72kg")),
    (2, "licensed in several countries", ("dose", "-r", "dermatomyositis", "-p", "privigen", "--weight", "72kg")),
    (2, "no product", ("dose", "-r", "dermatomyositis", "-p", LONG, "--weight", "72kg")),
    (2, "no policy 'ideal'", (*DOSE, "--policy", "ideal")),
    (2, "no indication 'cipd'; did you mean cidp", ("rates", "-p", "octagam-10-us", "--indication", "cipd", "--weight", "72kg", "--dose", "72g")),
    (4, "refused (policy-incomplete)", (*DOSE, "--policy", "ca-on-orbcon")),
    (4, "refused (rate-not-published)", ("rates", "-p", "privigen-au", "--indication", "cidp", "--weight", "72kg", "--dose", "70g")),
    (4, "refused (course-dose-over-limit)", (*RATES[:-1], "720g")),
    (4, "dose-implausible", (*RATES[:-1], "999999999g")),
    # ---- files that are no files
    *((3, "cannot be read", ("dose", option, path, *rest, "--weight", "72kg")) for path in ("/nonexistent/x.yaml", "/root/no/x.yaml") for option, rest in (
        ("-r", ("-p", "octagam-10-us")), ("-p", ("-r", "dermatomyositis")), ("--policy", DM), ("--site", DM),
    )),
    (3, "", (*DOSE, "--site", "/")),
    (3, "is not a regular file", (*DOSE, "--site", "/dev/null")),
    (3, "is not a regular file", (*DOSE, "--site", "/dev/zero")),
    # ---- the output
    (2, "'xml'", (*DOSE, "-f", "xml")),
    (2, "is a folder", (*DOSE, "-o", "/tmp")),
    (2, "cannot write to", (*DOSE, "-o", "/nonexistent/plan.txt")),
    (2, "--paper: 'a3' is not one of the choices; allowed: a4, letter", (*PLAN, "-f", "pdf", "--paper", "a3")),
    (2, "--previous:", ("calendar", *PLAN[1:], "-f", "ics", "--previous", "/dev/zero")),
    # ---- what a terminal would obey
    (2, "No such command", ("\x1b[2J\x1b]0;owned\x07",)),
    (2, "--weight: '?[31m72'", ("dose", *DM, "--weight", "\x1b[31m72")),
    (2, "no product '", ("dose", "-r", "dermatomyositis", "-p", "\u202ex", "--weight", "72kg")),
    # ---- the patient's name
    (2, "cannot be printed", (*DOSE, "--name", "\x1b[31mred")),
    (2, "longer than 200", (*DOSE, "--patient-id", LONG)),
    (2, "is empty", (*DOSE, "--name", "  ")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "command"), WRONG, ids=lambda value: value[:60] if isinstance(value, str) else ""
)
def test_a_wrong_command_line_gets_its_exit_code(
    code: int, words: str, command: tuple[str, ...], refuses: Callable[..., str]
) -> None:
    said = refuses(code, *command)
    assert words in said
    assert len(said) < 3000
    assert said.replace("\n", "").isprintable()


def test_a_wrong_command_line_creates_no_file(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for code, _, command in WRONG:
        if "-o" not in command and command[0] in ("dose", "schedule", "rates"):
            assert run(*command, "-o", "plan.txt").code in (code, 2)
    assert list(tmp_path.iterdir()) == []


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "must say what the file is"),
    "not-yaml": (b"{", "is not valid YAML"),
    "not-utf-8": (b"kind: regimen\nid: \xff\xfe\n", ":2: is not UTF-8 text"),
    "utf-16": ("kind: regimen\n".encode("utf-16"), "is not UTF-8 text"),
    "another-kind": (b"kind: product\n", "allowed: "),
    "a-list": (b"- kind: site\n", "must say what the file is"),
    "two-documents": (b"kind: site\n---\nkind: site\n", "a second document begins here"),
    "unknown-key": (b"kind: site\nschema: 1\nid: x\ncolour: red\n", "colour: unknown key"),
    "repeated-key": (b"kind: site\nschema: 1\nid: x\nid: y\n", "this key was already given"),
    "anchor": (b"kind: site\nschema: 1\nid: &a x\ntitle: *a\n", "is not allowed"),
    "tag": (b"kind: site\nschema: 1\nid: !!python/object/apply:os.system [ls]\n", "a tag (!) is not allowed"),
    "control-characters": (b'kind: site\nschema: 1\nid: x\ntitle: "a\\u001b[31m"\n', "must not contain control"),
    "right-to-left": (b'kind: site\nschema: 1\nid: x\ntitle: "a\\u202e"\n', "must not contain control"),
    "nul": (b"kind: site\nid: a\0b\n", "is not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_wrong_definition_file_is_exit_3_with_its_place(
    case: str, refuses: Callable[..., str], tmp_path: Path
) -> None:
    content, words = BAD_FILES[case]
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    said = refuses(3, *DOSE, "--site", path)
    assert words in said
    *problems, next_step = said.splitlines()
    assert all(line.startswith(f"{path}") for line in problems)
    assert next_step == "to check it: ivigcalc sites check FILE"


def test_files_that_are_no_files_do_not_hang(refuses: Callable[..., str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name, words in (("pipe.yaml", "is not a regular file"), ("loop.yaml", "cannot be read"), ("folder.yaml", "")):
        assert words in refuses(3, *DOSE, "--site", tmp_path / name)
        refuses(3, "dose", "-r", tmp_path / name, "-p", "octagam-10-us", "--weight", "72kg")


#: exit code, and a command that takes a file in place of FILE
TAKE_A_FILE: dict[str, tuple[int, tuple[str, ...]]] = {
    "verify": (2, ("verify", "FILE")),
    "previous": (2, ("calendar", *PLAN[1:], "--at", "09:00", "-f", "ics", "--previous", "FILE")),
    "batch": (2, ("batch", "FILE", "--input-format", "csv", "-o", "OUT", *DM)),
    "site": (3, (*DOSE, "--site", "FILE")),
    "check": (3, ("products", "check", "FILE")),
}


@pytest.mark.parametrize("place", ["/proc/kmsg", "/proc/self/status", "/dev/zero"])
@pytest.mark.parametrize("case", TAKE_A_FILE)
def test_a_file_of_the_system_is_no_file_to_read(
    case: str, place: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    """What /proc has looks regular: nothing may come of it, not even when somebody writes to the log."""
    if not os.access(place, os.R_OK):
        pytest.skip("only root may open it")
    code, command = TAKE_A_FILE[case]
    done = run(*(word.replace("FILE", place).replace("OUT", str(tmp_path / "out")) for word in command))
    assert done.code == code
    assert "is not a regular file" in done.out + done.err
    assert list(tmp_path.iterdir()) == []


def test_an_extra_that_is_not_installed_is_named_with_its_remedy(
    refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    for module, face in (("typst", "pdf"), ("icalendar", "ics")):
        monkeypatch.setitem(sys.modules, module, None)
        assert "pip install 'ivigcalc[" in refuses(
            2, *PLAN, "--at", "09:00", "-f", face, "-o", tmp_path / f"plan.{face}", "--quiet"
        )
