"""What pydantic makes of the blocks: a model of each, with the same keys and the same checks, made when it is needed.

A model reads and checks what a file says; what it made is handed on as the block that was declared.
"""

from __future__ import annotations

import types
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pydantic
from pydantic import BaseModel

from ivigcalc.quantity import Quantity

from .block import REQUIRED, Mark, Strict

_B = TypeVar("_B", bound=Strict)
_DUNDERS = ("__doc__", "__module__", "__str__")
_MODELS: dict[type[Strict], type[BaseModel]] = {}
_BLOCKS: dict[type[BaseModel], type[Strict]] = {}


def read(block: type[_B], data: Any) -> _B:
    """The block that `data` says; raises `ValidationError`."""
    found = as_block(model_of(block).model_validate(data))
    assert isinstance(found, block)
    return found


def as_block(made: Any) -> Any:
    """What a model read, as the value that was declared; so with all that is inside it."""
    if isinstance(made, BaseModel):
        kind: type[BaseModel] = made.__pydantic_generic_metadata__["origin"] or type(made)
        return _BLOCKS[kind](**{name: as_block(made.__dict__[name]) for name in type(made).model_fields})
    if type(made) is tuple:
        return tuple(map(as_block, made))
    if type(made) is dict:
        return {key: as_block(value) for key, value in made.items()}
    return made


def as_model(value: Strict) -> BaseModel:
    """The model's value of a block, to be written."""
    return model_of(type(value)).model_validate(_said(value))


def _said(value: Any) -> Any:
    if isinstance(value, Strict):
        aliases = {name: info.alias or name for name, info in value.model_fields.items()}
        defaults = value.__defaults__
        held = {name: getattr(value, name) for name in defaults}
        return {aliases[name]: _said(one) for name, one in held.items() if one != defaults[name]}
    if type(value) is tuple:
        return tuple(map(_said, value))
    if type(value) is dict:
        return {key: _said(one) for key, one in value.items()}
    return value


def model_of(block: type[Strict]) -> type[BaseModel]:
    """The model of a block."""
    if block not in _MODELS:
        _MODELS[block] = _made(block)
        _BLOCKS[_MODELS[block]] = block
    return _MODELS[block]


def _made(block: type[Strict]) -> type[BaseModel]:
    if block is Strict:
        body = {
            "model_config": {**Strict.model_config, "ignored_types": (Quantity,), "arbitrary_types_allowed": True},
            "__module__": Strict.__module__,
        }
        return types.new_class("Strict", (BaseModel,), exec_body=lambda names: names.update(body))
    declared = block.__dict__.get("__orig_bases__", block.__bases__)
    bases = tuple(model_of(base) if isinstance(base, type) and issubclass(base, Strict) else base for base in declared)
    return types.new_class(block.__name__, bases, exec_body=lambda names: names.update(_body(block)))


def _body(block: type[Strict]) -> dict[str, Any]:
    """The names in the body of the class, as pydantic wants them."""
    hints = get_type_hints(block, include_extras=True)
    kept = {name: value for name, value in vars(block).items() if not name.startswith("__") or name in _DUNDERS}
    return {
        **{name: _told(value) if isinstance(value, Mark) else value for name, value in kept.items()},
        **{name: _default(value) for name, value in block.__own__.items() if value is not REQUIRED},
        "__annotations__": {name: annotation(hints[name]) for name in block.__own__},
        "__qualname__": block.__qualname__,
    }


def _told(mark: Mark) -> Any:
    if mark.name == "model_validator":
        validator: Any = pydantic.model_validator
        return validator(**mark.options)(*mark.arguments)
    options = {name: _default(value) for name, value in mark.options.items()}
    return getattr(pydantic, mark.name)(*mark.arguments, **options)


def _default(value: Any) -> Any:
    if isinstance(value, Mark):
        return _told(value)
    return as_model(value) if isinstance(value, Strict) else value


def annotation(hint: Any) -> Any:
    """A type with the models in place of the blocks, and with what pydantic is told in its own words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind, *notes = arguments
        return Annotated[(annotation(kind), *(_told(note) if isinstance(note, Mark) else note for note in notes))]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(annotation, arguments))]  # noqa: UP007 - of as many as there are
    if origin in (tuple, dict):
        return origin[tuple(map(annotation, arguments))]
    block = hint if origin is None else origin
    if not (isinstance(block, type) and issubclass(block, Strict)):
        return hint
    model: Any = model_of(block)
    return model[tuple(map(annotation, arguments))] if arguments else model
