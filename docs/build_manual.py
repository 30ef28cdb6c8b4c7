"""Write what the wheel installs below share/: the manual page and the completion of bash, zsh and fish; and the table
from which a shell is answered (`ivigcalc/cli/goes_on.py`).

`python docs/build_manual.py` writes them; a test compares them with what it would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import typer
from build_reference import commands
from rich.text import Text
from typer import Context
from typer._completion_shared import get_completion_script

from ivigcalc import __version__
from ivigcalc.cli.app import build
from ivigcalc.cli.goes_on import TABLE, Row
from ivigcalc.cli.start import ASKED
from ivigcalc.customs import Paper
from ivigcalc.library import safety
from ivigcalc.render.comparison import sortable
from ivigcalc.render.paper.page import PARTS
from ivigcalc.replan.missed import Rest
from ivigcalc.request.fields import FIELD
from ivigcalc.request.request import Sex
from ivigcalc.request.words import OneOf

SHARE = Path(__file__).parent.parent / "share"
#: shell -> where it looks for the completion of a command that is installed
COMPLETIONS = {
    "bash": "bash-completion/completions/ivigcalc",
    "zsh": "zsh/site-functions/_ivigcalc",
    "fish": "fish/vendor_completions.d/ivigcalc.fish",
}
_ENVIRONMENT = {
    "IVIGCALC_SITE": "The site file, where --site names none.",
    "NO_COLOR": "Where it is set, no colour.",
    "IVIGCALC_DEBUG": "Where it is set, a bug shows where it happened.",
}
#: options of text, and the words that each can be
_FEW_WORDS = {
    "sex": get_args(Sex),
    "condition": tuple(safety().value.conditions),
    "part": PARTS,
    "paper": get_args(Paper),
    "rest": get_args(Rest),
    "sort": sortable(),
}
#: letters that say something else to roff, or that it would set more finely than they can be typed
_ROFF = str.maketrans({"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "^": "\\(ha", "~": "\\(ti", "`": "\\(ga"})


def files() -> dict[str, str]:
    """Path below share/ -> text of every file."""
    manual = "\n".join(_manual()) + "\n"
    return {"man/man1/ivigcalc.1": manual, **{path: _completion(shell) for shell, path in COMPLETIONS.items()}}


def main() -> None:
    """Write every file."""
    for path, text in files().items():
        target = SHARE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"share/{path}")
    TABLE.write_text(table(), encoding="utf-8")
    print(f"ivigcalc/cli/{TABLE.name}")


def _completion(shell: str) -> str:
    script = get_completion_script(prog_name="ivigcalc", complete_var=ASKED, shell=shell)
    if shell == "zsh":  # which loads the file when it is first asked, and wants its answer then
        script = script.replace("compdef _ivigcalc_completion ivigcalc", '_ivigcalc_completion "$@"')
    return script.strip() + "\n"


# ---- the table of commands and options -------------------------------------------------------------------------------


def table() -> str:
    """Every command -> the rows of what may follow it, as JSON with a row on each line."""
    root = typer.main.get_command(build())
    each = (
        f"{json.dumps(name)}: [\n"
        + ",\n".join(json.dumps(row if row.choices else row[:-1], ensure_ascii=False) for row in rows)
        + "\n]"
        for name, rows in _rows(root, "", None)
    )
    return "{\n" + ",\n".join(each) + "\n}\n"


def _rows(command: Any, name: str, above: Context | None) -> Iterator[tuple[str, list[Row]]]:
    context = command.make_context(name, [], parent=above, resilient_parsing=True)
    below = getattr(command, "commands", {})
    commands_below = [Row(one, "command", _shown(child.get_short_help_str())) for one, child in below.items()]
    options = [_row(p) for p in command.get_params(context) if p.param_type_name == "option"]
    yield name, [*commands_below, *options]
    for one, child in below.items():
        yield from _rows(child, f"{name} {one}".strip(), context)


def _row(option: Any) -> Row:
    holds = "many" if option.multiple else "yes" if option.is_flag else "one"
    choices = option.type_descriptor.choices or () if option.type_descriptor.is_choice else _words(option.name)
    names = [*option.opts, *option.secondary_opts]
    if option.name == "help":  # typer has these in no order
        names.sort(reverse=True, key=len)
    return Row(" ".join(names), holds, _shown(option.help or ""), " ".join(choices))


def _words(name: str) -> Sequence[str]:
    """The words that an option of text can be, where there are few of them."""
    if name in FIELD and isinstance(FIELD[name].read, OneOf):
        return FIELD[name].read.allowed
    return _FEW_WORDS.get(name, ())


def _shown(text: str) -> str:
    """A help as a shell shows it, on one line and without marks for style."""
    return Text.from_markup(" ".join(text.split())).plain


# ---- the manual page ------------------------------------------------------------------------------------------------


def _manual() -> Iterator[str]:
    root = typer.main.get_command(build())
    exits, _, check = root.epilog.partition(". ")
    yield '.\\" Generated by docs/build_manual.py; change the commands, not this page.'
    yield f'.TH IVIGCALC 1 "" "ivigcalc {__version__}" "User Commands"'
    yield from (".SH NAME", _text(f"ivigcalc - {root.help.rstrip('.')}"))
    yield from (".SH SYNOPSIS", ".B ivigcalc", ".I command", "[options]")
    yield from (".SH DESCRIPTION", _text(root.help), _text(check))
    yield ".SH OPTIONS"
    yield from _options(root)
    yield ".SH COMMANDS"
    for name, command in commands().items():
        yield f'.SS "{_text(name)}"'
        yield _text(" ".join((command.help or "").split()))
        yield from _options(command)
        yield from (".PP", "Example:", ".PP", ".RS 4", ".nf")
        yield _text((command.epilog or "").removeprefix("Example: "))
        yield from (".fi", ".RE")
    yield ".SH EXIT STATUS"
    for code, meaning in re.findall(r"(\d) (.*?)(?:, (?=\d )|$)", exits.removeprefix("Exit codes: ")):
        yield from (".TP", f".B {code}", _text(meaning))
    yield ".SH ENVIRONMENT"
    for name, meaning in _ENVIRONMENT.items():
        yield from (".TP", f".B {_text(name)}", _text(meaning))


def _options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (".TP", _name(parameter), _text(parameter.help or ""))


def _name(parameter: Any) -> str:
    """An option in bold, its value in italics."""
    value = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return f"\\fI{_text(value)}\\fR"
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} \\fI{_text(value)}\\fR"


def _text(words: str) -> str:
    """Words for roff, in which a backslash, and a point or a quote that begins a line, say something else."""
    words = words.translate(_ROFF)
    return f"\\&{words}" if words.startswith(".") else words


if __name__ == "__main__":
    main()
