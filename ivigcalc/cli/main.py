"""The command line: runs one command, catches every error once, and turns it into an exit code."""

from __future__ import annotations

try:
    import gc
    import os
    import sys
    from functools import partial

    from ivigcalc.cli import plain
    from ivigcalc.cli.homes import ASKED, HOMES, OF_ONE_PATIENT
    from ivigcalc.cli.output import let_go, tell
    from ivigcalc.errors import IvigcalcError, RefusedError, RequestError
    from ivigcalc.text import LONG, printable, safe
except KeyboardInterrupt:  # loading takes a tenth of a second, in which somebody may think better of it
    raise SystemExit(130) from None

EXIT_BUG, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def run() -> None:
    """Entry point of the `ivigcalc` command."""
    try:
        # nothing that happens to be installed may change how files are read
        os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
        code = main(sys.argv[1:])
        gc.freeze()  # no cycles are looked for on the way out: see `cli.start.run`
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    if sys.argv[1:2] and sys.argv[1] in OF_ONE_PATIENT:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End without taking apart what was loaded, which takes longer than to plan. For commands beside which nothing
    runs and that leave no file open; where the last words cannot be written, the program ends as ever."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; bad input never shows a traceback."""
    try:
        _open_streams(needed=("stdout",) if arguments[:1] == ["batch"] else ("stdout", "stderr"))
        code = _dispatch(arguments)  # control: no-socket
        sys.stdout.flush()
        return code
    except RefusedError as error:
        _complain(f"refused ({', '.join(error.codes)}): {error}")
        if error.overridable:
            options = " ".join(f'--override {code}="reason"' for code in error.codes)
            _complain(f"to go on in spite of it: {options}")
        from ivigcalc.cli.astray import not_of_replan

        if elsewhere := not_of_replan(error, arguments, partial(_command_of, "replan")):
            _complain(elsewhere)
        to_explain = error.code if len(error.codes) == 1 else "CODE"
        _complain(f"what it means and what to do: ivigcalc explain {to_explain}")
        return error.exit_code
    except IvigcalcError as error:
        from ivigcalc.cli.astray import next_of, not_of_replan

        _complain(str(error) if error.exit_code == 3 else f"error: {error}")
        if elsewhere := not_of_replan(error, arguments, partial(_command_of, "replan")):
            _complain(elsewhere)
        if next_step := next_of(error, arguments):
            _complain(next_step)
        return error.exit_code
    except OSError as error:
        return _ended_by(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        if os.environ.get("IVIGCALC_DEBUG"):
            raise
        if ASKED in os.environ:
            _complain(f"error: what the shell asks by {ASKED} cannot be read ({type(error).__name__}: {error})")
            _complain(f"unset {ASKED}, or load the completion of this shell again")
            return EXIT_USAGE
        _complain(f"this is a bug in ivigcalc, not in what you typed: {type(error).__name__}: {error}")
        _complain("please report it with the command line; IVIGCALC_DEBUG=1 shows where it happened")
        return EXIT_BUG


def _open_streams(needed: tuple[str, ...]) -> None:
    """A stream that is closed (`>&-`) is refused where it is needed: a result or a caution would be lost without a
    word. What a batch says on stderr is in its folder as well."""
    closed = [name for name in ("stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if missing := [name for name in closed if name in needed]:
        raise RequestError(f"{' and '.join(missing)} is closed: send it to a file, or to {os.devnull}")


def _ended_by(error: OSError) -> int:
    """Trouble of the machine, which its user can mend; a reader that has seen enough is none."""
    if isinstance(error, BrokenPipeError) and _nobody_reads():
        let_go(sys.stdout)
        return 0
    place = f"{safe(os.fsdecode(error.filename), LONG)}: " if isinstance(error.filename, str | bytes) else ""
    _complain(
        f"error: {place}{error.strerror or error}; check the path, its permissions, and that the disk is not full"
    )
    try:
        sys.stdout.flush()
    except OSError:
        let_go(sys.stdout)
    return EXIT_USAGE


def _nobody_reads() -> bool:
    """Whether stdout is a pipe whose other end is closed."""
    import select

    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)  # of nothing but its end
    except (OSError, ValueError):  # not a file of the system: nothing that could be closed
        return False
    return bool(poll.poll(0))


def _dispatch(arguments: list[str]) -> int:
    try:
        line = None if ASKED in os.environ else plain.read(arguments)
        result = _by_typer(arguments) if line is None else line.run()
    except SystemExit as stop:
        # both of them end the program themselves on a closed pipe: rich, which lets go of it, and typer, which wraps it
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        if not hasattr(sys.stdout, "wrapped"):
            return 0
        for name in ("stdout", "stderr"):
            setattr(sys, name, getattr(sys, name).wrapped)
        raise stop.__context__ from None
    except Exception as error:
        code = getattr(error, "exit_code", None)
        if code is None or isinstance(error, IvigcalcError):
            raise
        if hasattr(error, "format_message") and error.format_message():
            from ivigcalc.cli.astray import lines

            for said in lines(error, arguments, {name: partial(_command_of, name) for name in HOMES}):
                _complain(said)
        return int(code)
    return int(result) if isinstance(result, int) else 0


def _by_typer(arguments: list[str]) -> object:
    from ivigcalc.cli.app import made

    command = made(arguments[0] if arguments else _completed())
    return command.main(args=arguments, prog_name="ivigcalc", standalone_mode=False)


def _command_of(name: str) -> object:
    from ivigcalc.cli.app import command_of

    return command_of(name)


def _completed() -> str | None:
    """The command whose options a shell asks for, where one is typed."""
    if ASKED not in os.environ:
        return None
    from ivigcalc.cli.complete import command_typed

    return command_typed(os.environ[ASKED], os.environ)


def _complain(text: str) -> None:
    """Say what is wrong; nothing that was typed reaches the terminal as anything but text."""
    tell("\n".join(map(printable, text.split("\n"))) + "\n")
