"""How a line goes on: names of commands and options and what each is for, from a table, so that no command is loaded.

The table, `options.json`, is written by `docs/build_manual.py` from what typer has; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("options.json")


class Row(NamedTuple):
    """A command below another, or an option of one. `holds`: command, yes, one or many; `choices`: the values, where
    they are known.
    """

    names: str
    holds: str
    help: str
    choices: str = ""


def next_words(typed: Sequence[str], word: str) -> list[tuple[str, str]] | None:
    """The words that may come after those typed and begin so, with what each is for; None where the table does not say:
    for an argument, and for what is not plain.
    """
    table = json.loads(TABLE.read_bytes())
    command, depth = "", 0
    while depth < len(typed) and (below := " ".join(typed[: depth + 1])) in table:
        command, depth = below, depth + 1
    rows = [Row(*row) for row in table[command]]
    commands = [row for row in rows if row.holds == "command"]
    given, asked = _given(rows, typed[depth:])
    if given is None or (commands and depth < len(typed)) or (word.startswith("-") and (asked or "=" in word)):
        return None
    if asked is not None:
        offered = [(choice, "") for choice in asked.choices.split()]
    elif word.startswith("-"):
        left = [row for row in rows if row.holds != "command" and (row.holds == "many" or row not in given)]
        offered = [(name, row.help) for row in left for name in row.names.split()]
    elif commands:
        offered = [(row.names, row.help) for row in commands]
    else:
        return None
    return [(name, text) for name, text in offered if name.startswith(word)]


def _given(rows: Sequence[Row], typed: Sequence[str]) -> tuple[list[Row] | None, Row | None]:
    """The options that were given, and the last one where its value is yet to come; None where typer must read them."""
    options = {name: row for row in rows if row.holds != "command" for name in row.names.split()}
    given: list[Row] = []
    words = iter(typed)
    for word in words:
        if word == "-" or not word.startswith("-"):  # an argument
            continue
        name, equals, _ = word.partition("=") if word.startswith("--") else (word, "", "")
        option = options.get(name)
        if option is None or (equals and option.holds == "yes"):
            return None, None
        given.append(option)
        if not equals and option.holds != "yes":
            value = next(words, None)
            if value is None:
                return given, option
            if value.startswith("-") and value != "-":  # missing, or looks as if it were
                return None, None
    return given, None
