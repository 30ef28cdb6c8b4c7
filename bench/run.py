"""Speed and memory of `ivigcalc batch`, as ratios measured in one run; prints them and writes bench/RESULTS.md.

The yardstick is Python's own csv module: the time that a process needs merely to read `steps.csv` and write it again.
Whole processes are timed, the two in turn; the median of the pairs is what counts. Starting is timed on its own, with a
file of one patient: what is left is the work, and the ratio of the work is what a longer list comes to.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from start import starts

RESULTS = Path(__file__).parent / "RESULTS.md"
REWRITE = """
import csv, sys
source = open(sys.argv[1], newline="", encoding="utf-8")
target = open(sys.argv[2], "w", newline="", encoding="utf-8")
with source, target:
    csv.writer(target, lineterminator="\\n").writerows(csv.reader(source))
"""
ORDERS = {
    "octagam-10-us, dermatomyositis (3 steps)": ("dermatomyositis", "octagam-10-us"),
    "privigen-us, cidp (5 steps, as most ladders have)": ("cidp:us-label-gamunex-c", "privigen-us"),
    "gammagard-liquid-us, cidp (6 steps)": ("cidp:us-label-gamunex-c", "gammagard-liquid-us"),
    "octagam-10-us, polymyositis (3 steps, monthly)": ("polymyositis:cherin-2002", "octagam-10-us"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    seconds: float
    peak_mb: float


def write_hospital(path: Path, patients: int, regimen: str, product: str, *, decimals: int = 1) -> None:
    """A hospital's list: every row with its own weight (to so many decimals of a kg), height, sex, age and start."""
    pick = random.Random(20261128)
    with path.open("w", encoding="utf-8") as file:
        file.write("patient_id,weight_kg,height_cm,sex,age_years,regimen,product,courses,days,start,at\n")
        for number in range(patients):
            height = pick.randint(1450, 2000) / 10
            weight = round(pick.uniform(18, 38) * (height / 100) ** 2, decimals)
            who = f"{weight},{height},{pick.choice(['male', 'female'])},{pick.randint(18, 90)}"
            file.write(f"P{number:07},{who},{regimen},{product},6,2,2026-12-{pick.randint(1, 28):02},09:00\n")


def write_patients(
    path: Path, patients: int, regimen: str, product: str, *, courses: int = 6, per_kg: int = 10
) -> None:
    """A list of weights: weights to 1/`per_kg` kg, starts over four weeks; the same for everybody who runs this."""
    pick = random.Random(20261122)
    with path.open("w", encoding="utf-8") as file:
        file.write("patient_id,weight_kg,regimen,product,courses,days,start,at\n")
        for number in range(patients):
            weight = pick.randint(40 * per_kg, 120 * per_kg) / per_kg
            start = f"2026-12-{pick.randint(1, 28):02}"
            file.write(f"P{number:07},{weight},{regimen},{product},{courses},2,{start},09:00\n")


def timed(command: Sequence[str]) -> Run:
    """Run a command to its end; wall seconds and the peak memory of its process."""
    began = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - began
    if process.returncode:
        raise SystemExit(f"failed with exit code {process.returncode}: {' '.join(command)}")
    return Run(seconds, usage.ru_maxrss / 1024)


def batch(patients: Path, folder: Path, jobs: int) -> list[str]:
    """The command that is measured."""
    return [sys.executable, "-m", "ivigcalc", "batch", str(patients), "-o", str(folder), "--jobs", str(jobs), "--quiet"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Median seconds of the batch, of a batch of one patient, and of the rewriting."""

    batch: float
    start: float
    rewriting: float

    @property
    def ratio(self) -> float:
        """The whole batch against the rewriting."""
        return self.batch / self.rewriting

    @property
    def work_ratio(self) -> float:
        """The batch without its start against the rewriting."""
        return (self.batch - self.start) / self.rewriting


def compare(scratch: Path, patients: Path, one: Path, jobs: int, pairs: int) -> Compared:
    """The three in turn."""
    found: list[list[float]] = [[], [], []]
    for number in range(pairs + 1):
        folder = scratch / f"{patients.stem}-{jobs}-{number}"
        taken = [
            timed(batch(patients, folder, jobs)),
            timed(batch(one, scratch / f"{one.stem}-of-{patients.stem}-{jobs}-{number}", jobs)),
            timed([sys.executable, "-c", REWRITE, str(folder / "steps.csv"), str(scratch / "again.csv")]),
        ]
        for seconds, run in zip(found, taken, strict=True):
            seconds.append(run.seconds)
        shutil.rmtree(folder)
    return Compared(*(statistics.median(seconds[1:]) for seconds in found))  # the first warms the disk cache


def machine() -> str:
    """The machine in words, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system, python = f"{platform.system()} on {platform.machine()}", platform.python_version()
    return f"{system}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {python}"


def measure(patients: int, many: int, pairs: int) -> list[str]:
    """All figures as lines of Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        return [
            f"Measured on {machine()}, with a load of {os.getloadavg()[2]:.1f} before.",
            "",
            f"## {patients:,} patients",
            "",
            *against_csv(scratch, patients, pairs, ORDERS),
            "",
            f"## {many:,} patients",
            "",
            *against_csv(scratch, many, 1, dict([next(iter(ORDERS.items()))])),
            "",
            "## The lists that there are goals for",
            "",
            *against_goals(scratch, min(pairs, 3)),
            "",
            "## Start-up",
            "",
            *starts(pairs),
            "",
            "## Throughput of one process, without its start",
            "",
            *throughput(scratch),
            "",
            "## A file for each patient, of one process",
            "",
            *files(scratch),
            "",
            "## Peak memory of one process",
            "",
            *memory(scratch, (patients, many)),
        ]


def against_csv(scratch: Path, patients: int, pairs: int, orders: dict[str, tuple[str, str]]) -> list[str]:
    """One line for each order and number of jobs."""
    lines = [
        "| order | jobs | seconds | of which start | patients/s | csv rewriting, s | ratio | ratio without start |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, (regimen, product) in orders.items():
        order = f"{product}-{regimen.replace(':', '-')}"
        source, one = scratch / f"{order}-{patients}.csv", scratch / f"{order}-one.csv"
        write_patients(source, patients, regimen, product)
        write_patients(one, 1, regimen, product)
        for jobs in (1, 2):
            found = compare(scratch, source, one, jobs, pairs)
            lines.append(
                f"| {name} | {jobs} | {found.batch:.2f} | {found.start:.2f} | {patients / found.batch:,.0f} | "
                f"{found.rewriting:.2f} | {found.ratio:.2f} | {found.work_ratio:.2f} |"
            )
    return lines


def against_goals(scratch: Path, pairs: int) -> list[str]:
    """The lists that there are goals for, without the start."""
    lines = [
        "| octagam-10-us, dermatomyositis | patients | jobs | csv rewriting, s | ratio without start | goal |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    order = next(iter(ORDERS.values()))
    for name, patients, write, goals in GOALS:
        stem = name.replace(" ", "-").replace("'", "").replace(",", "")
        source, one = scratch / f"{stem}.csv", scratch / f"{stem}-one.csv"
        write(source, patients, *order)
        write(one, 1, *order)
        for jobs, goal in zip((1, 2), goals, strict=True):
            found = compare(scratch, source, one, jobs, pairs)
            lines.append(
                f"| {name} | {patients:,} | {jobs} | {found.rewriting:.2f} | {found.work_ratio:.2f} | {goal} |"
            )
    return lines


#: list, patients, how it is written, and the ratios that it is to have with one job and with two
GOALS: tuple[tuple[str, int, Callable[..., None], tuple[float, float]], ...] = (
    ("a hospital's list", 10_000, write_hospital, (3, 1.7)),
    ("a hospital's list, weights to 1 g", 10_000, partial(write_hospital, decimals=3), (6, 3.5)),
    ("equal questions", 50_000, write_patients, (0.6, 0.4)),
)


def throughput(scratch: Path) -> list[str]:
    """What a year's plan costs where many patients weigh the same, and where hardly any do."""
    lines = [
        "| 13 courses x 2 days, octagam-10-us, dermatomyositis | patients | patients/s | ms a patient |",
        "|---|--:|--:|--:|",
    ]
    regimen, product = next(iter(ORDERS.values()))
    one = scratch / "throughput-one.csv"
    write_patients(one, 1, regimen, product, courses=13)
    start = min(timed(batch(one, scratch / f"throughput-one-{turn}", 1)).seconds for turn in range(3))
    for name, patients, per_kg in (("weights to 0.1 kg", 20_000, 10), ("weights to 1 g", 5_000, 1000)):
        source = scratch / f"throughput-{per_kg}.csv"
        write_patients(source, patients, regimen, product, courses=13, per_kg=per_kg)
        turns = [timed(batch(source, scratch / f"throughput-{per_kg}-{turn}", 1)).seconds for turn in range(3)]
        took = statistics.median(turns) - start
        lines.append(f"| {name} | {patients:,} | {patients / took:,.0f} | {1000 * took / patients:.3f} |")
    return lines


#: files for each patient, how they are asked for, and of how many patients
FILES: tuple[tuple[str, tuple[str, ...], tuple[int, int]], ...] = (
    ("ics", ("ics",), (50, 500)),
    ("pdf, the record of one session", ("pdf", "--session", "1.1"), (20, 200)),
    ("pdf, all 16 pages", ("pdf",), (10, 100)),
)


def files(scratch: Path) -> list[str]:
    """What `--each` costs, and that it holds no more for more patients."""
    regimen, product = next(iter(ORDERS.values()))
    lines = ["| files | patients | patients/s | peak MiB |", "|---|--:|--:|--:|"]
    for name, options, sizes in FILES:
        for patients in sizes:
            source, folder = scratch / f"each-{patients}.csv", scratch / f"each-{name}-{patients}".replace(" ", "-")
            write_patients(source, patients, regimen, product)
            run = timed([*batch(source, folder, 1), "--each", *options])
            lines.append(f"| {name} | {patients} | {patients / run.seconds:.1f} | {run.peak_mb:.0f} |")
    return lines


def memory(scratch: Path, sizes: Sequence[int]) -> list[str]:
    """Peak memory at each size against the first."""
    regimen, product = next(iter(ORDERS.values()))
    lines = ["| patients | peak MiB | against the smaller |", "|--:|--:|--:|"]
    peaks: list[float] = []
    for size in sizes:
        source = scratch / f"memory-{size}.csv"
        write_patients(source, size, regimen, product)
        peaks.append(timed(batch(source, scratch / f"memory-{size}", 1)).peak_mb)
        lines.append(f"| {size:,} | {peaks[-1]:.1f} | {peaks[-1] / peaks[0]:.3f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    asked = parser.parse_args()
    head = [
        "# Speed and memory",
        "",
        f"Written by `make bench`. 6 courses x 2 days for each patient; medians of {asked.pairs} turns "
        f"({asked.many:,} patients: one).",
        "The yardstick is the time that Python's csv module needs merely to rewrite the `steps.csv` that the batch",
        "made. `start` is a batch of one patient: Python, the program and the definitions are loaded, and two files",
        "are synced. A hospital's list has its own weight (to 0.1 kg), height, sex, age and start in every row.",
        "",
    ]
    text = "\n".join(head + measure(asked.patients, asked.many, asked.pairs)) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
