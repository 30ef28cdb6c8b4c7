"""Fuzzing: hostile inputs against every reader and the whole command line. `python fuzz/run.py --inputs 100000`.

Coverage-guided by atheris where it is installed (Linux); else hypothesis draws as many inputs, unguided, and says so.
Each target runs in a process of its own, in an empty folder, with a limit on the time and memory of one input.
An input that breaks the program is kept in build/fuzz/ and named; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOUND = HERE.parent / "build" / "fuzz"
#: one input may take so long, and the whole process so much memory
SECONDS, MEGABYTES = 20, 3000


def main() -> int:
    """Share the inputs among the targets and run them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many in all")
    parser.add_argument("--target", help="only this one, with all inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    if asked.child:
        return _child(asked.target, asked.inputs, asked.seed)
    from targets import TARGETS

    shares = {asked.target: 1.0} if asked.target else {name: share for name, (_, share, _) in TARGETS.items()}
    guided = importlib.util.find_spec("atheris") is not None
    print(
        f"fuzzing with {'atheris, guided by coverage' if guided else 'hypothesis, unguided (atheris is not installed)'}"
    )
    done = [_target(name, round(asked.inputs * share), asked.seed) for name, share in shares.items()]
    total = sum(inputs for inputs, _ in done)
    broken = sum(not sound for _, sound in done)
    print(f"{'total':<8} {total:>8,} inputs; {broken} targets broken")
    return 1 if broken or total < asked.inputs else 0


def _target(name: str, inputs: int, seed: int) -> tuple[int, bool]:
    began = time.monotonic()
    command = [
        sys.executable,
        str(HERE / "run.py"),
        "--child",
        "--target",
        name,
        "--inputs",
        str(inputs),
        "--seed",
        str(seed),
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    said = done.stdout + done.stderr
    ran = re.findall(r"(?:Done|tried) (\d+)", said)
    edges = re.findall(r"cov: (\d+)", said)
    sound = done.returncode == 0 and bool(ran)
    print(
        f"{name:<8} {int(ran[-1]) if ran else 0:>8,} inputs in {time.monotonic() - began:6.0f} s, {edges[-1] if edges else '-':>5} branches reached: {'sound' if sound else 'BROKEN'}",
        flush=True,
    )
    if not sound:
        print(said[-6000:])
    return int(ran[-1]) if ran else 0, sound


def _child(name: str, inputs: int, seed: int) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES * 2**20, MEGABYTES * 2**20))
    return _guided(name, inputs, seed) if importlib.util.find_spec("atheris") else _unguided(name, inputs, seed)


def _guided(name: str, inputs: int, seed: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["ivigcalc"]):
        from targets import TARGETS, seeds
    target, _, longest = TARGETS[name]
    corpus = Path("corpus")
    corpus.mkdir()
    for place, seed_input in enumerate(seeds(name)):
        (corpus / f"{place}").write_bytes(seed_input)
    FOUND.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0],
        f"-runs={inputs}",
        f"-seed={seed}",
        f"-max_len={longest}",
        f"-timeout={SECONDS}",
        "-rss_limit_mb=0",
        f"-artifact_prefix={FOUND}/{name}-",
        str(corpus),
    ]
    atheris.Setup(arguments, target)
    atheris.Fuzz()
    return 0


def _unguided(name: str, inputs: int, seed: int) -> int:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as with_seed
    from hypothesis import strategies as st
    from targets import TARGETS, seeds

    target, _, longest = TARGETS[name]
    tried = 0
    known = list(seeds(name))

    def changed(base: bytes, at: int, new: bytes) -> bytes:
        place = at % (len(base) + 1)
        return base[:place] + new + base[place + len(new) :]

    near = st.builds(changed, st.sampled_from(known), st.integers(0, 10**6), st.binary(max_size=8))

    @with_seed(seed)
    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.binary(max_size=longest), near))
    def attempt(data: bytes) -> None:
        nonlocal tried
        tried += 1
        signal.alarm(SECONDS)
        try:
            target(data)
        except BaseException:
            FOUND.mkdir(parents=True, exist_ok=True)
            (FOUND / f"{name}-last").write_bytes(data)
            raise
        finally:
            signal.alarm(0)

    attempt()
    print(f"tried {tried}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
