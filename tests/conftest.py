"""What every test may use: the command line, run in this process, and the rules for generated cases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import HealthCheck, settings

from ivigcalc.cli.main import main

# No deadline: the machine that runs the tests may be busy. Derandomised: a red run is red for everybody, every time.
settings.register_profile(
    "ivigcalc", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ivigcalc")


@pytest.fixture(autouse=True)
def asked_on() -> Iterator[None]:
    """Plans of the command line are asked for on one day, so that no start of a test ever becomes past."""
    with pytest.MonkeyPatch.context() as patch:  # of its own, which a test that undoes its patches leaves alone
        for command in ("plans", "batch", "compare", "records", "replan", "forecast"):
            patch.setattr(f"ivigcalc.cli.{command}.today", lambda: date(2026, 11, 1))
        yield


@dataclass(frozen=True)
class Run:
    """What a command did: its exit code and its two streams."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """`run("dose", "--weight", "72kg", ...)`, with no site of the machine's own."""
    for name in ("IVIGCALC_SITE", "IVIGCALC_DEBUG", "COLUMNS", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    capsys.readouterr()

    def ivigcalc(*arguments: object) -> Run:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return ivigcalc


@pytest.fixture
def refuses(run: Callable[..., Run]) -> Callable[..., str]:
    """Run a command that must end with this exit code, say why on stderr and print nothing; gives what it said."""

    def refused(code: int, *arguments: object) -> str:
        done = run(*arguments)
        assert (done.code, done.out) == (code, ""), done
        assert done.err.strip(), "it must say why"
        assert "Traceback" not in done.err
        assert "bug" not in done.err
        return done.err

    return refused
