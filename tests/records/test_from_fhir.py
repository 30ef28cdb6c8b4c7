"""`--from-fhir`: what a record says is taken once, said with its age, and refused where it leaves room for doubt."""

from __future__ import annotations

import builtins
import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.fhir.bundle import record_of
from ivigcalc.fhir.form import Taken, with_record
from ivigcalc.request.form import Form

TODAY = date(2026, 11, 28)
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1972-03-04",
    "identifier": [{"system": "urn:oid:1.2.3", "value": "MRN 004-217"}],
}  # fmt: skip


def observation(
    code: str, value: str | None, unit: str | None, on: str | None = "2026-11-20", **more: Any
) -> dict[str, Any]:
    found = {
        "resourceType": "Observation", "id": f"o{code}", "status": "final", "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": on,
        "valueQuantity": {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit} if value else None,
    }  # fmt: skip
    return {key: value for key, value in {**found, **more}.items() if value is not None}


def weight(value: str | None, unit: str | None = "kg", on: str | None = "2026-11-20", **more: Any) -> dict[str, Any]:
    return observation("29463-7", value, unit, on, **more)


def condition(
    code: str, clinical: str | None = "active", verified: str | None = "confirmed", **more: Any
) -> dict[str, Any]:
    found = {
        "resourceType": "Condition", "id": f"c{code}", "code": {"coding": [{"system": SNOMED, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": clinical and {"coding": [{"code": clinical}]},
        "verificationStatus": verified and {"coding": [{"code": verified}]},
    }  # fmt: skip
    return {key: value for key, value in {**found, **more}.items() if value is not None}


def text(*resources: dict[str, Any]) -> bytes:
    """A bundle as it is written, with the digits of each number as they are given."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": found} for found in resources]}
    marked = json.dumps(bundle, default=lambda number: f"@@{number}@@")
    return marked.replace('"@@', "").replace('@@"', "").encode()


def taken(*resources: dict[str, Any], patient: dict[str, Any] | None = PATIENT, **typed: Any) -> Taken:
    record = record_of(text(*([patient] if patient else []), *resources), "record.json")
    return with_record(Form(**typed), record, library.safety().value, TODAY)


def refused(*resources: dict[str, Any], **typed: Any) -> str:
    with pytest.raises(RequestError) as caught:
        taken(*resources, **typed)
    assert caught.value.field == "from_fhir"
    assert str(caught.value).startswith("--from-fhir: ")
    return str(caught.value)


# ---- what is taken --------------------------------------------------------------------------------------------------


def test_weight_height_sex_birth_and_identifier_are_taken_and_said_with_their_age() -> None:
    found = taken(weight("72.3"), observation("8302-2", "168", "cm", "2024-02-01"))
    form = found.form
    assert (form.weight, form.weighed_on, form.height) == ("72.3 kg", "2026-11-20", "168 cm")
    assert (form.sex, form.birth_date, form.age, form.patient_id, form.name) == (
        "female",
        "1972-03-04",
        None,
        "MRN 004-217",
        None,
    )
    assert "weight 72.3 kg, measured on 2026-11-20, 8 days ago" in found.said
    assert "height 168 cm, measured on 2024-02-01, 1031 days ago" in found.said  # 2024-02-01 + 1031 days, by calendar
    assert any(line.startswith("sex female") for line in found.said)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("72.30", "kg", "72.3 kg"),
        ("3100", "g", "3100 g"),
        ("158.7", "[lb_av]", "158.7 lb"),
        ("0.0725e3", "kg", "72.5 kg"),
    ],
)
def test_a_weight_keeps_its_figure_and_its_unit(value: str, unit: str, words: str) -> None:
    assert taken(weight(value, unit)).form.weight == words


@pytest.mark.parametrize(
    ("value", "unit", "words"), [("168", "cm", "168 cm"), ("1.68", "m", "1.68 m"), ("66.1", "[in_i]", "66.1 in")]
)
def test_a_height_keeps_its_figure_and_its_unit(value: str, unit: str, words: str) -> None:
    assert taken(observation("8302-2", value, unit)).form.height == words


def test_the_newest_weight_counts_by_day_whatever_the_order_and_code() -> None:
    rows = [
        weight("70", on="2026-10-01"),
        observation("3141-9", "72", "kg", "2026-11-20T08:00:00+01:00"),
        weight("71", on="2026-11-01"),
    ]
    for order in (rows, rows[::-1]):
        assert (taken(*order).form.weight, taken(*order).form.weighed_on) == ("72 kg", "2026-11-20")


def test_equal_weights_of_one_day_are_one_also_in_two_units() -> None:
    assert taken(weight("72"), weight("72.0", id="again")).form.weight in ("72 kg", "72.0 kg")
    assert Fraction("3.1") == Fraction(3100, 1000)
    assert taken(weight("3.1"), weight("3100", "g", id="again")).form.weighed_on == "2026-11-20"


def test_a_weight_stated_by_the_patient_is_none() -> None:
    found = taken(observation("3142-7", "72", "kg"))
    assert found.form.weight is None
    assert "no weight in the record" in found.said


def test_withdrawn_and_empty_observations_are_passed_over_and_said() -> None:
    found = taken(
        weight("720", status="entered-in-error", id="wrong"),
        weight("72", on="2026-11-01"),
        weight(None, id="empty", dataAbsentReason={"text": "refused"}),
    )
    assert (found.form.weight, found.form.weighed_on) == ("72 kg", "2026-11-01")
    assert "passed over: Observation wrong is entered-in-error" in found.said
    assert "passed over: Observation empty has no value" in found.said


def test_a_patient_without_identifier_is_taken() -> None:
    nameless = {key: value for key, value in PATIENT.items() if key != "identifier"}
    assert taken(weight("72"), patient=nameless).form.patient_id is None
    assert taken(weight("72"), patient=nameless, patient_id="P-1").form.patient_id == "P-1"


def test_observations_alone_are_a_record_where_all_are_of_one() -> None:
    found = taken(weight("72"), patient=None)
    assert (found.form.weight, found.form.sex) == ("72 kg", None)
    assert "Patient/p2" in refused(weight("72"), weight("70", on="2026-01-01", subject={"reference": "Patient/p2"}))


@pytest.mark.parametrize("died", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11-01"}])
def test_the_record_of_one_who_has_died_is_not_taken(died: dict[str, Any]) -> None:
    assert "has died" in refused(weight("72"), patient={**PATIENT, **died})
    assert taken(weight("72"), patient={**PATIENT, "deceasedBoolean": False}).form.weight == "72 kg"


def test_of_several_identifiers_none_is_taken_and_one_may_be_typed() -> None:
    two = {**PATIENT, "identifier": [{"value": "A"}, {"value": "B"}]}
    assert taken(weight("72"), patient=two).form.patient_id is None
    assert taken(weight("72"), patient=two, patient_id="B").form.patient_id == "B"


def test_a_birth_date_without_its_day_is_not_taken() -> None:
    found = taken(weight("72"), patient={**PATIENT, "birthDate": "1972-03"})
    assert found.form.birth_date is None
    assert any("has no day" in line for line in found.said)


@pytest.mark.parametrize("gender", ["other", "unknown", None])
def test_only_male_and_female_are_a_sex(gender: str | None) -> None:
    patient = {key: value for key, value in {**PATIENT, "gender": gender}.items() if value}
    assert taken(weight("72"), patient=patient).form.sex is None


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1/_history/3"},
        {"reference": "urn:uuid:1"},
        {"identifier": {"system": "urn:oid:1.2.3", "value": "MRN 004-217"}},
    ],
)
def test_the_patient_is_found_by_address_version_or_identifier(subject: dict[str, Any]) -> None:
    bundle = json.loads(text(PATIENT, weight("72", subject=subject)))
    bundle["entry"][0]["fullUrl"] = "urn:uuid:1"
    assert record_of(json.dumps(bundle).encode(), "x").observations


# ---- conditions -----------------------------------------------------------------------------------------------------


def test_conditions_are_taken_by_their_code_beside_those_that_were_typed() -> None:
    found = taken(
        weight("72"), condition("717181004"), condition("77386006"), condition("38341003"), condition=("corn-allergy",)
    )
    assert found.form.condition == ("corn-allergy", "hyperprolinaemia")
    assert found.form.pregnant
    assert "1 condition of the record with a code that says nothing here" in found.said


def test_iga_deficiency_alone_asks_for_the_antibodies() -> None:
    """The contraindication is IgA deficiency with antibodies against IgA; the code does not say whether there are any."""
    found = taken(weight("72"), condition("190979003"))
    assert found.form.condition == ()
    assert any("ask whether there are antibodies against IgA" in line for line in found.said)


@pytest.mark.parametrize(
    ("clinical", "verified"),
    [("resolved", "confirmed"), ("inactive", None), ("active", "refuted"), (None, "entered-in-error")],
)
def test_a_condition_that_does_not_hold_is_said_and_not_taken(clinical: str | None, verified: str | None) -> None:
    found = taken(weight("72"), condition("717181004", clinical, verified))
    assert found.form.condition == ()
    assert any("is not taken" in line for line in found.said)


@pytest.mark.parametrize(
    ("clinical", "verified"), [("active", "provisional"), ("active", "unconfirmed"), ("strange", "confirmed")]
)
def test_a_condition_that_may_hold_is_refused(clinical: str, verified: str) -> None:
    assert "does Hyperprolinemia type 2 hold?" in refused(weight("72"), condition("717181004", clinical, verified))


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_two_weights_of_one_day_that_differ_are_refused_with_both() -> None:
    message = refused(weight("72"), weight("27", id="again"))
    assert "72 kg and 27 kg were both measured on 2026-11-20" in message


def test_the_newest_day_of_another_time_zone_may_not_be_the_newest_hour() -> None:
    """23:30 at -05:00 is 04:30 of the next day at +00:00, after 03:00 there and before 05:00."""
    evening = weight("72", on="2026-11-20T23:30:00-05:00")
    message = refused(evening, weight("73", on="2026-11-21T03:00:00Z", id="again"))
    assert "73 kg and 72 kg were both measured in different time zones" in message
    assert taken(evening, weight("73", on="2026-11-21T05:00:00Z", id="again")).form.weight == "73 kg"
    assert taken(evening, weight("72", on="2026-11-21T03:00:00Z", id="again")).form.weight == "72 kg"


def test_two_patients_are_refused() -> None:
    assert "is of 2 patients" in refused(weight("72"), {**PATIENT, "id": "p2"})


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p2"},
        {"reference": "http://elsewhere/Patient/p1"},
        {"identifier": {"value": "MRN 004-217"}},
    ],
)
def test_a_value_of_another_patient_is_refused(subject: dict[str, Any]) -> None:
    assert "give a bundle of one patient" in refused(weight("72", subject=subject))
    assert "give a bundle of one patient" in refused(weight("72"), condition("38341003", subject=subject))


def test_a_value_of_nobody_is_refused() -> None:
    assert "does not say whose it is" in refused(weight("72", subject={"display": "Margaret"}))


@pytest.mark.parametrize("status", ["preliminary", "registered", "unknown"])
def test_a_newest_weight_that_is_not_final_is_refused(status: str) -> None:
    assert f"is {status}, which is not final" in refused(weight("70", on="2026-11-01"), weight("72", status=status))
    assert taken(weight("70", on="2026-11-01", status=status), weight("72")).form.weight == "72 kg"


@pytest.mark.parametrize(
    ("value", "unit", "more"),
    [
        ("72", "[stone_av]", {}),
        ("72", "Kg", {}),
        ("72", "cm", {}),
        ("72", None, {"valueQuantity": {"value": 72, "unit": "kg"}}),
        ("72", None, {"valueQuantity": {"value": 72, "unit": "kg", "system": "http://example.org", "code": "kg"}}),
        ("72", None, {"valueQuantity": {"value": 72, "system": UCUM, "code": "kg", "comparator": "<"}}),
        (None, None, {"valueString": "72 kg"}),
        ("-72", "kg", {}),
        ("72000", "g", {}),
    ],
)
def test_a_weight_that_cannot_be_read_is_refused(value: str | None, unit: str | None, more: dict[str, Any]) -> None:
    assert "Observation o29463-7" in refused(weight(value, unit, **more))


@pytest.mark.parametrize("value", ["1e40", "1e-40", "1e999999999", "0." + "3" * 40])
def test_a_number_that_nobody_measures_is_refused(value: str) -> None:
    assert "a number that nobody measures" in refused(weight(value))


@pytest.mark.parametrize("on", [None, "2026-11", "2026"])
def test_a_weight_without_its_day_is_refused(on: str | None) -> None:
    assert "on which day" in refused(weight("72", on=on))


def test_a_weight_of_tomorrow_is_refused() -> None:
    assert "after today" in refused(weight("72", on="2026-11-29"))
    assert taken(weight("72", on="2026-11-28")).form.weight == "72 kg"


# ---- beside what was typed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        ("weight", "72kg", "72.1kg"),
        ("weighed_on", "2026-11-20", "2026-11-19"),
        ("height", "1.68m", "169cm"),
        ("sex", "F", "male"),
        ("age", "54y", "55y"),
        ("age", "656mo", "657mo"),  # 1972-03-04 to 2026-11-28: 54 years and 8 months
        ("birth_date", "1972-03-04", "1972-04-03"),
        ("patient_id", "MRN 004-217", "MRN 004-218"),
    ],
)
def test_an_option_that_agrees_stands_and_one_that_contradicts_is_refused(name: str, same: str, other: str) -> None:
    record = (weight("72"), observation("8302-2", "168", "cm"))
    assert getattr(taken(*record, **{name: same}).form, name) in (same, "female")
    option = "--" + name.replace("_", "-")
    assert f"{option} contradicts the record" in refused(*record, **{name: other})


def test_an_age_is_held_against_the_first_day() -> None:
    assert taken(weight("72"), age="55y", start="2027-03-04").form.age == "55y"
    assert "contradicts" in refused(weight("72"), age="55y", start="2027-03-03")


def test_a_newer_weight_may_be_typed_with_its_day() -> None:
    found = taken(weight("72"), weight("27", id="again"), weight="73kg", weighed_on="2026-11-27")
    assert (found.form.weight, found.form.weighed_on) == ("73kg", "2026-11-27")
    assert any("the newest of the record is of 2026-11-20" in line for line in found.said)
    assert "contradicts" in refused(weight("72"), weight="73kg", weighed_on="2026-11-20")


# ---- the command ----------------------------------------------------------------------------------------------------

ORDER = ["-r", "dermatomyositis", "-p", "octagam-10-us"]


def file(folder: Path, *resources: dict[str, Any]) -> str:
    path = folder / "record.json"
    path.write_bytes(text(*resources))
    return str(path)


def test_a_dose_from_a_record_is_the_dose_of_its_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2 g/kg at 72 kg are 144 g."""
    record = file(tmp_path, PATIENT, weight("72", on="2026-10-20"))
    assert main(["dose", "--from-fhir", record, *ORDER, "-f", "json"]) == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    asked = document["computed_from"]["request"]
    assert (asked["weight"], asked["weighed_on"], document["course"]["prescribed_g"]) == ("72 kg", "2026-10-20", 144)
    assert "from the record: weight 72 kg, measured on 2026-10-20, 12 days ago" in shown.err
    assert main(["dose", "--from-fhir", record, *ORDER, "-f", "json", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_an_old_weight_of_a_record_is_cautioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = file(tmp_path, PATIENT, weight("72", on="2025-01-10"))
    assert main(["dose", "--from-fhir", record, *ORDER, "-f", "json"]) == 0
    shown = capsys.readouterr()
    assert "weight-stale" in [notice["code"] for notice in json.loads(shown.out)["notices"]]
    assert "days ago" in shown.err


@pytest.mark.parametrize("command", ["dose", "schedule", "rates", "calendar", "compare"])
def test_every_command_of_one_patient_takes_a_record(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {
        "rates": ["-p", "octagam-10-us", "--indication", "dermatomyositis", "--dose", "72g"],
        "compare": [*ORDER, "--days", "2..3"],
    }.get(command, ORDER)
    dates = ["--start", "2026-12-01", "--at", "09:00"] if command in ("schedule", "calendar") else []
    assert main([command, "--from-fhir", file(tmp_path, PATIENT, weight("72", on="2026-10-20")), *order, *dates]) == 0
    capsys.readouterr()


def test_a_batch_takes_no_record_of_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "list.csv", "--from-fhir", file(tmp_path, PATIENT)]) == 2
    assert "--from-fhir" in capsys.readouterr().err


def test_a_comparison_of_weights_takes_none_from_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            [
                "compare",
                "--from-fhir",
                file(tmp_path, PATIENT, weight("72", on="2026-10-20")),
                *ORDER,
                "--weight",
                "70kg",
            ]
        )
        == 2
    )
    assert "leave one out" in capsys.readouterr().err


def test_the_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("fhir"):
            raise ImportError(name)
        return whole(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'ivigcalc\[fhir\]'"):
        taken(weight("72", on="2026-10-20"))


# ---- hostile --------------------------------------------------------------------------------------------------------

WHOLE = json.loads(text(PATIENT, weight("72"), condition("717181004")))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"[]", b"null", b"{", b'{"resourceType": "Patient"}', b'{"resourceType": "Bundle", "entry": {}}',
        b'{"resourceType": "Bundle"}', b'{"resourceType": "Bundle", "entry": [{"resource": 3}]}',
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}, "resource": {}}]}',
        b'{"resourceType": "Bundle", "total": NaN}', b'{"resourceType": "Bundle", "total": 1e999999999}', b'{"resourceType": "Bundle", "total": ' + b"9" * 5000 + b"}",
        b'{"resourceType": "Bundle", "entry": ' + b"[" * 100 + b"]" * 100 + b"}", b"[" * 200_000, b'{"a":' * 100_000,
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        record_of(data, "record.json")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@pytest.mark.parametrize("instead", [None, 7, "\x1b[31m", [], {}, [[1]], {"a": {"b": []}}, True, -1], ids=repr)
def test_whatever_stands_anywhere_is_read_or_refused_and_never_a_bug(instead: Any) -> None:
    for place in places(WHOLE)[1:]:
        broken = deepcopy(WHOLE)
        inside = broken
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = instead
        try:
            record = record_of(json.dumps(broken).encode(), "record.json")
            found = with_record(Form(), record, library.safety().value, TODAY)
        except RequestError as error:
            said: tuple[str, ...] = (str(error),)
        else:
            said = found.said
            assert found.form.weight in (None, "72 kg", "7 kg"), place
        assert all(line.isprintable() for line in said), place


NOT = [{"url": "http://example.org/not", "valueBoolean": True}]


def test_a_value_with_a_reason_why_there_is_none_is_refused() -> None:
    reason = {"coding": [{"code": "unknown"}]}
    assert "a value, and a reason why it has none" in refused(weight("72", dataAbsentReason=reason))
    assert taken(weight("72"), weight(None, on="2026-11-21", dataAbsentReason=reason)).form.weight == "72 kg"


def shown(value: str, code: str, unit: str | None) -> dict[str, Any]:
    return weight(value, valueQuantity={"value": Decimal(value), "unit": unit, "system": UCUM, "code": code})


@pytest.mark.parametrize(
    ("value", "code", "unit"), [("20", "kg", "lb"), ("20", "kg", "LBS"), ("20", "[lb_av]", "kg"), ("3.1", "kg", "g")]
)
def test_a_unit_that_is_shown_and_another_that_is_coded_are_refused(value: str, code: str, unit: str) -> None:
    said = refused(shown(value, code, unit))
    assert f"it shows {value} {unit}, and its code says {value} " in said


@pytest.mark.parametrize("unit", ["kg", "KG", "Kilogramm", None])
def test_a_unit_that_is_shown_as_it_is_coded_or_in_words_of_another_language_is_taken(unit: str | None) -> None:
    found = shown("20", "kg", unit)
    if unit is None:
        del found["valueQuantity"]["unit"]
    assert taken(found).form.weight == "20 kg"


def test_a_height_that_is_shown_in_another_unit_is_refused() -> None:
    quantity = {"value": Decimal(60), "unit": "in", "system": UCUM, "code": "cm"}
    assert "it shows 60 in, and its code says 60 cm" in refused(
        observation("8302-2", "60", "cm", valueQuantity=quantity)
    )


def test_a_modifier_that_nobody_here_knows_is_refused() -> None:
    """It may say the opposite: FHIR forbids to read what it stands on without knowing it."""
    for rows in ([weight("72", modifierExtension=NOT)], [weight("72"), condition("717181004", modifierExtension=NOT)]):
        assert "carries a modifier" in refused(*rows)


def test_a_file_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path, tmp_path / "nothing.json", Path("/dev/zero")):
        assert main(["dose", "--from-fhir", str(path), *ORDER]) == 2
        assert "--from-fhir" in capsys.readouterr().err
