"""Where a number comes from, and the parts that every definition file shares."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal

from .block import Field, Strict, WithJsonSchema, model_validator
from .fields import Count, Date, Identifier, Text
from .format import LATEST
from .words import Reason

#: A key of the file's `sources`.
SourceKey = Annotated[Identifier, WithJsonSchema({"type": "string", "description": "a key of `sources`"})]

SourceKind = Literal[
    "label",
    "manufacturer",
    "regulator",
    "guideline",
    "consensus",
    "policy",
    "trial",
    "study",
    "review",
    "compendium",
    "secondary",
    "house",
]


class Source(Strict):
    """One document: enough for a second reader to find the very line."""

    title: Text
    body: Text
    date: Text | None = None
    url: Text | None = None
    locator: Text
    checked: Date
    kind: SourceKind | None = None
    note: Text | None = None

    @property
    def citation(self) -> str:
        """One line for the foot of a printed plan."""
        return _citation(self.title, self.body, self.date or "undated", self.locator, self.url)


@lru_cache(maxsize=512)
def _citation(title: str, body: str, date: str, locator: str, url: str | None) -> str:
    return ", ".join([title, body, date, locator]) + (f" <{url}>" if url else "")


class Cited(Strict):
    """A part of a file that names its source, or inherits the one of the block around it."""

    source: SourceKey | None = None


class Said(Cited):
    """A fact in words, with its source."""

    text: Text
    words_because: Reason | None = Field(default=None, description="why a figure in it is words and not data")


class Definition(Strict):
    """The head of every definition file."""

    schema_: Annotated[Count, Field(alias="schema", ge=1, le=LATEST)]
    id: Identifier
    version: Date
    title: Text = Field(default="", description="the id where it is left out")
    sources: dict[SourceKey, Source] = Field(min_length=1)
    source: SourceKey | None = Field(
        default=None,
        description="the source of every figure here that names no other; a file with one source need not say it",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        filled = {"title": data.get("id"), **data}
        sources = data.get("sources")
        if isinstance(sources, dict) and len(sources) == 1:
            filled.setdefault("source", next(iter(sources)))
        return filled


def cite(definition: Definition | None, *parts: Cited | None) -> str | None:
    """The citation of the first part that names a source, else the file's own."""
    if definition is None:
        return None
    key = next((part.source for part in parts if part is not None and part.source), None) or definition.source
    return definition.sources[key].citation if key else None
