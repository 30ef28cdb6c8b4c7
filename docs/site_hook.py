"""Puts the documents that live outside docs/ on the site, and leads their links there: on_files and on_page_markdown of mkdocs."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from posixpath import dirname, normpath, relpath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
#: document of the project -> its page
PAGES = {
    "README.md": "index.md",
    "SAFETY.md": "SAFETY.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "regimens/README.md": "regimens/README.md",
    "tests/README.md": "tests/README.md",
    "bench/RESULTS.md": "bench/RESULTS.md",
}
_WHERE = {page: document for document, page in PAGES.items()}
#: a link or picture of Markdown, or of the little HTML that GitHub needs for the width of a picture
_LINK = re.compile(r'(?P<before>\]\(|(?:href|src)=")(?P<target>[^)\s"#]+)(?P<after>(?:#[^)\s"]*)?[)"])')
_CODE_WITH_BAR = re.compile(r"`([^`\n]*\\\|[^`\n]*)`")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """The documents beside docs/ as pages."""
    for document, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / document)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page, with links that lead to pages of the site; what is no page of it is named and not linked."""
    markdown = _CODE_WITH_BAR.sub(_shown_bar, markdown)
    here = page.file.src_uri
    document = _WHERE.get(here, f"docs/{here}")
    parts = _CODE.split(markdown)
    parts[::2] = [_linked(part, document, here) for part in parts[::2]]
    return "".join(parts)


def _shown_bar(code: re.Match[str]) -> str:
    """Code of a table with a bar in it, which GitHub wants written with a backslash and this Markdown would show so."""
    return f"<code>{escape(code[1]).replace(chr(92) + '|', '&#124;')}</code>"


def _linked(text: str, document: str, here: str) -> str:
    def link(found: re.Match[str]) -> str:
        target = found["target"]
        if re.match(r"<?[a-z]+:", target):
            return found[0]
        asked = normpath(f"{dirname(document)}/{target}".lstrip("/"))
        page = PAGES.get(asked, asked.removeprefix("docs/") if asked.startswith("docs/") else None)
        if page is None:
            raise ValueError(f"{document} links to {asked}, which is no page of the site")
        return f"{found['before']}{relpath(page, dirname(here) or '.')}{found['after']}"

    return _LINK.sub(link, text)
