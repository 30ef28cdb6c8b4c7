"""Runs tests of the tree that it is started in, each in a fork of this process, which has imported the libraries and the
definitions: `test_hazard_log.py` has more than 250 to run, and to import takes longer than to test.

A line of stdin is `[module, test, said]` as JSON: which module has changed, which test to run, the file for what it says.
The answer is a line with its exit code.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

LIBRARIES = (
    "_pytest.python", "dateutil.relativedelta", "holidays", "hypothesis.strategies", "platformdirs", "pydantic", "rich.console", "rich.table",
    "simplejson", "typer.testing", "yaml", "ivigcalc.definitions",
)  # fmt: skip
#: no control is tried for longer
SECONDS = 300


def main() -> None:
    """Answer until stdin is closed."""
    for library in LIBRARIES:
        importlib.import_module(library)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(changed: str, test: str, said: str) -> None:
    """In a fork, which this ends."""
    code = 100
    try:
        signal.alarm(SECONDS)
        nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream, to in ((0, nothing), (1, output), (2, output)):
            os.dup2(to, stream)
        if changed in sys.modules:
            for name in [name for name in sys.modules if name.partition(".")[0] == "ivigcalc"]:
                del sys.modules[name]
        # plain: to rewrite the asserts of tests that are read once would take as long as they run
        code = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--assert=plain", test]))
        if not Path(sys.modules["ivigcalc"].__file__ or "").is_relative_to(Path.cwd()):
            code = 101  # not this tree: no test could miss anything
        sys.stdout.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
