"""Write the figures of docs/safety-officer.md, which stand between `<!-- NAME -->` and `<!-- end -->`: counted, never typed.

`python docs/build_counts.py` writes them; a test compares.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import yaml

from ivigcalc import library
from ivigcalc.codes import codes
from ivigcalc.render.markdown_text import table_lines

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGE = "safety-officer.md"


def filled(text: str) -> str:
    """The page with the figures of now."""
    for name, count in PARTS.items():
        head, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition("<!-- end -->")
        text = "".join([head, mark, "\n", *(f"{line}\n" for line in count()), "\n", end, tail])
    return text


def _hazards() -> Iterator[str]:
    log = (ROOT / "SAFETY.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### ([0-9]+\. .+?)$(.*?)(?=^### |\Z)", log, re.MULTILINE | re.DOTALL)
    rows = [(title, str(len(re.findall(r"^\| [^|]+ \| `ivigcalc/", text, re.MULTILINE)))) for title, text in sections]
    linked = [(f"[{title}](../SAFETY.md#{_anchor(title)})", controls) for title, controls in rows]
    total = sum(int(controls) for _, controls in rows)
    yield from table_lines(("Hazard", "Controls"), [*linked, (f"{len(rows)} hazards", str(total))])


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _content() -> Iterator[str]:
    products = [loaded.value for loaded in library.load_all("product")]
    policies = [loaded.value for loaded in library.load_all("policy")]
    protocols = [protocol for loaded in library.load_all("regimen") for protocol in loaded.value.protocols.values()]
    tables = [table for product in products for table in product.rates]
    assumed = sum(any(step.basis == "assumed" for step in table.ladder) for table in tables)
    yield from table_lines(
        ("What", "How many"),
        [
            ("products", str(len(products))),
            ("of them without published rates, so that no rate is given", str(sum(not one.rates for one in products))),
            ("rate tables", str(len(tables))),
            ("of them with a step that no source prints, marked `*`", str(assumed)),
            ("protocols", str(len(protocols))),
            *_by("protocols read in", (one.reading for one in protocols)),
            *_by("protocols founded on", (one.evidence for one in protocols)),
            ("policies", str(len(policies))),
            ("of them computable", str(sum(one.computable for one in policies))),
        ],
    )


def _by(what: str, found: Iterable[object]) -> Iterator[tuple[str, str]]:
    counted = Counter(map(str, found))
    for kind, number in counted.most_common():
        yield f"{what}: {kind}", str(number)


def _evidence() -> Iterator[str]:
    examples = [
        case
        for name in ("published-cases.yaml", "traps.yaml")
        for case in yaml.safe_load((ROOT / "tests" / "examples" / name).read_text(encoding="utf-8"))["cases"]
    ]
    kinds = Counter(case["kind"] for case in examples)
    said = Counter(kind for code in codes().values() for kind in code.kinds)
    rows = [(f"worked examples: {kind.replace('-', ' ')}", str(number)) for kind, number in kinds.most_common()]
    rows += [(f"codes that are {kind}", str(number)) for kind, number in said.most_common()]
    yield from table_lines(("What", "How many"), rows)


PARTS: dict[str, Callable[[], Iterator[str]]] = {"hazards": _hazards, "content": _content, "evidence": _evidence}


def main() -> None:
    """Write the figures."""
    page = DOCS / PAGE
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"docs/{PAGE}")


if __name__ == "__main__":
    main()
