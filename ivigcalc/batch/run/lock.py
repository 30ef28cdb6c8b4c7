"""A lock file, which the system gives free when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
    from contextlib import suppress

    def hold(handle: int) -> None:
        """Lock an open file for this process. Raises `OSError` where another has it."""
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def give_free(handle: int, path: Path) -> None:
        """No longer hold the file. What is open cannot be deleted there: it goes now, unless another run has it."""
        os.close(handle)
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()

else:
    import fcntl

    def hold(handle: int) -> None:
        """Lock an open file for this process. Raises `OSError` where another has it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def give_free(handle: int, path: Path) -> None:  # noqa: ARG001
        """No longer hold the file. It was deleted while it was held, or stays for the run that goes on."""
        os.close(handle)
