"""What a start costs: whole commands against the import of what they stand on, and where the time of a plan goes.

Processor time of processes that ran to their end, in turn; the medians. `make prepared` goes first, as in the wheel.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

TYPER = "import typer"
STACK = "import typer, pydantic, rich.table, rich.console, yaml, dateutil.relativedelta"
ORDER = ["-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg"]
API = """
from ivigcalc import Form, plan_form
plan_form(Form(weight="72kg", regimen="dermatomyositis", product="octagam-10-us"), "dose", on=None)
"""
IVIGCALC = ["-m", "ivigcalc"]


def asked(line: str) -> dict[str, str]:
    """What bash says when it asks how a line goes on."""
    return {"_IVIGCALC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}


#: what is run -> its arguments, what else is in its environment, and what it is held against
STARTS: dict[str, tuple[list[str], dict[str, str], str]] = {
    TYPER: (["-c", TYPER], {}, TYPER),
    STACK: (["-c", STACK], {}, STACK),
    "ivigcalc --version": ([*IVIGCALC, "--version"], {}, TYPER),
    "completion of an id": (IVIGCALC, asked("ivigcalc schedule --weight 72kg -r der"), TYPER),
    "completion of an option": (IVIGCALC, asked("ivigcalc schedule --weight 72kg --reg"), TYPER),
    "completion of an option of batch": (IVIGCALC, asked("ivigcalc batch list.csv --ma"), TYPER),
    "completion of an option of batch, zsh": (
        IVIGCALC,
        {"_IVIGCALC_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "ivigcalc batch list.csv --"},
        TYPER,
    ),
    "completion of a command": (IVIGCALC, asked("ivigcalc sch"), TYPER),
    "ivigcalc dose --help": ([*IVIGCALC, "dose", "--help"], {}, STACK),
    "ivigcalc dose, one plan": ([*IVIGCALC, "dose", *ORDER], {}, STACK),
    "one plan through the Python API": (["-c", API], {}, STACK),
}
#: one plan in one process; how much processor time is gone after each part of it
PARTS = f"""
import json, sys, time
gone = [["Python itself", time.process_time()]]
def done(part): gone.append([part, time.process_time()])
import rich.table, rich.console
done("rich")
import msgspec
done("msgspec")
import ivigcalc.cli.main, ivigcalc.cli.plans
done("the commands")
import ivigcalc.definitions
done("what definitions are")
import ivigcalc.engine.make
done("the engine")
import ivigcalc.api, ivigcalc.library.find
done("the library")
from ivigcalc import library
library.load("regimen", "dermatomyositis"), library.load("product", "octagam-10-us"), library.policy("actual-weight")
library.safety(), library.product_class()
done("the definitions of the plan")
{API}
done("the plan")
from ivigcalc.cli.main import main
told, sys.stdout = sys.stdout, open("/dev/null", "w")
main({["dose", *ORDER]!r})
done("reading the command line, and the table")
told.write(json.dumps(gone))
"""


def starts(turns: int) -> list[str]:
    """Whole commands, in turn; against typer alone, or against all that a plan stands on."""
    found: dict[str, list[float]] = {name: [] for name in STARTS}
    for turn in range(max(turns, 9) + 1):
        for name, (arguments, environment, _) in STARTS.items():
            seconds = cpu_seconds([sys.executable, *arguments], environment)
            found[name] += [seconds] if turn else []  # the first warms the disk cache, and compiles
    lines = ["| what | processor, s | against | ratio, median | least | most |", "|---|--:|---|--:|--:|--:|"]
    for name, (_, _, against) in STARTS.items():
        pairs = [one / other for one, other in zip(found[name], found[against], strict=True)]
        yardstick = "typer" if against == TYPER else "its stack"
        ratios = f"{statistics.median(pairs):.2f} | {min(pairs):.2f} | {max(pairs):.2f}"
        lines.append(f"| `{name}` | {statistics.median(found[name]):.3f} | {yardstick} | {ratios} |")
    return [*lines, "", *parts(max(turns, 9))]


def parts(turns: int) -> list[str]:
    """Where the time of one plan goes."""
    runs = []
    for _ in range(turns):
        line = [sys.executable, "-c", PARTS]
        told = subprocess.run(line, capture_output=True, encoding="utf-8", check=True, env=installed()).stdout
        gone = json.loads(told)
        runs.append([seconds - before for (_, seconds), before in zip(gone, [0.0, *(s for _, s in gone)])])  # noqa: B905
    names = [name for name, _ in gone]
    each = [statistics.median(run[place] for run in runs) for place in range(len(names))]
    lines = ["| part of one plan | processor, ms | share |", "|---|--:|--:|"]
    lines += [
        f"| {name} | {1000 * seconds:.1f} | {seconds / sum(each):.0%} |"
        for name, seconds in zip(names, each, strict=True)
    ]
    return lines


def installed() -> dict[str, str]:
    """The environment, in which modules stay compiled once they were loaded, as an installer leaves them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu_seconds(command: Sequence[str], environment: dict[str, str] | None = None) -> float:
    """User and system time of a process that ran to its end."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=installed() | (environment or {})
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.stdout.write("\n".join(starts(15)) + "\n")
