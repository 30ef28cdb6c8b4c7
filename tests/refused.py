"""The form that every refusal keeps, and every place of the program that refuses.

A refusal is one sentence, then the remedy: what was read, what is allowed, what to type. It has at most 300 characters,
the source that is cited behind it in brackets not counted.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import ivigcalc

PACKAGE = Path(ivigcalc.__file__).parent
LONGEST = 300
#: how a remedy begins: behind the sentence, or as the sentence itself
_VERBS = (
    "add|ask|bring|check|choose|correct|finish|give|install|keep|leave|mark|mend|move|name|order|pipe|plan|put|quote|"
    "raise|rename|restock|run|save|say|send|settle|take|try|type|weigh|write"
)
_REMEDY = re.compile(rf"(?:^|[:;,?(] |\bor |\band |\bso )(?:{_VERBS})\b")
_SAYS_WHAT_IS_ALLOWED = ("; allowed: ", "? allowed: ", "`ivigcalc ", "pip install")
_CITED = re.compile(r" \[[^\n]*\]$")
#: a second sentence: a stop, a blank and a capital
_TWO_SENTENCES = re.compile(r"[a-z)]\. [A-Z]")

#: what makes a refusal -> which of its arguments says why
MAKERS = {
    "RequestError": 0,
    "RefusedError": 1,
    "MismatchError": 0,
    "WorkerError": 0,
    "ErrorLimitError": 0,
    "QuantityError": 0,
    "ValueError": 0,
    "unreadable": 1,
    "in_the_way": 1,
    "_wrong": -1,
    "_unfit": 0,
}
#: what is raised in the words of another refusal, which keeps the form itself
_PASSED_ON = re.compile(r"\{(?:error|why|remedy|message|text|holds|str\(error\)|_SAVED|_HELP)\}")
#: who says the remedy for what is said here: every refusal of theirs ends in it
_REMEDY_IS_ADDED = {"unreadable", "in_the_way"}
#: where a `ValueError` only says why, for one of those
_WHY_ONLY = {"document/read.py", "forecast/use.py", "render/ics_changes.py"}
#: helpers there have the name of a maker, and make no refusal
_NO_REFUSALS = {"document/shape.py"}


def faults(message: str) -> list[str]:
    """What is wrong with the form of one message, without `error: ` before it and the next step after it."""
    said = _CITED.sub("", message)
    found = []
    if len(said) > LONGEST:
        found.append(f"{len(said)} characters")
    if not has_remedy(said):
        found.append("no remedy")
    if _TWO_SENTENCES.search(said) and "is contraindicated" not in said:  # words of a source stand as they are
        found.append("two sentences")
    if said.endswith("."):
        found.append("ends in a full stop")
    return found


def has_remedy(said: str) -> bool:
    """Whether it says what is allowed or what to do."""
    return any(words in said for words in _SAYS_WHAT_IS_ALLOWED) or bool(_REMEDY.search(said))


class Site(NamedTuple):
    """One place that refuses: where, what it raises, and its words with `{...}` for what is filled in."""

    file: str
    line: int
    maker: str
    words: str | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def sites() -> Iterator[Site]:
    """Every place of the package where a refusal is made."""
    for path in (path for path in sorted(PACKAGE.rglob("*.py")) if str(path.relative_to(PACKAGE)) not in _NO_REFUSALS):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                named = dict(_assigned(function))
                for node in _own(function):
                    if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                        maker = _name(node.func)
                        place = MAKERS[maker]
                        said = node.args[place] if node.args and place < len(node.args) else None
                        yield Site(str(path.relative_to(PACKAGE)), node.lineno, maker, said and _words(said, named))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What is in a function, and in none inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own(child)


def _assigned(function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in _own(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _words(said: ast.expr, named: dict[str, ast.expr]) -> str | None:
    """The words of an expression, with `{...}` for what is filled in; None where it has none of its own."""
    match said:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr():
            return "".join(_piece(piece, named) for piece in said.values)
        case ast.BinOp(op=ast.Add()):
            return (_words(said.left, named) or "{...}") + (_words(said.right, named) or "{...}")
        case ast.Name(id=name) if name in named:
            return _words(named[name], {})
    return None


def _piece(piece: ast.expr, named: dict[str, ast.expr]) -> str:
    if isinstance(piece, ast.Constant):
        return str(piece.value)
    assert isinstance(piece, ast.FormattedValue)
    shown = ast.unparse(piece.value)
    if isinstance(piece.value, ast.Name) and shown in named:
        return _words(named[shown], {}) or f"{{{shown}}}"
    return f"{{{shown}}}"


def faults_of(site: Site) -> list[str]:
    """What is wrong with the form of a place, as far as its own words show it."""
    if site.words is None:
        return ["its words are made elsewhere"]
    said = re.sub(r"\{[^{}]*\}", "N", _PASSED_ON.sub("; give it", re.sub(r"\{near\([^{}]*\)\}", "", site.words)))
    demands = site.maker in ("ValueError", "QuantityError") and "must " in said
    added = demands or site.maker in _REMEDY_IS_ADDED or site.file in _WHY_ONLY
    return faults(said if has_remedy(said) or not added else f"{said}; give it")
