"""What is handed out beside the wheel is whole: who unpacks the source can run its tests."""

import re
import tomllib

import pytest
from documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "part",
    ["SAFETY.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", "ivigcalc", "regimens", "share", "tests", "docs", "bench", "fuzz", ".ci"],
)  # fmt: skip
def test_what_the_tests_read_is_in_the_source_archive(part: str) -> None:
    assert part in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert (ROOT / part).exists()


def test_it_is_said_where_it_runs() -> None:
    """Windows is played by `test_windows.py`, and has not been run."""
    systems = [name for name in PROJECT["project"]["classifiers"] if name.startswith("Operating System")]
    assert systems == ["Operating System :: POSIX"]


def test_windows_which_has_no_list_of_zones_gets_one() -> None:
    assert [name for name in PROJECT["project"]["dependencies"] if name.startswith("tzdata") and "win32" in name]


def test_the_tests_that_mutation_runs_are_there() -> None:
    named = re.findall(r'"(tests/[a-z_/.]+)"', (ROOT / "fuzz" / "mutation.py").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
