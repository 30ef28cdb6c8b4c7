"""One line of JSON Lines as a row: keys by their names or, nested, by a path such as `vitals.weight.value`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ivigcalc.batch.rows.columns import COLUMNS, Cell, unknown_column
from ivigcalc.batch.rows.headings import Reading, plain_name
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.text import safe

#: values of one object or list that a survey looks at
_LEAVES = 50


def json_object(line: bytes) -> dict[str, Any] | Failed:
    """One line as an object. Numbers keep the digits that were typed."""
    try:
        found = json.loads(
            line.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once_each
        )
    except UnicodeError:
        return _no_object(": it is not UTF-8")
    except json.JSONDecodeError as error:
        return _no_object(f": {error.msg}")
    except ValueError as error:
        return _no_object(f": {error}")
    except RecursionError:
        return _no_object(": nested too deep")
    return found if isinstance(found, dict) else _no_object("")


def _no_object(why: str) -> Failed:
    return Failed("unreadable-row", "", f"the line is not a JSON object{why}")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice: leave out one of them")
    return found


def json_cells(found: dict[str, Any], reading: Reading, columns: Sequence[str]) -> tuple[list[Cell], Failed | None]:
    """The cells of an object, and what is wrong with its keys, where something is."""
    cells: dict[str, Cell] = {}
    wrong: Failed | None = None
    heads = set()
    for column, path in reading.renamed.items():
        head, value = _at(found, path)
        heads.add(head)
        wrong = _put(cells, column, path, value) or wrong
    for name, value in found.items():
        if name in heads:
            continue
        column = name if name in COLUMNS else plain_name(name)
        if column not in COLUMNS or column in cells or column in reading.renamed:
            if reading.ignore_unknown and column not in COLUMNS:
                continue
            said = unknown_column(name) if column not in COLUMNS else f"'{safe(name)}' says {column} a second time"
            wrong = wrong or Failed("unknown-column", safe(name), said)
            continue
        wrong = _put(cells, column, name, value) or wrong
    return [cells.get(name, "") for name in columns], wrong


def leaves(found: Any, path: str = "") -> Iterator[str]:
    """The paths of all values of an object, but for those of very many."""
    if isinstance(found, dict) and found:
        for name, value in islice(found.items(), _LEAVES):
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(found, list) and _cell(found) is None:
        for place, value in enumerate(islice(found, _LEAVES)):
            yield from leaves(value, f"{path}.{place}")
    elif path:
        yield path


def cells_at(found: dict[str, Any], paths: Iterable[str]) -> list[Cell]:
    """What is at these paths; blank where there is nothing to read."""
    return [_cell(_at(found, path)[1]) or "" for path in paths]


def _put(cells: dict[str, Cell], column: str, name: str, value: Any) -> Failed | None:
    cell = _cell(value)
    if cell is None:
        what = f"{safe(name)}: holds neither text, a number nor a list of texts"
        return Failed("unreadable-row", safe(name), what)
    cells[column] = cell
    return None


def _at(found: dict[str, Any], path: str) -> tuple[str, Any]:
    """The key of the object that a path begins with, and the value at its end; None where there is none."""
    if path in found:
        return path, found[path]
    head, *rest = path.split(".")
    value: Any = found.get(head)
    for part in rest:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return head, None
    return head, value


def _cell(value: Any) -> Cell | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return value if isinstance(value, str) else None
