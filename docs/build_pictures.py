"""Make the pictures of the README: the table of its main job, and the record of the same order.

`python docs/build_pictures.py` (`make pictures`) writes them to docs/pictures/, and beside the record the words on it. A test compares what
the pictures say with what the commands print now.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from importlib.metadata import version
from pathlib import Path

from build_examples import ASKED_ON, examples, run, text_of, words

PICTURES = Path(__file__).parent / "pictures"
TABLE, RECORD, WORDS = (PICTURES / name for name in ("table.svg", "record.png", "record.txt"))
#: where the command is folded
WIDTH = 90
#: the record is made at 192 dots per inch, and shown in fewer
SHRUNK, SHADES = 5 / 8, 16
MADE_OF = "made of"
#: rich's own frame loads fonts from a server
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>What ivigcalc prints for one order: head, sessions and pump rates</title>
<style>
.{unique_id}-matrix {{
font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def command() -> str:
    """The main job of the README, which both pictures show."""
    return next(shown.command for shown in examples(text_of("README.md")) if " schedule " in shown.command)


def table_lines() -> list[str]:
    """The words on the picture of the table: the command, and all that it prints before its notices."""
    [(_, done)] = run(f"```console\n$ {command()}\n```\n")
    head, _, _ = done.out.partition("\nCAUTION")
    return [*_folded(f"$ {command()}"), *map(str.rstrip, head.rstrip().split("\n"))]


def _folded(typed: str) -> Iterator[str]:
    line, *options = re.split(r" (?=--?[a-z])", " ".join(typed.replace("\\\n", " ").split()))
    for option in options:
        if len(line) + len(option) + 3 > WIDTH:
            yield f"{line} \\"
            line = f"    {option}"
        else:
            line += f" {option}"
    yield line


def table_svg(lines: list[str]) -> str:
    """Lines as a picture, without a font or anything else from elsewhere."""
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    paper, ink = (255, 255, 255), (27, 31, 36)
    width = max(map(len, lines))
    console = Console(record=True, width=width, file=io.StringIO(), legacy_windows=False, color_system="truecolor")
    for line in lines:
        headed = line.startswith(("$", "    --", "IVIG ", "Sessions", "Rates,"))
        console.print(Text(line, style="bold" if headed else ""))
    made = console.export_svg(theme=TerminalTheme(paper, ink, [ink] * 8), code_format=FRAME, unique_id="ivigcalc")
    return "\n".join(line.rstrip() for line in made.split("\n") if line.strip()) + "\n"


def words_on(svg: str) -> list[str]:
    """The lines of text on a picture of a table; rich makes one text of each line."""
    texts = re.findall(r"<text [^>]*>(.*?)</text>", svg, re.DOTALL)
    return [unescape(text).replace("\N{NO-BREAK SPACE}", " ").rstrip() for text in texts]


def record() -> tuple[bytes, list[str]]:
    """The record of the first session of that order: the page as the typesetter makes it, and its words."""
    from pypdf import PdfReader

    from ivigcalc import Form, plan_form
    from ivigcalc.render.paper.page import prepared
    from ivigcalc.render.paper.typeset import typeset

    _, asked_for, *typed = words(command())
    options = dict(zip(typed[::2], typed[1::2], strict=True))
    form = Form(**{option.removeprefix("--").replace("-", "_"): value for option, value in options.items()})
    data = prepared(plan_form(form, asked_for, on=ASKED_ON), None, ("record",), "1.1")
    [page] = PdfReader(io.BytesIO(typeset("plan.typ", data, "pdf", "pictures"))).pages
    return typeset("plan.typ", data, "png", "pictures"), page.extract_text().splitlines()


def digest(page: bytes) -> str:
    """By which the typesetter a page was made, and its SHA-256: what a picture carries as its `made of`."""
    return f"typst {version('typst')}, {sha256(page).hexdigest()}"


def record_png(page: bytes) -> bytes:
    """A page, smaller and in few shades of grey."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    whole = Image.open(io.BytesIO(page)).convert("L")
    size = (round(whole.width * SHRUNK), round(whole.height * SHRUNK))
    note, made = PngInfo(), io.BytesIO()
    note.add_text(MADE_OF, digest(page))
    whole.resize(size, Image.Resampling.LANCZOS).quantize(SHADES).save(made, "PNG", optimize=True, pnginfo=note)
    return made.getvalue()


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    TABLE.write_text(table_svg(table_lines()), encoding="utf-8")
    page, words = record()
    RECORD.write_bytes(record_png(page))
    WORDS.write_text("\n".join(words) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
