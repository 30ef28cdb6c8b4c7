"""Speed and memory of `ivigcalc batch`, as ratios measured in one run; prints them and writes bench/RESULTS.md.

The yardstick is Python's own csv module: the time that a process needs merely to read `steps.csv` and write it again.
Whole processes are timed, start-up included, the two in turn; the median of the pairs is what counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

RESULTS = Path(__file__).parent / "RESULTS.md"
REWRITE = """
import csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as source, open(sys.argv[2], "w", newline="", encoding="utf-8") as target:
    csv.writer(target, lineterminator="\\n").writerows(csv.reader(source))
"""
ORDERS = {
    "octagam-10-us, dermatomyositis (3 steps)": ("dermatomyositis", "octagam-10-us"),
    "gammagard-liquid-us, cidp (6 steps)": ("cidp:us-label-gamunex-c", "gammagard-liquid-us"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    seconds: float
    peak_mb: float


def write_patients(path: Path, patients: int, regimen: str, product: str) -> None:
    """A hospital's list: weights to 0.1 kg, starts over four weeks; the same for everybody who runs this."""
    pick = random.Random(20261122)
    with path.open("w", encoding="utf-8") as file:
        file.write("patient_id,weight_kg,regimen,product,courses,days,start,at\n")
        for number in range(patients):
            weight = pick.randint(400, 1200) / 10
            start = f"2026-12-{pick.randint(1, 28):02}"
            file.write(f"P{number:06},{weight},{regimen},{product},6,2,{start},09:00\n")


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


def compare(scratch: Path, patients: Path, jobs: int, pairs: int) -> tuple[float, float, float]:
    """Median seconds of the batch and of the rewriting, and the median of their ratios, taken in turn."""
    batches, rewritings = [], []
    for number in range(pairs + 1):
        folder = scratch / f"{patients.stem}-{jobs}-{number}"
        batches.append(timed(batch(patients, folder, jobs)).seconds)
        steps = str(folder / "steps.csv")
        rewritings.append(timed([sys.executable, "-c", REWRITE, steps, str(scratch / "again.csv")]).seconds)
    batches, rewritings = batches[1:], rewritings[1:]  # the first pair warms the disk cache
    ratios = [one / other for one, other in zip(batches, rewritings, strict=True)]
    return statistics.median(batches), statistics.median(rewritings), statistics.median(ratios)


def machine() -> str:
    """The machine in words, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def measure(patients: int, many: int, pairs: int) -> list[str]:
    """All figures as lines of Markdown."""
    lines = [f"Measured on {machine()}.", "", "## Throughput", ""]
    lines += ["| order | jobs | seconds | patients/s | csv rewriting, s | ratio |", "|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, (regimen, product) in ORDERS.items():
            source = scratch / f"{product}.csv"
            write_patients(source, patients, regimen, product)
            for jobs in (1, 2):
                took, rewriting, ratio = compare(scratch, source, jobs, pairs)
                lines.append(
                    f"| {name} | {jobs} | {took:.2f} | {patients / took:.0f} | {rewriting:.2f} | {ratio:.2f} |"
                )
        lines += ["", "## Peak memory", "", "| patients | jobs | peak MiB | against the smaller |", "|---|---|---|---|"]
        regimen, product = next(iter(ORDERS.values()))
        peaks: list[float] = []
        for size in (patients, many):
            source = scratch / f"memory-{size}.csv"
            write_patients(source, size, regimen, product)
            peaks.append(timed(batch(source, scratch / f"memory-{size}", 1)).peak_mb)
            lines.append(f"| {size} | 1 | {peaks[-1]:.1f} | {peaks[-1] / peaks[0]:.3f} |")
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
        f"{asked.patients} patients x 6 courses x 2 days; whole processes, start-up included; medians of {asked.pairs} pairs taken in turn.",
        "The yardstick is the time that Python's csv module needs merely to rewrite the `steps.csv` that the batch made.",
        "",
    ]
    lines = head + measure(asked.patients, asked.many, asked.pairs)
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
