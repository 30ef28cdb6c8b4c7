"""Hostile text and files: names are text and never markup, control codes, formulas or paths; a file cannot exhaust the machine."""

import csv
import io
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.errors import DefinitionError, RequestError
from ivigcalc.library.reader import MAX_BYTES, FileText, load_bytes, load_file
from ivigcalc.render.csv import safe_cell
from ivigcalc.render.markdown_text import escape
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form
from ivigcalc.request.words import MAX_TEXT

DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg")
PLAN = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00")

#: what may be in a name, and must come out as the same text
MARKUP = [
    "[bold red]x[/]",
    "[link=http://x]y",
    "*a* _b_ `c`",
    "| --- |",
    "<script>alert(1)</script>",
    "&amp;",
    "# x",
    "\\n",
    "$(id)",
    "`id`",
    "%s%n",
    "{0}",
    "x" * MAX_TEXT,
]
FORMULAS = ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x"]
TYPST = [
    "#panic()",
    '#read("/etc/passwd")',
    '"quoted"',
    "$x$",
    "\\ backslash",
    "= heading",
    "*b*",
    "@label",
    "<l>",
    "//c",
    "/*c*/",
    '#include "x"',
]
ICS = ["a;b,c:d", "BEGIN:VEVENT", "END:VCALENDAR", "X-WR-CALNAME:x", "\\n\\nBEGIN:VALARM"]
PATHS = ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "C:\\x", "a/b", "~root", "CON", "."]
#: what must be refused, because no page can show it
UNPRINTABLE = [
    "a\nb",
    "a\rb",
    "a\tb",
    "a\0b",
    "\x1b[31m",
    "\x9b31m",
    "a\x7f",
    "\u202eabc",
    "\u2066x\u2069",
    "\u200fx",
    "\u061cx",
    "a\u2028b",
    "\ud800",
    "\U000e0041x",
    "a\x85b",
]


@pytest.mark.parametrize("text", UNPRINTABLE)
@pytest.mark.parametrize("field", ["name", "patient_id", "condition", "override"])
def test_control_and_direction_characters_are_refused(text: str, field: str) -> None:
    values: dict[str, Any] = {"condition": (text,), "override": (f"dose-outside-regimen={text}",)}
    form = Form(weight="72kg", **{field: values.get(field, text)})
    with pytest.raises(RequestError, match="cannot be printed"):
        read_form(form, "dose", on=None)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("A\u202eB", "has U+202E as character 2, which cannot be printed"),
        ("AB\ufffe", "has U+FFFE as character 3, which cannot be printed"),
        ("q" + "\u0301" * 4, "has U+0301 as mark 4 of one letter, which cannot be printed"),
    ],
)
def test_what_cannot_be_printed_is_named(name: str, named: str) -> None:
    with pytest.raises(RequestError, match=re.escape(named)):
        read_form(Form(weight="72kg", name=name), "dose", on=None)


@pytest.mark.parametrize("length", [MAX_TEXT + 1, 1_000_000])
def test_a_long_text_is_refused_at_once(length: int) -> None:
    began = time.process_time()
    for form in (
        Form(weight="72kg", name="x" * length),
        Form(weight="7" * length),
        Form(weight="72kg", age="x" * length),
        Form(weight="72kg", dose=" " * length),
    ):
        with pytest.raises(RequestError) as caught:
            read_form(form, "dose", on=None)
        assert len(str(caught.value)) < 300
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", MARKUP + FORMULAS + TYPST + ICS + PATHS)
def test_a_name_is_only_text_on_every_face(text: str, run: Callable[..., Any]) -> None:
    who = ("--name", text, "--patient-id", text[:50])
    document = json.loads(run(*PLAN, *who, "-f", "json").out)["computed_from"]["request"]
    assert (document["name"], document["patient_id"]) == (text, text[:50])
    flat = "".join(run(*PLAN, *who).out.split())
    assert "".join(f"{text}, id {text[:50]}".split()) in flat
    marked = run(*PLAN, *who, "-f", "markdown").out
    assert f"- **Patient:** {escape(f'{text}, id {text[:50]}')}\n" in marked


@pytest.mark.parametrize("text", FORMULAS)
def test_a_patient_id_is_no_formula_in_a_spreadsheet(text: str, run: Callable[..., Any]) -> None:
    cells = [
        row["patient_id"] for row in csv.DictReader(io.StringIO(run(*PLAN, "--patient-id", text, "-f", "csv").out))
    ]
    assert set(cells) == {f"'{text}"}


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    formula = safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not formula or float(text) or text.strip("+-0.eE") == "", "a plain number is none"
    assert safe_cell(text).removeprefix("'") == text or safe_cell(text) == text


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=30))
def test_no_text_is_markup_in_markdown(text: str) -> None:
    import re

    plain = re.sub(r"\\([!-/:-@\[-`{-~])", "", escape(text))
    assert not set(plain) & set("*_`[]<>#|~&")


@pytest.mark.parametrize("text", TYPST + MARKUP + ICS)
def test_a_name_is_only_text_on_paper(text: str, run: Callable[..., Any], tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("typst")
    done = run(*PLAN, "--name", text[:60], "-f", "pdf", "-o", tmp_path / "plan.pdf", "--quiet")
    assert done.code == 0, done
    printed = "".join(pypdf.PdfReader(tmp_path / "plan.pdf").pages[0].extract_text().split())
    assert "".join(text[:60].split()) in printed


@pytest.mark.parametrize("text", ICS + MARKUP + FORMULAS)
def test_a_name_is_only_text_in_a_calendar(text: str, run: Callable[..., Any]) -> None:
    icalendar = pytest.importorskip("icalendar")
    done = run(*PLAN, "--name", text, "-f", "ics")
    assert done.code == 0, done
    events = icalendar.Calendar.from_ical(done.out).walk("VEVENT")
    assert len(events) == 2
    assert done.out.count("BEGIN:VEVENT") - done.out.replace("\r\n ", "").count(f"{text}BEGIN") >= 2
    assert not icalendar.Calendar.from_ical(done.out).walk("VALARM")


@pytest.mark.parametrize("text", PATHS)
def test_a_name_is_never_a_path(
    text: str, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert run(*PLAN, "--name", text, "--patient-id", text, "-f", "json", "-o", "plan.json").code == 0
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == ["in", "in/plan.json"]


# ---- definition files -------------------------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    began = time.process_time()
    with pytest.raises(DefinitionError) as caught:
        load_bytes(data, "own.yaml")
    assert time.process_time() - began < 5
    assert len(str(caught.value)) < 40_000
    return str(caught.value)


BOMBS = {
    "depth": b"a: " + b"[" * 100_000,
    "depth-of-maps": b"".join(b" " * k + b"a:\n" for k in range(500)),
    "depth-of-flow-maps": b"{a: " * 50_000,
    "laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (98 + k, 98 + k, *[97 + k] * 8) for k in range(20)),
    "a-merge": b"a: &a {x: y}\nb:\n  <<: *a\n",
    "an-endless-key": b"? " * 100_000,
    "a-long-scalar": b'kind: "' + b"x" * 500_000 + b'"',
    "many-keys": b"".join(b"k%d: v\n" % k for k in range(40_000)),
    "many-problems": b"kind: site\nschema: 1\nid: x\n" + b"".join(b"k%d: yes\n" % k for k in range(10_000)),
    "too-large": b"#" * (MAX_BYTES + 1),
    "binary": bytes(range(256)) * 100,
    "digits": b"kind: site\nschema: " + b"9" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_definition_file_cannot_exhaust_the_machine(bomb: str) -> None:
    assert refused(BOMBS[bomb])


def test_no_more_problems_are_kept_than_anybody_reads() -> None:
    document = FileText("own.yaml")
    for line in range(1, 10_001):
        document.add(line, (f"k{line}",), "unknown key")
    assert len(document.problems) == len(document.faulty) == 200


def test_an_alias_is_refused_before_it_is_followed() -> None:
    assert "an alias (*) is not allowed" in refused(BOMBS["laughs"])


def test_a_link_out_of_the_tree_shows_nothing_of_its_target(tmp_path: Path, refuses: Callable[..., str]) -> None:
    """A link is followed as any path is; a file that is no definition is refused without a line of it being printed."""
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0:secret:/root:/bin/sh\ntop secret line\n", encoding="utf-8")
    (tmp_path / "own.yaml").symlink_to(secret)
    said = refuses(3, "dose", "-r", tmp_path / "own.yaml", "-p", "octagam-10-us", "--weight", "72kg")
    assert "secret" not in said.replace(str(tmp_path), "")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/random", "/dev/tty", "/proc/self/mem", "/"])
def test_a_device_is_not_read(device: str) -> None:
    with pytest.raises(DefinitionError):
        load_file(Path(device))


def test_the_name_of_a_file_is_shown_harmlessly(tmp_path: Path, refuses: Callable[..., str]) -> None:
    path = tmp_path / "a\x1b[31m\nb.yaml"
    path.write_bytes(b"kind: regimen\n")
    assert "a?[31m?b.yaml" in refuses(3, "dose", *DM, "--site", path)


def test_what_a_file_says_is_shown_harmlessly(refuses: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(b'kind: site\nschema: 1\nid: "\\e[31mx"\n"\\u202ekey": 1\n"[bold]": 1\n')
    said = refuses(3, "dose", *DM, "--site", path)
    assert said.replace("\n", "").isprintable()
    assert "[bold]" in said


def test_a_directory_of_no_permission_is_an_error_in_words(tmp_path: Path, refuses: Callable[..., str]) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    path = tmp_path / "own.yaml"
    path.write_bytes(b"kind: site\n")
    path.chmod(0)
    assert "Permission denied" in refuses(3, "dose", *DM, "--site", path)


# ---- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("--weight", "999999999 kg", "2 g/kg"), ("--dose", "70 kg", "999999999 g"), ("--dose", "70 kg", "999999999 g/kg")],
)
def test_a_giant_is_refused_before_it_eats_the_memory(words: tuple[str, str, str]) -> None:
    """In a process of its own with 1 GB and five seconds."""
    _, weight, dose = words
    ask_it = (
        "import helpers; from ivigcalc.errors import IvigcalcError\n"
        f"try: helpers.rates('octagam-10-us', 'dermatomyositis', {weight!r}, {dose!r})\n"
        "except IvigcalcError as refused: print('refused', type(refused).__name__)"
    )

    def one_gigabyte() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))

    paths = [str(Path(__file__).parent.parent), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{ask_it}"],
        capture_output=True, encoding="utf-8", timeout=5, preexec_fn=one_gigabyte, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("refused"), done.stderr[-300:]
