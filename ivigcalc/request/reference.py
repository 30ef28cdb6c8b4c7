"""How a definition is named: by its id, by id and protocol, or by the path of a file."""

from __future__ import annotations

SUFFIXES = (".yaml", ".yml")


def is_path(reference: str) -> bool:
    """Whether a reference names a file rather than an id."""
    return "/" in reference or "\\" in reference or reference.endswith(SUFFIXES)


def split_protocol(reference: str) -> tuple[str, str | None]:
    """`dermatomyositis:proderm` -> its two parts; the colon in a path of another system is left alone."""
    name, colon, protocol = reference.rpartition(":")
    if not colon or reference.endswith(SUFFIXES):
        return reference, None
    return name, protocol
