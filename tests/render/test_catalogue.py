"""The words of what is printed stand in the catalogue, and renderers and templates have none of their own."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest

import ivigcalc.render as render
from ivigcalc.definitions import DosingWeight, Limit, Protocol, RateTable, Rounding, Source
from ivigcalc.definitions.policy import RateWeight
from ivigcalc.definitions.regimen import Population
from ivigcalc.engine.plan import WeightBasis
from ivigcalc.render import catalogue
from ivigcalc.render.catalogue import words_of
from ivigcalc.render.paper import calendar
from ivigcalc.render.sheets import listing, policy
from ivigcalc.render.sheets import words as sheet_words
from ivigcalc.render.words import WEIGHTS

RENDER = Path(render.__file__).parent
MODULES = [
    importlib.import_module(f"{catalogue.__name__}.{found.name}") for found in pkgutil.iter_modules(catalogue.__path__)
]
GROUPS = [group for module in MODULES for _, group in inspect.getmembers(module, inspect.isclass)]
#: nothing to translate
UNITS = re.compile(r"\b(?:g|mg|mL|kg|h|min|d|x|mmHg|ID|kg/m²|C|D)\b")
#: these write for machines
LEFT = {
    "csv": "columns, which are promised",
    "forecast": "keys and columns, which are promised",
    "fhir": "codes and texts for another program",
    "catalogue": "the words themselves",
}
WRITERS = [
    path for path in sorted(RENDER.rglob("*.py")) if path.relative_to(RENDER).parts[0].removesuffix(".py") not in LEFT
]
#: literals that are no words of a page, and why
ALLOWED = {
    r"ivigcalc[./ ].*|ivigcalc": "a name of the program, its version or a document's schema",
    r"(?:SEQUENCE|DTSTAMP|VEVENT|VTIMEZONE|CONFIRMED|CANCELLED|OPAQUE|DISPLAY|PUBLISH|GREGORIAN|-//ivigcalc//.*)": "iCalendar's own",
    r"bold yellow|bold red|bold|dim|italic": "a style of rich",
    r"<.*|.*\{[a-z-]+: ?[^{}]*\}.*|[\" ]*[a-z-]+=\"": "markup or style, without words",
    r"\(\?.*": "a pattern",
    r"counter\(pages?\)": "a style sheet's own",
    r"Cc|Cf|Cs|R|AL|AN|NFC|M": "a class of letters in Unicode",
    r", and": "what is looked for in a notice",
    r"1 to|minutes before the start|PDF output|SVG output|HTML output|PNG output": "a message about what was asked",
}
#: what is handed to these is a message about what was asked, a type or a pattern, and nothing that a page shows
NO_PAGE = ("RequestError", "MissingExtraError", "ValueError", "TypeVar", "ParamSpec")


# ---- the catalogue --------------------------------------------------------------------------------------------------


def test_the_catalogue_is_all_words() -> None:
    for group in GROUPS:
        for name, words in words_of(group).items():
            assert isinstance(words, str), name
            assert words, name
            assert '"' not in words, "a page has them in attributes and style"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_gap_has_a_name(group: type) -> None:
    for name, words in words_of(group).items():
        gaps = [gap for _, gap, _, _ in Formatter().parse(words) if gap is not None]
        assert all(gap.isidentifier() for gap in gaps), name
        assert len(gaps) == len(set(gaps)), name


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_name_is_used(group: type) -> None:
    texts = "".join(
        path.read_text(encoding="utf-8") for path in RENDER.rglob("*") if path.suffix in (".py", ".typ", ".html")
    )
    made = re.findall(r'"((?:[a-z]+", ")*[a-z]+)"\)\.map\(name => texts\.at\("([a-z_]+)" \+ name\)\)', texts)
    used = set(re.findall(r"(?:[A-Z]\w+|texts)\.([a-z][a-z_]*)", texts))
    used |= {start + name for names, start in made for name in names.split('", "')}
    assert sorted(set(words_of(group)) - used) == []


def values_of(model: type, key: str) -> set[object]:
    """The values that a key of a file may have; None where it may be left out."""
    said = get_type_hints(model)[key]
    parts = get_args(said) if isinstance(said, UnionType) or get_origin(said) is Union else (said,)
    return {value for part in parts for value in get_args(part) or [None]}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (WEIGHTS, set(get_args(WeightBasis))),
        (calendar._SPANS, values_of(Limit, "per")),
        (calendar._LEVELS, values_of(Limit, "level")),
        (sheet_words._SPANS, values_of(Limit, "per")),
        (sheet_words._LEVELS, values_of(Limit, "level")),
        (sheet_words._CONFIDENCE, values_of(Protocol, "confidence")),
        (listing._CONFIDENCE, values_of(Protocol, "confidence")),
        (sheet_words._GROUPS, values_of(Population, "group")),
        (sheet_words._KINDS, values_of(Source, "kind") - {None}),
        (sheet_words.INFUSIONS, values_of(RateTable, "infusion")),
        (policy._USES, values_of(DosingWeight, "use")),
        (listing._WEIGHTS, values_of(DosingWeight, "use")),
        (policy._PREGNANCY, values_of(DosingWeight, "pregnancy") - {None}),
        (policy._RATES, values_of(RateWeight, "use")),
    ],
)
def test_every_value_that_is_printed_has_its_word(words: dict[object, str], values: set[object]) -> None:
    assert set(words) == values


def test_every_way_of_rounding_has_its_words() -> None:
    ways = {
        (direction, tie if direction == "nearest" else None)
        for direction in values_of(Rounding, "direction")
        for tie in values_of(Rounding, "tie")
    }
    assert set(policy._ROUNDED) == ways


# ---- renderers ------------------------------------------------------------------------------------------------------


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What a module could print by itself: its texts, but for docstrings, messages of errors and what is looked up."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            skipped.add(id(node.body[0].value))  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NO_PAGE:
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Compare):
            skipped |= {id(part) for part in (node.left, *node.comparators)}
        if isinstance(node, (ast.Subscript, ast.AnnAssign)):
            part = node.slice if isinstance(node, ast.Subscript) else node.annotation
            skipped |= {id(inner) for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def is_words(text: str) -> bool:
    """Whether it says something to a reader: letters that are no unit, with a blank, a mark or a capital among them."""
    bare = UNITS.sub("", text)
    if not re.search(r"[A-Za-z]{2,}", bare):
        return False
    return bool(re.search(r"[A-Za-z] |[ :;,(][A-Za-z]|[A-Z]", bare))


def words_written_in(path: Path) -> list[tuple[int, str]]:
    """The lines of a module that have words, and these."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(line, text) for line, text in literals(tree) if is_words(text)]


def is_allowed(text: str, form: str) -> bool:
    return re.fullmatch(form, text.strip(), re.DOTALL) is not None


@pytest.mark.parametrize("path", WRITERS, ids=lambda path: path.relative_to(RENDER).as_posix())
def test_a_renderer_has_no_words_of_its_own(path: Path) -> None:
    found = [
        (line, text) for line, text in words_written_in(path) if not any(is_allowed(text, form) for form in ALLOWED)
    ]
    assert found == []


def test_every_exception_is_needed() -> None:
    texts = {text for path in WRITERS for _, text in words_written_in(path)}
    assert [form for form in ALLOWED if not any(is_allowed(text, form) for text in texts)] == []


def test_the_look_for_words_finds_them() -> None:
    tree = ast.parse(
        '"""Doc."""\ndef f(x):\n    """Doc."""\n    return f"{x} g over {x} days" + "Total" + "mL/h" + "date"\n'
    )
    assert [text for _, text in literals(tree) if is_words(text)] == ["Total", " g over ", " days"]


def test_the_words_of_sheets_are_read_by_sheets_alone() -> None:
    """A plan on a screen starts without them."""
    readers = {path for path in RENDER.rglob("*.py") if "catalogue.sheets" in path.read_text(encoding="utf-8")}
    assert readers
    assert {path.parent.name for path in readers} == {"sheets"}


# ---- templates ------------------------------------------------------------------------------------------------------


class _Text(HTMLParser):
    """The words between tags, and those in attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        self.found += [value or "" for name, value in attrs if name in ("aria-label", "data-label", "title", "alt")]

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if not self.in_style:
            self.found.append(data)


def words_in(template: str) -> list[str]:
    """What is left of an HTML template once its gaps and statements are taken out, and the texts in those."""
    named = template.replace("{{ level }}", "p")
    inner = re.findall(r"\{[{%].*?[%}]\}", named, re.DOTALL)
    parser = _Text()
    parser.feed(re.sub(r"\{[{%#].*?[#%}]\}", "", named, flags=re.DOTALL))
    quoted = [text for part in inner if " from " not in part for text in re.findall(r'"([^"]*)"', part)]
    found = [text.strip() for text in [*parser.found, *quoted]]
    return [text for text in found if is_words(text) or re.search(r"[a-z]{2,} [a-z]", text)]


#: in the statements of a template: names of classes and of parts, which no page shows
NO_WORDS_OF_HTML = {"A4", "facts listed"}


@pytest.mark.parametrize("path", sorted((RENDER / "web" / "templates").glob("*.html")), ids=lambda path: path.name)
def test_a_page_of_html_has_no_words_of_its_own(path: Path) -> None:
    assert [text for text in words_in(path.read_text(encoding="utf-8")) if text not in NO_WORDS_OF_HTML] == []


def test_the_look_for_words_finds_them_in_html() -> None:
    template = (
        '<p class="x">Where: {{ a }}</p><i aria-label="When to come">{{ cell("new bottle", b) }}</i>{# A note. #}'
    )
    assert words_in(template) == ["Where:", "When to come", "new bottle"]


#: in the texts of typst's own code: fonts, countries, files, names, patterns
NO_WORDS_OF_TYPST = re.compile(r"Libertinus Serif|GB|[a-z_-]+(?:\.typ)?|.*\\\\.*|\(\?:.*")


def words_of_typst(template: str) -> list[str]:
    """Words in the content blocks and in the texts of a typst template, without its comments and code."""
    code = re.sub(r"(?<!:)//[^\n]*", "", template)
    texts = re.findall(r'"((?:[^"\\]|\\.)*)"', code)
    found = [text for text in texts if is_words(text) and not NO_WORDS_OF_TYPST.fullmatch(text)]
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", code)
    while blocks := re.findall(r"\[([^\[\]]*)\]", rest):
        found += filter(None, (_said(block) for block in blocks))
        rest = re.sub(r"\[[^\[\]]*\]", "\x00", rest)
    return found


def _said(block: str) -> str:
    """What a block says beside the code in it; NUL stands for a block within."""
    for code in (r"\{[^{}]*\}", r"\([^()]*\)"):
        while re.search(code, block):
            block = re.sub(code, "\x01", block)
    block = re.sub(r"#(?:if|for)[^\x00\x01]*", "", block)
    block = re.sub(r"[\x00\x01]\s*else\s*(?:if[^\x00\x01]*)?", "", block)
    block = re.sub(r"#[a-z][\w.-]*[\x00\x01]*", "", block)
    words = " ".join(re.sub(r"[\x00\x01\\#]", " ", block).split())
    return words if re.search(r"[A-Za-z]{3,}", UNITS.sub("", words)) else ""


@pytest.mark.parametrize("path", sorted((RENDER / "paper" / "templates").glob("*.typ")), ids=lambda path: path.name)
def test_a_printed_page_has_no_words_of_its_own(path: Path) -> None:
    assert words_of_typst(path.read_text(encoding="utf-8")) == []


def test_the_look_for_words_finds_them_in_typst() -> None:
    template = (
        '#let a = [You will be given #said(plan.x) now] // said\n#let b = heading(level: 2)[Notices]\n"Born here"'
    )
    template += "#let c = [#if made != none and x [#made, ]page #number]"
    assert words_of_typst(template) == ["Born here", "You will be given now", "Notices", "page"]
