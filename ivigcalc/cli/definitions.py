"""regimens, products, policies: list, show, check, schema, new, upgrade; sites; `schema` for all that has one."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.definition_diff import diff_of
from ivigcalc.cli.lean import add_command, group
from ivigcalc.cli.show import NoColorOption, OutputOption, QuietOption
from ivigcalc.cli.today import today

#: kind of definition -> its command, an example id, and what its files hold
KINDS = {
    "regimen": ("regimens", "dermatomyositis", "what is given for which disease: dose, days, interval, with sources"),
    "product": (
        "products",
        "octagam-10-us",
        "concentration, vials, rate tables and warnings of each product and country",
    ),
    "policy": ("policies", "au-lifeblood-2026", "which weight a body doses on, and how it rounds"),
}
#: a clinic's own settings: none are shipped, so there is nothing to list or show
SITES = "sites"


class ListFormat(StrEnum):
    """The faces of a list."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


class SheetFormat(StrEnum):
    """The faces of a sheet."""

    table = "table"
    json = "json"
    markdown = "markdown"


class SchemaName(StrEnum):
    """Everything that has a JSON Schema."""

    plan = "plan"
    regimen = "regimen"
    product = "product"
    policy = "policy"
    formula = "formula"
    safety = "safety"
    product_class = "class"
    site = "site"


_output, _filter = in_panel("Output"), in_panel("Filter")
ListFormatOption = Annotated[
    ListFormat, _output("table, json, csv or markdown.", "--format", "-f", metavar="FORMAT", show_default=True)
]
SheetFormatOption = Annotated[
    SheetFormat, _output("table, json or markdown.", "--format", "-f", metavar="FORMAT", show_default=True)
]
CategoryOption = Annotated[str | None, _filter("Group of diseases, e.g. neurology.", metavar="CATEGORY")]
WithProductOption = Annotated[
    str | None, _filter("Those that this product has a rate table for.", "--product", metavar="ID|FILE")
]
LicensedInOption = Annotated[
    str | None, _filter("Those that a product of this country is licensed for.", "--country", metavar="COUNTRY")
]
OfIndicationOption = Annotated[str | None, _filter("The one of this indication.", "--indication", metavar="ID")]
TextOption = Annotated[str | None, _filter("Words that its id, names or body contain.", metavar="WORDS")]
CountryOption = Annotated[str | None, _filter("Country, e.g. US, EU, AU.", metavar="COUNTRY")]
IndicationOption = Annotated[str | None, _filter("Licensed for it, or with a rate table for it.", metavar="ID")]
ComputableOption = Annotated[
    bool | None,
    _filter("Only those that a plan can use, or only those that it cannot.", "--computable/--incomplete"),
]
ReferenceArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID|FILE", help="Its id, or a YAML file; of a regimen also ID:PROTOCOL.", show_default=False
    ),
]
IdArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Lower-case letters, digits and hyphens; also the file's name.", show_default=False
    ),
]
FileArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A YAML file; also one of a site or a formula.", show_default=False),
]
PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE|DIR]...",
        help="Files, or folders of them; the shipped ones if none are given.",
        show_default=False,
    ),
]
SitesArgument = Annotated[
    list[Path], typer.Argument(metavar="[FILE|DIR]...", help="Site files, or folders of them.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    lists: dict[str, Callable[..., None]] = {
        "regimen": list_regimens,
        "product": list_products,
        "policy": list_policies,
    }
    examples = {
        "regimen": "--category dermatology",
        "product": "--country US --indication cidp",
        "policy": "--computable",
    }
    for kind, (name, example, holds) in KINDS.items():
        below = group(name, f"{name.capitalize()}: {holds}.")
        add_command(below, "list", lists[kind], f"{name} list {examples[kind]}")
        add_command(below, "show", _show(kind), f"{name} show {example}")
        add_command(below, "check", _check(kind), f"{name} check")
        add_command(below, "schema", _schema(kind), f"{name} schema -o {kind}.schema.json")
        add_command(below, "new", _new(kind), f"{name} new my-{kind} -o my-{kind}.yaml")
        add_command(below, "diff", diff_of(kind), f"{name} diff {example} my-{kind}.yaml plans/")
        add_command(below, "upgrade", _upgrade(kind), f"{name} upgrade my-{kind}.yaml -o my-{kind}-2.yaml")
        app.add_typer(below, name=name)
    below = group(SITES, "Sites: a clinic's own hours, pump, stock, premedication, paper and customs.")
    add_command(below, "check", check_sites, f"{SITES} check my-site.yaml")
    add_command(below, "schema", _schema("site"), f"{SITES} schema -o site.schema.json")
    add_command(below, "new", _new("site"), f"{SITES} new my-site -o my-site.yaml")
    app.add_typer(below, name=SITES)
    add_command(app, "schema", schema, "schema plan -o plan.schema.json")


# ---- list -----------------------------------------------------------------------------------------------------------


def list_regimens(
    category: CategoryOption = None,
    product: WithProductOption = None,
    country: LicensedInOption = None,
    indication: OfIndicationOption = None,
    text: TextOption = None,
    format: ListFormatOption = ListFormat.table,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Which regimens there are, with the confidence of their default protocol (LOW = none is the default)."""
    asked = {"category": category, "product": product, "country": country, "indication": indication, "text": text}
    _list("regimen", format, output, quiet, no_color, **asked)


def list_products(
    country: CountryOption = None,
    indication: IndicationOption = None,
    text: TextOption = None,
    format: ListFormatOption = ListFormat.table,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Which products there are, by country of licence; how many rate tables, and in how many a step is assumed."""
    _list("product", format, output, quiet, no_color, country=country, indication=indication, text=text)


def list_policies(
    country: CountryOption = None,
    computable: ComputableOption = None,
    text: TextOption = None,
    format: ListFormatOption = ListFormat.table,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Which policies there are; INCOMPLETE = on file as known, with something that nobody printed."""
    _list("policy", format, output, quiet, no_color, country=country, computable=computable, text=text)


def _list(kind: str, format: ListFormat, output: Path | None, quiet: bool, no_color: bool, **filters: Any) -> None:
    from ivigcalc.cli.output import emit, say, screen
    from ivigcalc.library.query import Filters, matching
    from ivigcalc.render.sheets import listing

    found = listing.listing(kind, matching(kind, Filters(**filters)))
    if not found.entries:
        say(f"no {kind} is like that; `ivigcalc {KINDS[kind][0]} list` shows all", quiet=quiet)
    if format is ListFormat.json:
        emit(listing.to_json(found), output, machine=True)
    elif format is ListFormat.csv:
        emit(listing.to_csv(found), output, machine=True)
    elif format is ListFormat.markdown:
        emit(listing.to_markdown(found), output, machine=True)
    else:
        emit(listing.to_table(found, **screen(output, no_color)._asdict()), output)


# ---- show -----------------------------------------------------------------------------------------------------------


def _show(kind: str) -> Callable[..., None]:
    def show(
        reference: ReferenceArgument,
        format: SheetFormatOption = SheetFormat.table,
        output: OutputOption = None,
        no_color: NoColorOption = False,
    ) -> None:
        from ivigcalc.cli.output import emit, screen
        from ivigcalc.render.sheets import faces as sheets

        loaded, protocol = _find(kind, reference)
        if format is SheetFormat.json:
            emit(sheets.to_json(loaded.policy if kind == "policy" else loaded), output, machine=True)
            return
        sheet = sheets.sheet_of(loaded, protocol)
        if format is SheetFormat.markdown:
            emit(sheets.to_markdown(sheet), output, machine=True)
            return
        emit(sheets.to_table(sheet, **screen(output, no_color)._asdict()), output)

    show.__doc__ = (
        f"One {kind} as a readable sheet, with the source at each figure; --format json gives the file itself."
    )
    return show


def _find(kind: str, reference: str) -> tuple[Any, str | None]:
    from ivigcalc import library
    from ivigcalc.errors import RequestError
    from ivigcalc.text import safe

    if kind == "policy":
        return library.policy(reference), None
    if kind == "product":
        return library.product(reference), None
    loaded, protocol = library.regimen(reference)
    if protocol is not None and protocol not in loaded.value.protocols:
        allowed = ", ".join(loaded.value.protocols)
        raise RequestError(
            f"regimen {loaded.value.id} has no protocol '{safe(protocol)}'; allowed: {allowed}",
            field="regimen",
            code="unknown-protocol",
        )
    return loaded, protocol


# ---- check ----------------------------------------------------------------------------------------------------------


def _check(kind: str) -> Callable[..., None]:
    def check(paths: PathsArgument = None, quiet: QuietOption = False) -> None:
        _report(paths or [], kind, quiet)

    check.__doc__ = (
        f"Every problem of {KINDS[kind][0]} files, as `file:line: key: message; allowed: ...`; exit 3 if there is one."
    )
    return check


def check_sites(paths: SitesArgument, quiet: QuietOption = False) -> None:
    """Every problem of site files, as `file:line: key: message; allowed: ...`; exit 3 if there is one."""
    _report(paths, "site", quiet)


def _report(paths: list[Path], kind: str, quiet: bool) -> None:
    from ivigcalc.cli.output import emit, say
    from ivigcalc.errors import DefinitionError
    from ivigcalc.library import check as checking

    report = checking.check(paths, kind, today())
    for note in report.notes:
        say(f"note: {note}", quiet=quiet)
    emit("".join(f"{problem}\n" for problem in report.problems), None)
    say(report.summary(), quiet=quiet)
    if report.problems:
        raise typer.Exit(DefinitionError.exit_code)


# ---- schema and new -------------------------------------------------------------------------------------------------


def schema(
    kind: Annotated[SchemaName, typer.Argument(metavar="KIND", help=f"{', '.join(SchemaName)}.", show_default=False)],
    output: OutputOption = None,
) -> None:
    """The JSON Schema of a kind of file, or of the plan that `--format json` prints."""
    _print_schema(kind.value, output)


def _schema(kind: str) -> Callable[..., None]:
    def schema(output: OutputOption = None) -> None:
        _print_schema(kind, output)

    schema.__doc__ = f"The JSON Schema of a {kind} file, so that an editor completes and checks it."
    return schema


def _print_schema(kind: str, output: Path | None) -> None:
    import json

    from ivigcalc.cli.output import emit

    emit(json.dumps(_schema_of(kind), ensure_ascii=False, indent=2) + "\n", output, machine=True)


def _schema_of(kind: str) -> dict[str, Any]:
    from ivigcalc.document.schema import plan_schema
    from ivigcalc.library.schema import schema_of

    return plan_schema() if kind == SchemaName.plan else schema_of(kind)


def _new(kind: str) -> Callable[..., None]:
    def new(identifier: IdArgument, output: OutputOption = None, quiet: QuietOption = False) -> None:
        from ivigcalc.cli.output import emit, say
        from ivigcalc.library.skeletons import skeleton

        text = skeleton(kind, identifier, today())
        _refuse_existing(output)
        emit(text, output, machine=True)
        say(
            f"fill in what stands in <...>, then: ivigcalc {_commands(kind)} check {output or f'{identifier}.yaml'}",
            quiet=quiet,
        )

    new.__doc__ = f"A skeleton of a {kind} file with a comment on every key, to fill in."
    return new


def _commands(kind: str) -> str:
    return KINDS[kind][0] if kind in KINDS else SITES


def _refuse_existing(output: Path | None) -> None:
    from ivigcalc.errors import RequestError

    if output is not None and output.exists():
        raise RequestError(f"-o {output.name} exists already; choose another name", field="output")


# ---- upgrade --------------------------------------------------------------------------------------------------------


def _upgrade(kind: str) -> Callable[..., None]:
    def upgrade(file: FileArgument, output: OutputOption = None, quiet: QuietOption = False) -> None:
        from ivigcalc.cli.output import emit, say
        from ivigcalc.library import upgrade as upgrading
        from ivigcalc.text import counted

        _refuse_existing(output)
        done = upgrading.upgrade(file, kind)
        emit(done.data.decode("utf-8"), output, machine=True)
        for problem in done.to_decide:
            say(f"decide: {problem}", quiet=quiet)
        if done.changed:
            say(f"{file}: schema 2; {counted(len(done.to_decide), 'sentence')} to decide on", quiet=quiet)
        else:
            say(f"{file}: is of schema 2 already; nothing was changed", quiet=quiet)

    upgrade.__doc__ = (
        f"A {kind} file of schema 1 as one of schema 2, comments and all; no figure changes. "
        "What a person has to decide is told on stderr."
    )
    return upgrade
