"""What pydantic found wrong with a definition, in the words of the file: its keys, its lists, its blocks."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from ivigcalc.text import safe

PathKey = tuple[str | int, ...]

_PLAIN = {
    "missing": "is required",
    "model_type": "must be a block of keys",
    "model_attributes_type": "must be a block of keys",
    "dict_type": "must be a block of keys",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
}
_KINDS = {"dict": "a block of keys", "list": "a list", "NoneType": "an empty value"}


def described(item: Any, path: PathKey, model: type[BaseModel]) -> tuple[PathKey, str]:
    """One error of pydantic: the key that is at fault, and what is wrong with it."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return path, f"unknown key; allowed: {', '.join(_keys_at(model, path[:-1])) or 'none'}"
    if kind == "missing" and path != item["loc"]:
        return (*path, str(item["loc"][-1])), _PLAIN[kind]
    if kind in _PLAIN:
        return path, _PLAIN[kind]
    if kind == "value_error":
        return path, _in_words(str(context["error"]))
    return path, _of_value(kind, context, item)


def _of_value(kind: str, context: dict[str, Any], item: Any) -> str:
    if kind == "literal_error":
        expected = context["expected"].replace(chr(39), "")
        return f"{_shown(item['input'])} is not one of the choices; allowed: {expected}"
    if kind == "too_short":
        least = context["min_length"]
        return f"must have at least {'one entry' if least == 1 else f'{least} entries'}"
    if kind == "greater_than_equal":
        return f"{_shown(item['input'])}: must be at least {context['ge']}; allowed: {context['ge']} or more"
    if kind == "less_than_equal":
        return f"{_shown(item['input'])}: must be at most {context['le']}; allowed: {context['le']} or less"
    return f"{_shown(item['input'])}: {item['msg'][0].lower()}{item['msg'][1:]}"


def _in_words(message: str) -> str:
    said, of, kind = message.rpartition(", not ")
    return said + of + _KINDS[kind] if kind in _KINDS else message


def _shown(value: Any) -> str:
    return safe(repr(value)) if isinstance(value, str) else "this value"


# ---- which keys a block may have ----------------------------------------------------------------------------------


def _keys_at(model: type[BaseModel], path: PathKey) -> list[str]:
    found: list[Any] = [model]
    for part in path:
        found = [inner for each in found for inner in _inside(each, part)]
    block = next((each for each in found if _is_model(each)), None)
    return [info.alias or name for name, info in block.model_fields.items()] if block else []


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    """What stands under a key of a block, under a name in a dict, or at a place of a list."""
    if _is_model(annotation):
        for name, info in annotation.model_fields.items():
            if (info.alias or name) == part:
                yield from _alternatives(info.annotation)
    elif get_origin(annotation) is dict:
        yield from _alternatives(get_args(annotation)[1])  # whatever the name is, even that of a key
    elif get_origin(annotation) is tuple and isinstance(part, int):
        yield from _alternatives(get_args(annotation)[0])


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, without what pydantic was told of them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _alternatives(argument)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, BaseModel)
