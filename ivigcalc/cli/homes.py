"""Which commands there are, and where. Loads nothing, so that a shell that asks how a line goes on need not wait."""

#: what a shell says when it asks, by typer's own scripts
ASKED = "_IVIGCALC_COMPLETE"
#: the options that ask for help
HELP = ("--help", "-h")
#: the commands of one patient
OF_ONE_PATIENT = ("dose", "schedule", "rates", "calendar")
#: the module of each command
HOMES = {
    **dict.fromkeys(OF_ONE_PATIENT, "plans"),
    **dict.fromkeys(("regimens", "products", "policies", "sites", "schema"), "definitions"),
    "ask": "ask",
    "compare": "compare",
    "day": "day",
    "replan": "replan",
    "diff": "diff",
    "forecast": "forecast",
    "verify": "verify",
    "batch": "batch",
    "explain": "explain",
}
