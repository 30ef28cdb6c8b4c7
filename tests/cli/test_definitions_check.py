"""`check`: contradictions that the models cannot see, each told by file, line and key."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.library import find

GROUPS = {"regimen": "regimens", "product": "products", "policy": "policies"}


def changed(folder: Path, kind: str, identifier: str, *changes: tuple[str, str], name: str | None = None) -> Path:
    """A shipped file with some of its text replaced, each exactly where it stands first."""
    text = library.shipped(kind)[identifier].read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / (name or f"{identifier}.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, words: str) -> int:
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1) if words in line)


def problems(path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> list[str]:
    assert main([GROUPS[kind], "check", str(path)]) == 3
    out, err = capfd.readouterr()
    assert re.search(r"^1 file checked: \d+ problems? in 1 file$", err, re.M)
    return out.splitlines()


JAPAN = "    dose: {per_course: 2 g/kg, note: 0.4 g/kg a day}\n    days: {from: 5, to: 5, consecutive: true}"

#: kind, id, changes, the line that is at fault, its key, what is said
CONTRADICTIONS = [
    # 2 g/kg on 4 days is 0.5 g/kg a day, on 5 days 0.4
    ("regimen", "dermatomyositis", [(JAPAN, JAPAN.replace("from: 5", "from: 4"))], "days: {from: 4, to: 5", "protocols.japan.days.from",
     "2 g/kg on 4 days is above the protocol's limit of 0.4 g/kg in a day; allowed: 5 or more"),
    ("regimen", "dermatomyositis",
     [(JAPAN, JAPAN.replace("per_course: 2 g/kg", "per_day: 0.5 g/kg"))], "per_day: 0.5 g/kg", "protocols.japan.dose",
     "0.5 g/kg a day is above the protocol's limit of 0.4 g/kg in a day; allowed: up to 0.4 g/kg"),
    ("regimen", "dermatomyositis", [("{per: day, max: 1 g/kg, level: caution, note", "{per: course, max: 1.9 g/kg, level: caution, note")],
     "dose: {per_course: 2 g/kg}", "protocols.us-label.dose", "2 g/kg is above the protocol's limit of 1.9 g/kg in a course"),
    # 2 g/kg every 4 weeks is 2 g/kg in 4 weeks
    ("regimen", "dermatomyositis", [("{per: day, max: 1 g/kg, level: caution, note", "{per: 4-weeks, max: 1.9 g/kg, level: caution, note")],
     "dose: {per_course: 2 g/kg}", "protocols.us-label.dose", "2 g/kg, every 4 weeks, is above the protocol's limit of 1.9 g/kg in 4 weeks"),
    ("regimen", "dermatomyositis", [("days: {from: 2, to: 5, consecutive: true, equal: true}\n    interval: {every: 4 weeks}",
     "days: {from: 8, to: 9}\n    interval: {every: 1 week}")], "interval: {every: 1 week}", "protocols.us-label.interval.every",
     "a course of 8 to 9 days does not end before the next begins, 1 week later; allowed: 8 days or more"),
    ("regimen", "dermatomyositis", [("id: dermatomyositis", "id: dermatomyositis-2")], "id: dermatomyositis-2", "id",
     "is 'dermatomyositis-2', but the file is called dermatomyositis.yaml; allowed: dermatomyositis-2.yaml"),
    ("regimen", "dermatomyositis", [("version: 2026-11-28", "version: 2999-01-01")], "version: 2999-01-01", "version", "2999-01-01 is in the future"),
    ("regimen", "dermatomyositis", [("version: 2026-11-28", "version: 2026-11-21")], "checked: 2026-11-22",
     "sources.octagam-10-us-2021.checked", "2026-11-22 is after the file's version of 2026-11-21"),
    ("regimen", "dermatomyositis", [("title: Dermatomyositis", "title: <name of the disease>")], "title: <name", "title", "is still to be filled in"),
    ("regimen", "dermatomyositis", [("      - text: \"rests on the", "      - <a remark>\n      - text: \"rests on the")],
     "- <a remark>", "protocols.us-label.notes[1]", "'<a remark>' is still to be filled in"),
    # 12 mg/kg/min at 100 mg/mL is 0.12 mL/kg/min
    ("product", "octagam-10-us", [("text: \"12 mg/kg/min\"", "text: \"11 mg/kg/min\"")], "11 mg/kg/min", "rates[2].ceiling.note",
     "the note says 11 mg/kg/min, which is not 0.12 mL/kg/min at 100 mg/mL"),
    ("product", "octagam-10-us", [("for: [chronic-itp]", "for: [chronic-itp, dermatomyositis]")], "chronic-itp, dermatomyositis", "rates[2].for",
     "'dermatomyositis' (any infusion) already has table 1, so this one is never used for it"),
    ("product", "qivigy-us", [("infusion: subsequent", "infusion: any")], "for: [primary-immunodeficiency]", "rates[2].for",
     "'primary-immunodeficiency' (any infusion) already has table 1"),
    ("policy", "au-lifeblood-2026", [("ideal: devine-inches", "ideal: devine-inch")], "ideal: devine-inch", "dosing_weight.ideal",
     "there is no formula 'devine-inch'; allowed: devine-inches"),
    ("policy", "au-lifeblood-2026", [("use: adjusted\n", "use: ideal\n"), ("  factor: 0.4\n", "")], "unless: [age < 18", "dosing_weight.unless[4]",
     "'actual < adjusted' needs 'factor'"),
    # an exception beside the actual weight was passed over in silence
    ("policy", "us-chi-franciscan-multicalc", [("{use: actual, note", "{use: actual, unless: [actual > 120 % ideal], note")],
     "unless: [actual > 120 % ideal]", "dosing_weight.unless", "has no effect beside 'use: actual'; allowed: use: adjusted"),
    ("policy", "au-lifeblood-2026", [("use: adjusted\n", "use: ideal\n  when_obese: {when: [BMI > 30, actual > 120 % adjusted], use: ideal}\n"),
     ("  factor: 0.4\n", ""), (", actual < adjusted", "")], "when_obese:", "dosing_weight.when_obese.when[2]",
     "'actual > 120 % adjusted' needs 'factor'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "identifier", "changes", "fault", "key", "words"), CONTRADICTIONS, ids=[c[4] for c in CONTRADICTIONS]
)
def test_a_contradiction_is_told_by_line_and_key(
    kind: str,
    identifier: str,
    changes: list[tuple[str, str]],
    fault: str,
    key: str,
    words: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = changed(tmp_path, kind, identifier, *changes)
    found = [problem for problem in problems(path, kind, capfd) if f" {key}: " in problem]
    assert len(found) == 1
    where = found[0].split(" ")[0]
    if "table 1" not in words:  # the fault is the second place of its words there
        assert where == f"{path}:{line_of(path, fault)}:"
    assert words in found[0]


def test_the_same_rate_in_another_unit_may_be_rounded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # 0.033 mL/kg/min at 100 mg/mL is 3.3 mg/kg/min and 1.98 mL/kg/h, which prints as 2 or 2.0
    for note, fits in (
        ("3.3 mg/kg/min, 2 mL/kg/h", True),
        ("1.98 mL/kg/h; as printed", True),
        ("2.1 mL/kg/h", False),
        ("2.00 mL/kg/h", False),
    ):
        path = changed(
            tmp_path,
            "product",
            "panzyga-us",
            (
                'text: "3.3 mg/kg/min; the page is the chronic ITP one, the figure is taken for every use"',
                f"text: '{note}'",
            ),
        )
        assert main(["products", "check", str(path)]) == (0 if fits else 3), note
    capfd.readouterr()


def test_what_is_only_worth_knowing_is_no_problem(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = changed(
        tmp_path, "product", "octagam-10-us", ("for: [dermatomyositis]", "for: [dermatomyositis, my-own-disease]"),
        ("contraindicated_with: [", "contraindicated_with: [my-own-condition, "),
    )  # fmt: skip
    assert main(["products", "check", str(path)]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert (
        f"note: {path}:{line_of(path, 'my-own-disease')}: rates[1].for[2]: there is no shipped regimen 'my-own-disease'"
        in err
    )
    assert "contraindicated_with[1]: 'my-own-condition' is no condition" in err
    assert err.endswith("1 file checked: no problems\n")
    assert main(["products", "check", str(path), "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_regimen_that_no_product_serves_is_only_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = changed(tmp_path, "regimen", "toxic-shock")
    assert main(["regimens", "check", str(path)]) == 0
    assert "no shipped product" not in capfd.readouterr().err  # some tables are for any use
    only = {"octagam-10-us": library.shipped("product")["octagam-10-us"]}
    real = library.shipped
    monkeypatch.setattr(find, "shipped", lambda kind: only if kind == "product" else real(kind))
    assert main(["regimens", "check", str(path)]) == 0
    assert (
        f"note: {path}:{line_of(path, 'id: toxic-shock')}: id: no shipped product has a rate table for it"
        in capfd.readouterr().err
    )


def test_all_problems_of_all_files_at_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    deep = tmp_path / "deeper"
    deep.mkdir()
    (tmp_path / ".hidden.yaml").write_text("nonsense", encoding="utf-8")
    changed(tmp_path, "policy", "us-toledo")
    changed(
        tmp_path, "regimen", "itp", ("category: haematology", "category: cardiology"), ("kind: label", "kind: lable")
    )
    changed(deep, "product", "panzyga-us", ("title: Panzyga\n", "title: <brand>\n"), ("    ceiling:", "    cieling:"))
    changed(deep, "product", "qivigy-us", ("version: 2026-11-28", "version: 2999-12-31"), name="other.yaml")
    changed(deep, "policy", "us-toledo")
    assert main(["regimens", "check", str(tmp_path)]) == 3
    out, err = capfd.readouterr()
    lines = out.splitlines()
    found = {(str(Path(line.partition(":")[0]).relative_to(tmp_path)), line.split(": ")[1]) for line in lines}
    assert found == {
        ("deeper/panzyga-us.yaml", "rates[1].cieling"), ("deeper/panzyga-us.yaml", "rates[1].ceiling"),
        ("deeper/other.yaml", "id"), ("deeper/other.yaml", "version"), ("us-toledo.yaml", "id"),
        ("itp.yaml", "sources.privigen-smpc-my.kind"), ("itp.yaml", "category"),
    }  # fmt: skip
    assert any("unknown key; allowed: source, for, infusion, ladder, ceiling" in line for line in lines)
    assert any("is not one of the choices; allowed: connective-tissue" in line for line in lines)
    assert any(f"'us-toledo' is also the id of {deep / 'us-toledo.yaml'}" in line for line in lines)
    assert err.endswith(f"5 files checked: {len(lines)} problems in 4 files\n")


def test_any_kind_of_file_is_read_but_one_of_another_command_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = changed(tmp_path, "product", "octagam-10-us", ("version: 2026-11-28", "version: 2999-01-01"))
    lines = problems(path, "regimen", capfd)
    assert lines[0] == f"{path}:1: kind: is 'product': check it with `ivigcalc products check`; allowed: regimen"
    assert "in the future" in lines[1]  # and it is checked all the same
    # in a folder, and of kinds that have no command of their own, nothing is wrong with it
    changed(tmp_path, "product", "octagam-10-us")
    formula = changed(tmp_path, "formula", "devine-inches")
    assert main(["regimens", "check", str(tmp_path)]) == 0
    assert main(["regimens", "check", str(formula)]) == 0


def test_a_site_file_is_checked_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "kind: site\nschema: 2\nid: our-ward\ndefault: {product: octagam-10-uk}\nstock: {own-brand: {10 g: 4}}\n",
        encoding="utf-8",
    )
    assert main(["products", "check", str(path)]) == 3
    out, err = capfd.readouterr()
    assert out == f"{path}:4: default.product: there is no shipped product 'octagam-10-uk'\n"
    assert f"note: {path}:5: stock.own-brand: there is no shipped product 'own-brand'" in err


def site(folder: Path, *lines: str) -> Path:
    path = folder / "site.yaml"
    path.write_text("\n".join(("kind: site", "schema: 2", "id: our-ward", *lines)) + "\n", encoding="utf-8")
    return path


#: lines of a site, the key that is at fault (on line 4), what is said of it
SITES = [
    ("time_zone: Europe/Londn", "time_zone", "'Europe/Londn' is not a known time zone; allowed: Europe/London"),
    ("time_zone: /etc/passwd", "time_zone", "'/etc/passwd' is not a known time zone"),
    ("holidays: {country: United States}", "holidays.country", "no public holidays are known for 'United States'; allowed: US"),
    ("holidays: {country: HolidayBase}", "holidays.country", "no public holidays are known for 'HolidayBase'"),
    ("holidays: {country: US, subdivision: XX}", "holidays.subdivision", "'XX' is no subdivision of US whose holidays are known; allowed: AK, AL"),
    ("locale: en-XX", "locale", "there is no locale 'en-XX'; allowed: a language and its country, such as en-US"),
    ("stock: {octagam-10-us: {10 g: 4, 7 g: 1}}", "stock.octagam-10-us.7 g", "octagam-10-us has no vial of 7 g; allowed: 2 g, 5 g, 10 g"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "key", "words"), SITES, ids=[line for line, *_ in SITES])
def test_a_site_that_names_what_does_not_exist(
    line: str, key: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = site(tmp_path, line)
    [told] = problems(path, "regimen", capfd)
    assert told.startswith(f"{path}:4: {key}: {words}")


def test_a_site_is_checked_by_its_own_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = site(tmp_path, "locale: en-XX", "week_starts: sunday")
    assert main(["sites", "check", str(path)]) == 3
    out, err = capfd.readouterr()
    assert f"{path}:5: week_starts: 'sunday' is not one of the choices; allowed: mon, tue" in out
    assert "1 file checked" in err
    assert main(["sites", "check", str(site(tmp_path, "locale: en-US", "week_starts: sun", "paper: letter"))]) == 0
    assert main(["sites", "check"]) == 2  # none are shipped


def test_a_site_that_names_what_exists(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = site(
        tmp_path, "time_zone: America/New_York", "holidays: {country: CA, subdivision: Ontario}",
        "stock: {octagam-10-us: {10000 mg: 4}}",
    )  # fmt: skip
    assert main(["regimens", "check", str(path)]) == 0, capfd.readouterr().out


def test_holidays_are_not_judged_without_their_library(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert main(["regimens", "check", str(site(tmp_path, "holidays: {country: Nowhere}"))]) == 0
    assert "Nowhere" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("interval", "most", "fits"),
    [
        # a course is given once at least in four weeks, however seldom it is repeated
        ("8 weeks", "1.5 g/kg", False),
        ("8 weeks", "2 g/kg", True),
        ("1 month", "1.5 g/kg", False),
        ("1 month", "2 g/kg", True),
        ("2 weeks", "3.9 g/kg", False),
        ("2 weeks", "4 g/kg", True),
    ],
)
def test_a_limit_of_four_weeks_holds_for_the_one_course_that_is_given(
    interval: str, most: str, fits: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = changed(
        tmp_path, "regimen", "dermatomyositis", ("interval: {every: 4 weeks}", f"interval: {{every: {interval}}}"),
        ("{per: day, max: 1 g/kg, level: caution, note", f"{{per: 4-weeks, max: {most}, level: caution, note"),
    )  # fmt: skip
    assert main(["regimens", "check", str(path)]) == (0 if fits else 3)
    out = capfd.readouterr().out
    assert fits or f"2 g/kg, every {interval}, is above the protocol's limit of {most} in 4 weeks" in out


def test_an_indication_that_nothing_is_known_under_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for words, expected in (
        ("dermatomyositus", "'dermatomyositus' is no shipped regimen, and no shipped product has a rate table for it"),
        ("cidp", None),
    ):
        path = changed(tmp_path, "regimen", "dermatomyositis", ("title:", f"indication: {words}\ntitle:"))
        assert main(["regimens", "check", str(path)]) == 0
        err = capfd.readouterr().err
        if expected is None:
            assert "indication:" not in err
        else:
            line = line_of(path, f"indication: {words}")
            assert f"note: {path}:{line}: indication: {expected}" in err
            assert "did you mean dermatomyositis" in err


@pytest.mark.parametrize(
    "content", [None, b"", b"kind: regimen\n  id: [\n", b"\xff\xfe", b"- a list\n", b"a: &x 1\nb: *x\n"]
)
def test_files_that_are_none(content: bytes | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.yaml"
    if content is not None:
        path.write_bytes(content)
    lines = problems(path, "regimen", capfd)
    assert lines
    assert all(line.startswith(f"{path}:") for line in lines)


def test_a_folder_without_definitions_is_a_problem(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no definition", encoding="utf-8")
    assert main(["policies", "check", str(tmp_path)]) == 3
    out, err = capfd.readouterr()
    assert out == f"{tmp_path}: holds no definition file; allowed: *.yaml, *.yml\n"
    assert err == "0 files checked: 1 problem in 1 file\n"


@pytest.mark.parametrize("kind", GROUPS)
def test_without_arguments_the_shipped_files_are_checked(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([GROUPS[kind], "check"]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith(f"{len(library.shipped(kind))} files checked: no problems\n")


def test_a_file_named_twice_is_checked_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = changed(tmp_path, "regimen", "itp")
    assert main(["regimens", "check", str(path), str(tmp_path)]) == 0
    assert capfd.readouterr().err.endswith("1 file checked: no problems\n")


def test_no_file_and_no_name_of_one_writes_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder from elsewhere is checked before anybody has looked into it."""
    head = "kind: site\nschema: 2\nid: x\n"
    for name, content in {
        "a\x1b[31m\nb.yaml": "stock: {own: {10 g: 1}}",
        "c\u202e.yaml": "stock: {own: {10 g: 1}}",
        "price.yaml": 'price_per_gram: {octagam-10-us: {amount: 1, currency: "\\e[31mX"}}',
        "days.yaml": 'open: {"\\e[2Jmon": "08:00-09:00"}',
    }.items():
        (tmp_path / name).write_text(f"{head}{content}\n", encoding="utf-8")
    assert main(["products", "check", str(tmp_path)]) == 3
    out, err = capfd.readouterr()
    for line in (*out.splitlines(), *err.splitlines()):
        assert line.isprintable(), line
    assert "a?[31m?b.yaml:4: stock.own" in err
    assert "currency: '?[31mX' is not a currency" in out
