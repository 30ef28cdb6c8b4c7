"""A block of a definition file: a frozen value. It is declared once, in the words of pydantic, which are kept until a
file has to be read (`reading`): whoever takes a block that was read before needs no pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

_F = TypeVar("_F")
#: of a key that has to be given
REQUIRED: Any = object()


class Mark:
    """What pydantic is told of a type or of a key: the name of what it has for that, and what is said to it."""

    __slots__ = ("arguments", "name", "options")

    def __init__(self, name: str, *arguments: Any, **options: Any) -> None:
        self.name, self.arguments, self.options = name, arguments, options


BeforeValidator: Callable[..., Mark] = partial(Mark, "BeforeValidator")
AfterValidator: Callable[..., Mark] = partial(Mark, "AfterValidator")
PlainValidator: Callable[..., Mark] = partial(Mark, "PlainValidator")
PlainSerializer: Callable[..., Mark] = partial(Mark, "PlainSerializer")
WithJsonSchema: Callable[..., Mark] = partial(Mark, "WithJsonSchema")


def Field(*, default: Any = REQUIRED, alias: str | None = None, **options: Any) -> Any:  # noqa: N802 - as pydantic's
    """What is said of a key: its default, its name in the file, its bounds, its description."""
    given = {**options, **({} if default is REQUIRED else {"default": default}), **({"alias": alias} if alias else {})}
    return Mark("Field", **given)


def model_validator(*, mode: str) -> Callable[[_F], _F]:
    """Marks a method that looks at the whole block when a file is read, `before` its keys or `after` them."""

    def marked(method: Any) -> Any:
        return Mark("model_validator", method, mode=mode)

    return marked


class _ModelFields:
    """The keys of a block as pydantic has them."""

    def __get__(self, _: object, block: type[Strict]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = _reading().model_of(block).model_fields
        return found


def _reading() -> Any:
    """What makes a model of a block, which is loaded when a file is read; it knows the blocks, they do not know it."""
    return import_module("ivigcalc.definitions.reading")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class Strict:
    """Base of every block: frozen, and in a file an unknown key is an error.

    Made by its name it holds what it is given, unseen: what comes from a file goes through `model_validate`.
    """

    model_config: ClassVar[dict[str, Any]] = {"extra": "forbid", "frozen": True, "populate_by_name": False}
    model_fields: ClassVar[Any] = _ModelFields()
    #: key -> its default, `REQUIRED`, or what is said of it; of this class alone
    __own__: ClassVar[dict[str, Any]] = {}
    #: the same of the class and its bases, as values; the keys whose default is made anew
    __defaults__: ClassVar[dict[str, Any]] = {}
    __factories__: ClassVar[dict[str, Callable[[], Any]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {name: cls.__dict__.get(name, REQUIRED) for name in cls.__annotations__}
        for name, said in own.items():
            if said is not REQUIRED:
                delattr(cls, name)
        cls.__own__, cls.__defaults__, cls.__factories__ = own, {}, {}
        for base in reversed(cls.__mro__):
            for name, said in base.__dict__.get("__own__", {}).items():
                factory = said.options.get("default_factory") if isinstance(said, Mark) else None
                if factory is not None:
                    cls.__factories__[name] = factory
                cls.__defaults__[name] = said.options.get("default", REQUIRED) if isinstance(said, Mark) else said

    def __init__(self, **given: Any) -> None:
        unknown = given.keys() - self.__defaults__.keys()
        made = {name: factory() for name, factory in self.__factories__.items()}
        filled = {**self.__defaults__, **made, **given}
        if unknown or REQUIRED in filled.values():
            missing = [name for name, value in filled.items() if value is REQUIRED]
            raise TypeError(f"{type(self).__name__}: unknown {sorted(unknown)}, missing {missing}")
        self.__dict__.update(filled)

    @classmethod
    def model_validate(cls, data: Any) -> Self:
        """The block that a file says; raises pydantic's `ValidationError`."""
        found: Self = _reading().read(cls, data)
        return found

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values, which are not looked at."""
        return type(self)(**{**self.values(), **update})

    def model_dump(self, **how: Any) -> dict[str, Any]:
        """What a file would say, as pydantic writes it."""
        found: dict[str, Any] = _reading().as_model(self).model_dump(**how)
        return found

    @classmethod
    def trusted(cls, given: Mapping[str, Any]) -> Self:
        """The block that was read before: its values as they were found, without those that are the default."""
        made = cls.__new__(cls)
        held = made.__dict__
        held.update(cls.__defaults__)
        for name, factory in cls.__factories__.items():
            held[name] = factory()
        held.update(given)
        return made

    def is_default(self, name: str) -> bool:
        """Whether a key has the value that it has where it is left out, to the last digit."""
        factory = self.__factories__.get(name)
        default = factory() if factory else self.__defaults__[name]
        value = self.__dict__[name]
        return type(value) is type(default) and repr(value) == repr(default)

    def values(self) -> dict[str, Any]:
        """Key, as Python has it -> value, in the order of declaration."""
        held = self.__dict__
        return {name: held[name] for name in self.__defaults__}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be taken away")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Strict)
        return self.values() == other.values()

    def __hash__(self) -> int:
        return hash(tuple(self.values().values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.values().items())})"
