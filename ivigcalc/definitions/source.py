"""Where a number comes from, and the parts that every definition file shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from .fields import Count, Date, Identifier, Strict, Text

#: A key of the file's `sources`.
SourceKey = Annotated[Identifier, WithJsonSchema({"type": "string", "description": "a key of `sources`"})]

SourceKind = Literal[
    "label", "manufacturer", "regulator", "guideline", "consensus", "policy", "trial", "study", "review", "compendium",
    "secondary", "house",
]  # fmt: skip


class Source(Strict):
    """One document: enough for a second reader to find the very line."""

    title: Text
    body: Text
    date: Text | None = None
    url: Text | None = None
    locator: Text
    checked: Date
    kind: SourceKind
    note: Text | None = None

    @property
    def citation(self) -> str:
        """One line for the foot of a printed plan."""
        parts = [self.title, self.body, self.date or "undated", self.locator]
        return ", ".join(parts) + (f" <{self.url}>" if self.url else "")


class Cited(Strict):
    """A part of a file that names its source, or inherits the one of the block around it."""

    source: SourceKey | None = None


class Said(Cited):
    """A fact in words, with its source."""

    text: Text


class Definition(Strict):
    """The head of every definition file."""

    schema_: Annotated[Count, Field(alias="schema", ge=1, le=1)]
    id: Identifier
    version: Date
    title: Text
    sources: dict[SourceKey, Source] = Field(min_length=1)
    source: SourceKey | None = Field(default=None, description="the source of every figure here that names no other")
