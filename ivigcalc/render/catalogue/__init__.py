"""The words of what is printed, in one place, so that whoever is qualified can put them into another language.

A name of a group stands for the same words on every page that has them. `{...}` is filled in; where a number decides
between two forms, each has its name; a line break is one of a heading. Left where they are: units, what engine and
definitions say (notices, reasons, titles), messages about what was asked, and the words of the options,
`request/fields.py`. All places: docs/architecture.md, "Where the printed words stand".
"""

from __future__ import annotations

from functools import cache


@cache
def words_of(group: type) -> dict[str, str]:
    """Name -> words of one group, for the templates."""
    return {name: words for name, words in vars(group).items() if not name.startswith("_")}
