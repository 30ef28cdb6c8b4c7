"""What is handed out beside the wheel is whole: who unpacks the source can run its tests."""

import re
import tomllib

import pytest
from documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "part",
    ["SAFETY.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", "hatch_build.py", "ivigcalc", "regimens", "tests", "docs", "bench", "fuzz", ".ci"],
)  # fmt: skip
def test_what_the_tests_read_is_in_the_source_archive(part: str) -> None:
    assert part in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert (ROOT / part).exists()


def test_it_is_said_where_it_runs() -> None:
    """Locks of the batch folder need fcntl, which only POSIX systems have."""
    assert "Operating System :: POSIX" in PROJECT["project"]["classifiers"]


def test_the_tests_that_mutation_runs_are_there() -> None:
    named = re.findall(r'"(tests/[a-z_/.]+)"', (ROOT / "fuzz" / "mutation.py").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
