"""The documents as tests read them. Their commands are run by `docs/build_examples.py`, which writes what they print."""

from __future__ import annotations

import re
from pathlib import Path

import build_examples

ROOT = Path(__file__).parent.parent


def blocks(document: str, language: str) -> list[str]:
    """The code blocks of a language in a document."""
    return build_examples.blocks(build_examples.text_of(document), language)


def links(document: str) -> list[Path]:
    """The files that a document links to."""
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    return [(ROOT / document).parent / target for target in targets if not target.startswith("http")]
