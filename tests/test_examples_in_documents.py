"""Every command that a document shows is run, and does what the document shows; what it prints can be written anew."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from build_examples import Done, Example, _written, examples, pages, run, text_of
from documents import ROOT, blocks

PYTHON = [
    (path.relative_to(ROOT).as_posix(), number)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number in range(len(blocks(path.relative_to(ROOT).as_posix(), "python")))
]


def test_the_pages_that_show_commands_are_known() -> None:
    assert {"README.md", "docs/batch.md", "docs/pharmacist.md", "docs/nurse.md", "docs/script.md"} <= set(pages())


@pytest.mark.parametrize("page", pages())
def test_every_command_does_what_is_shown(page: str) -> None:
    for example, done in run(text_of(page)):
        assert done.exit_code == example.exit_code, (example.command, done)
        assert example.is_shown_by(done.printed), f"{example.command}\n{done.printed}\nrun: make docs"
        assert not re.search(r"Traceback|\bbug\b", done.err)
        writes_files = example.command.startswith("ivigcalc batch") and "--survey" not in example.command
        if example.exit_code in (1, 2, 3, 4) or writes_files:
            assert done.out == "", "what is refused has no result, and a batch only files"


@pytest.mark.parametrize(("page", "number"), PYTHON, ids=str)
def test_every_example_in_python_runs(page: str, number: int) -> None:
    code = blocks(page, "python")[number]
    exec(compile(code, page, "exec"), {})


def test_the_script_for_a_shell_does_what_it_says(tmp_path: Path) -> None:
    [script] = blocks("docs/script.md", "bash")
    [printed] = blocks("docs/script.md", "text")
    command = f'ivigcalc() {{ "{sys.executable}" -m ivigcalc "$@"; }}\n{script}'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == printed


# ---- how they are read and written anew -----------------------------------------------------------------------------

SHOWN = """```console
$ ivigcalc one \\
    --two
[exit 5]
a 1
...
c 1
$ ivigcalc three
whole
```
"""


def test_a_block_is_read() -> None:
    one, three = examples(SHOWN)
    assert one == Example("ivigcalc one \\\n    --two", 5, ["a 1", "...", "c 1"])
    assert three == Example("ivigcalc three", 0, ["whole"])


def test_what_is_left_out_may_be_anything_and_nothing_else_may() -> None:
    one, three = examples(SHOWN)
    assert one.is_shown_by("a 1\nb\nb\nc 1\n")
    assert not one.is_shown_by("a 2\nb\nc 1\n")
    assert not three.is_shown_by("whole\nand more\n")


def test_what_changed_is_written_anew_and_what_was_left_out_stays_so() -> None:
    one, three = examples(SHOWN)
    again = _written(one, Done(4, "", "new\na 2\nb\nc 2\nd\n"))
    assert again == "$ ivigcalc one \\\n    --two\n[exit 4]\nnew\na 2\n...\nc 2\nd\n"
    assert _written(three, Done(0, "other\n", "")) == "$ ivigcalc three\nother\n"
