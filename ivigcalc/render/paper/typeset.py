"""Runs the one set of typst templates: data in as JSON, finished bytes out. No clock, no network."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.render.catalogue import words_of
from ivigcalc.render.catalogue.paper import DayPage, Paper

Form = Literal["pdf", "svg", "png"]
TEMPLATES = Path(__file__).parent / "templates"
PNG_DOTS_PER_INCH = 192
#: templates that are of no plan, and their words
_OTHER_WORDS: dict[str, type] = {"day.typ": DayPage}
#: documents after which typst forgets what it worked out for an earlier one
_FORGOTTEN_AFTER = 10
_MISSING_GLYPH = re.compile(r"the text `?\"(.*?)\"`? could not be displayed", re.DOTALL)


def typeset(template: str, data: dict[str, Any], form: Form, needs: str) -> bytes:
    """Fill a template. The data reach it as text values, so nothing in them can be markup."""
    try:
        import typst
    except ImportError:
        raise MissingExtraError(needs, "pdf") from None
    inputs = inputs_of(data, _OTHER_WORDS.get(template, Paper))
    if form != "pdf" and not inputs["data"].isascii():
        # only of a PDF does typst say that a letter is missing
        typeset(template, data, "pdf", needs)
    # The fonts inside typst cover Latin, Greek and Cyrillic, the same on every machine. A name in another script needs
    # a font of the machine; accessible PDF refuses to print an empty box for a letter, so it tells us.
    try:
        return _compiled(template, inputs, form, own_fonts_only=True)
    except typst.TypstError as error:
        if not _MISSING_GLYPH.search(error.message):
            raise
    try:
        return _compiled(template, inputs, form, own_fonts_only=False)
    except typst.TypstError as error:
        missing = _MISSING_GLYPH.search(error.message)
        if not missing:
            raise
        letter = missing[1][:20]
        raise RequestError(
            f"no font on this machine can print '{letter}' (U+{ord(letter[0]):04X}): "
            "install one, for example Noto, or take --format html",
            field="name",
        ) from None


def _compiled(template: str, inputs: dict[str, str], form: Form, *, own_fonts_only: bool) -> bytes:
    return _compiler(own_fonts_only).compile(  # type: ignore[no-any-return]
        TEMPLATES / template,
        format=form,
        ppi=PNG_DOTS_PER_INCH if form == "png" else None,
        pdf_standards=["ua-1"] if form == "pdf" else [],
        sys_inputs=inputs,
    )


def inputs_of(data: dict[str, Any], words: type = Paper) -> dict[str, str]:
    """What the templates are given: the data, their decimal mark, and the words of the catalogue."""
    return {
        "data": json.dumps(data, ensure_ascii=False),
        "decimal": data.get("decimal", "."),
        "texts": _texts(words),
    }


@cache
def _texts(words: type) -> str:
    return json.dumps(words_of(words), ensure_ascii=False)


def _compiler(own_fonts_only: bool) -> Any:
    """The compiler of this process, which has its fonts read, and nothing left in it of the documents before."""
    known = _COMPILERS.get(own_fonts_only)
    if known is None:
        import typst

        known = _COMPILERS[own_fonts_only] = typst.Compiler(root=TEMPLATES, ignore_system_fonts=own_fonts_only)
        return known
    # a document leaves up to 150 MB behind until so many others were made; empty ones are quickly made
    for _ in range(_FORGOTTEN_AFTER):
        known.compile(b"", format="pdf")
    return known


_COMPILERS: dict[bool, Any] = {}
