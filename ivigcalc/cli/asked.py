"""What a shell says when it asks how a line goes on, by typer's own scripts."""

ASKED = "_IVIGCALC_COMPLETE"
