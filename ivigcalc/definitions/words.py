"""Sentences of a definition file: words that limit something are data, and those kept as words say why."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from .block import PlainSerializer, PlainValidator, WithJsonSchema
from .fields import as_text

#: why a sentence with a figure is kept as words; each is explained in docs/definitions.md
Reason = Literal["history", "reading", "another-drug", "not-in-force", "monitoring", "repeats-data", "not-modelled"]
REASONS: tuple[str, ...] = get_args(Reason)


class Words(str):
    """A sentence, with the reason why its figures are words and not data, where the file gives one."""

    __slots__ = ("words_because",)
    words_because: str | None

    def __new__(cls, text: str, words_because: str | None = None) -> Words:
        """The text itself; equal to a plain one."""
        made = super().__new__(cls, text)
        made.words_because = words_because
        return made

    def __reduce__(self) -> tuple[type[Words], tuple[str, str | None]]:
        """To copy and to pickle."""
        return Words, (str(self), self.words_because)


def _words(value: Any) -> Words:
    if isinstance(value, Words):
        return value
    if not isinstance(value, dict):
        return Words(as_text(value))
    if set(value) != {"text", "words_because"}:
        raise ValueError("must be text, or a block of text and words_because")
    if value["words_because"] not in REASONS:
        raise ValueError(f"words_because must be one of {', '.join(REASONS)}")
    return Words(as_text(value["text"]), value["words_because"])


Sentence = Annotated[
    str,
    PlainValidator(_words),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string", "minLength": 1},
                        "words_because": {"enum": list(REASONS)},
                    },
                    "required": ["text", "words_because"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
