"""Exact numbers, units and rounding rules, with hand values and the edges of each."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.quantity import (
    UNITS,
    Quantity,
    QuantityError,
    RoundingRule,
    decimal_not_0,
    decimal_of,
    exact_decimal,
    figure,
    in_months,
    long_number,
    number,
    parse_height,
    parse_weight,
    plain,
    quantity,
    signed,
    spoken,
)

#: one of each unit in the base unit of its dimension, from the definitions of the units
ONE_IS = {
    "kg": ("weight", "1"), "lb": ("weight", "0.45359237"), "st": ("weight", "6.35029318"),
    "oz": ("weight", "0.028349523125"), "ft": ("height", "30.48"),
    "g": ("amount", "1"), "mg": ("amount", "0.001"), "g/kg": ("dose", "1"), "mg/kg": ("dose", "0.001"),
    "cm": ("height", "1"), "m": ("height", "100"), "in": ("height", "2.54"),
    "mL": ("volume", "1"), "mg/mL": ("concentration", "1"), "min": ("time", "1"), "h": ("time", "60"),
    "mL/kg/h": ("rate per kg", "1"), "mL/kg/min": ("rate per kg", "60"),
    "mg/kg/min": ("mass rate per kg", "1"), "mg/kg/h": ("mass rate per kg", "1/60"),
    "mL/h": ("rate", "1"), "mL/min": ("rate", "60"), "mcg/mL": ("iga", "1"), "g/L": ("igg", "1"), "%": ("percent", "1"),
    "day": ("days", "1"), "week": ("days", "7"), "month": ("months", "1"), "year": ("months", "12"),
}  # fmt: skip


def test_every_unit_has_a_value_worked_by_hand() -> None:
    assert {unit: (dimension, factor) for unit, (dimension, factor) in UNITS.items()} == {
        unit: (dimension, Fraction(factor)) for unit, (dimension, factor) in ONE_IS.items()
    }


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "72", "0.4", "0.005", "100.0", "999999999", "0.000000001"])
def test_plain_numbers_are_read_exactly(text: str) -> None:
    assert Fraction(number(text)) == Fraction(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nan", "NaN", "inf", "-inf", "Infinity", "-35", "+35", "1e3", "1E3", "1.38e+03", ".5", "5.", "0,5", "1_000", "1 000", "007",
     "0x10", "1/2", "½", "٣", "१", "１", "10²", "1.2.3", "1.0000000001", "9999999999", "\n72"],
)  # fmt: skip
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(QuantityError, match="is not a plain number"):
        number(text)


@pytest.mark.parametrize("value", [72, 0.4, Decimal("0.4"), None, True])
def test_a_number_comes_only_from_text(value: object) -> None:
    with pytest.raises(QuantityError, match="must be given as text"):
        number(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("72,5 kg", "72.5"),  # one or two digits after it are no thousands
        ("72,50 kg", "72.50"),
        ("0,725 kg", "0.725"),  # nor is what begins with 0
        ("1250,125 kg", "1250.125"),  # thousands would have a second comma
        ("72,1250 kg", "72.1250"),
    ],
)
def test_a_decimal_comma_is_read_where_nobody_can_take_it_for_thousands(text: str, value: str) -> None:
    assert spoken(text, "weight") == Quantity(Decimal(value), "kg")


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,250 g", "'1,250' can be 1.25 g or 1250 g: write 1.25 g or 1250 g"),
        ("2,500 g", "'2,500' can be 2.5 g or 2500 g"),
        ("125,000 g", "'125,000' can be 125 g or 125000 g"),
    ],
)
def test_a_comma_that_can_be_misread_is_refused_with_both_readings(text: str, readings: str) -> None:
    with pytest.raises(QuantityError) as caught:
        spoken(text, "amount")
    assert readings in str(caught.value)


@pytest.mark.parametrize(
    ("text", "of", "readings"),
    [
        ("5.9 ft", "height", "write 5ft9in or 70.8in"),  # 5.9 x 12
        ("5,9 ft", "height", "write 5ft9in or 70.8in"),
        ("5.11 ft", "height", "write 5ft11in or 61.32in"),  # nearly ten inches between the two
        ("11.10 st", "weight", "write 11st10lb or 155.4lb"),  # 11.1 x 14, against 164
        ("11,5 st", "weight", "write 11st5lb or 161lb"),
    ],
)
def test_feet_and_stones_in_one_number_are_refused_where_they_may_be_two(text: str, of: str, readings: str) -> None:
    with pytest.raises(QuantityError) as caught:
        spoken(text, of)
    assert readings in str(caught.value)


@pytest.mark.parametrize(
    ("text", "of", "value"),
    [
        ("5.75 ft", "height", "5.75"),  # there are no 75 inches
        ("5.0 ft", "height", "5.0"),
        ("11.5 st", "weight", "11.5"),  # a tenth of a stone, or five
        ("11.14 st", "weight", "11.14"),  # 14 lb would be another stone
    ],
)
def test_feet_and_stones_in_one_number_are_read_where_they_are_one(text: str, of: str, value: str) -> None:
    assert spoken(text, of).value == Decimal(value)


@pytest.mark.parametrize("text", ["1,250,000 g", "1.250,5 g", "1,25.5 g", ",5 g", "5, g", "1,,5 g"])
def test_more_than_one_comma_or_a_comma_and_a_point_is_no_number(text: str) -> None:
    with pytest.raises(QuantityError, match="not a comma"):
        spoken(text, "amount")


def test_a_file_has_no_decimal_comma() -> None:
    with pytest.raises(QuantityError, match="not a comma"):
        quantity("72,5 kg", "weight")


def test_a_comma_is_named() -> None:
    with pytest.raises(QuantityError, match="decimal point, not a comma"):
        number("0,55")


@pytest.mark.parametrize(("length", "shown"), [(3, "xxx"), (40, "x" * 40), (41, "x" * 37 + "...")])
def test_a_long_text_is_shown_by_its_beginning(length: int, shown: str) -> None:
    with pytest.raises(QuantityError) as of_number:
        number("x" * length)
    with pytest.raises(QuantityError) as of_quantity:
        quantity("x" * length, "dose")
    assert str(of_number.value).startswith(f"'{shown}' is not a plain number")
    assert str(of_quantity.value).startswith(f"'{shown}' is not a number with its unit")


def test_of_a_very_long_text_two_hundred_characters_are_looked_at() -> None:
    with pytest.raises(QuantityError, match="'x' is not a plain number"):
        number(" " * 199 + "xyz")


# ---- quantities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dimension", "base"),
    [
        ("2 g/kg", "dose", "2"), ("2g/kg", "dose", "2"), ("400 mg/kg", "dose", "2/5"), (" 2 g/kg ", "dose", "2"),
        ("70 g", "amount", "70"), ("70000 mg", "amount", "70"), ("4 weeks", "days", "28"), ("4 week", "days", "28"), ("28 days", "days", "28"),
        ("4wk", "days", "28"), ("1 month", "months", "1"), ("3 months", "months", "3"), ("54y", "months", "648"), ("7mo", "months", "7"),
        ("0.04 mL/kg/min", "rate per kg", "12/5"), ("2.4 mL/kg/hr", "rate per kg", "12/5"), ("30 min", "time", "30"), ("4 hours", "time", "240"),
        ("3 mL/min", "rate", "180"), ("100 mg/ml", "concentration", "100"),
    ],
)  # fmt: skip
def test_quantities_are_read_with_their_unit(text: str, dimension: str, base: str) -> None:
    read = quantity(text, dimension)
    assert read.dimension == dimension
    assert read.base == Fraction(base)


def test_a_quantity_keeps_the_number_as_it_was_typed() -> None:
    assert str(quantity("2.10 g/kg", "dose").value) == "2.10"
    assert str(quantity("4 weeks", "days")) == "4 weeks"
    assert str(quantity("1 weeks", "days")) == "1 week"
    assert str(Quantity(Decimal("1E+2"), "mL")) == "100 mL"


@pytest.mark.parametrize(
    ("value", "text"), [("1", "1 month"), ("0.5", "0.5 months"), ("2", "2 months"), ("0", "0 months")]
)
def test_a_unit_of_time_is_in_the_plural_unless_there_is_one(value: str, text: str) -> None:
    assert str(Quantity(Decimal(value), "month")) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2", "'2' has no unit; allowed: g/kg, mg/kg"),
        ("2 g", "unit 'g' does not fit here; allowed: g/kg, mg/kg"),
        ("2 g/lb", "unit 'g/lb' does not fit here"),
        ("2 G/KG", "unit 'G/KG' does not fit here"),
        ("2 µg/kg", "unit 'µg/kg' does not fit here"),
        ("g/kg", "is not a number with its unit"),
        ("", "is not a number with its unit"),
        ("-2 g/kg", "is not a plain number"),
        ("2,5 g/kg", "write a decimal point, not a comma"),
        ("2 g/kg 3", "is not a number with its unit"),
        ("two g/kg", "is not a number with its unit"),
        ("2" * 70 + " g/kg", "is not a number with its unit"),
    ],
)
def test_what_is_no_quantity_is_refused_with_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(QuantityError) as caught:
        quantity(text, "dose")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_quantity_is_sixty_characters_at_the_most() -> None:
    """Of a file, and in any case of letters, which files do not have."""
    assert quantity("72".ljust(58) + "kg", "weight") == Quantity(Decimal(72), "kg")
    assert parse_weight("72".ljust(58) + "KG") == Quantity(Decimal(72), "kg")
    for read in (quantity, spoken):
        with pytest.raises(QuantityError, match="is not a number with its unit"):
            read("72".ljust(59) + "kg", "weight")


# ---- weight and height -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("72kg", "72"), ("72 kg", "72"), ("72.35 kg", "72.35"), ("154 lb", "69.85322498"), ("154lbs", "69.85322498"), ("11 st", "69.85322498"),
        ("3400 g", "3.4"), ("3400g", "3.4"), ("9999 g", "9.999"),
    ],
)  # fmt: skip
def test_weights_are_exact_in_kilograms(text: str, expected: str) -> None:
    assert parse_weight(text).body_kg == Fraction(expected)


def test_a_bare_weight_is_refused_with_both_readings() -> None:
    with pytest.raises(QuantityError) as caught:
        parse_weight("154")
    assert (
        str(caught.value)
        == "the weight '154' has no unit: it could be 154 kg, or 154 lb (= 69.9 kg); write 154kg or 154lb"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10000 g", "grams are for infants under 10 kg"), ("72000g", "grams are for infants under 10 kg"), ("72000 mg", "kg, lb, st, oz, or g"),
        ("0 kg", "0 is not possible"), ("0 g", "0 is not possible"), ("0.0 lb", "0 is not possible"), ("72 cm", "does not fit here"),
        ("-72 kg", "not a plain number"), ("nan kg", "not a number with its unit"), ("inf kg", "not a number with its unit"), ("kg", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_weight_is_refused(text: str, words: str) -> None:
    with pytest.raises(QuantityError, match=words):
        parse_weight(text)


@pytest.mark.parametrize(
    ("text", "cm"), [("175cm", "175"), ("175 cm", "175"), ("1.75m", "175"), ("69in", "175.26"), ("5ft9in", "175.26"), ("5 ft 9 in", "175.26"), ("5ft9.5in", "176.53"), ("6ft0in", "182.88")]
)  # fmt: skip
def test_heights_are_exact_in_centimetres(text: str, cm: str) -> None:
    assert parse_height(text).base == Fraction(cm)


@pytest.mark.parametrize(("text", "inches"), [("5ft11.9in", "71.9"), ("5ft0in", "60"), ("0ft1in", "1")])
def test_inches_after_feet_go_up_to_twelve(text: str, inches: str) -> None:
    assert parse_height(text) == Quantity(Decimal(inches), "in")


@pytest.mark.parametrize("text", ["5ft12in", "5ft13in", "5ft12.1in"])
def test_twelve_inches_are_a_foot(text: str) -> None:
    with pytest.raises(QuantityError, match="must be below 12"):
        parse_height(text)


@pytest.mark.parametrize("text", ["0ft0in", "0ft0.0in", "00ft0in", "0in", "0.0cm", "0m"])
def test_nobody_is_of_no_height(text: str) -> None:
    """Found by fuzzing: 0ft0in was read."""
    with pytest.raises(QuantityError, match="a height of 0 is not possible"):
        parse_height(text)


@pytest.mark.parametrize("text", ["175", "0cm", "5ft12in", "9in5ft", "175kg", "-175cm", "1,750m", "5'9", "nan cm"])
def test_what_is_no_height_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_height(text)


# ---- rounding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "increment", "direction", "tie", "expected"),
    [
        ("16.65", "0.1", "nearest", "up", "16.7"), ("16.65", "0.1", "nearest", "down", "16.6"), ("16.64", "0.1", "nearest", "up", "16.6"),
        ("16.66", "0.1", "nearest", "down", "16.7"), ("16.6", "0.1", "up", "up", "16.6"), ("16.61", "0.1", "up", "up", "16.7"),
        ("16.69", "0.1", "down", "up", "16.6"), ("22.5", "5", "nearest", "down", "20"), ("22.5", "5", "nearest", "up", "25"),
        ("22.5", "1", "nearest", "up", "23"), ("23.5", "1", "nearest", "up", "24"), ("0", "5", "up", "up", "0"), ("1/3", "0.001", "nearest", "up", "0.333"),
    ],
)  # fmt: skip
def test_a_rounding_rule(value: str, increment: str, direction: str, tie: str, expected: str) -> None:
    assert RoundingRule(Fraction(increment), direction, tie).apply(Fraction(value)) == Fraction(expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("direction", "tie", "of_a_half", "above"),
    [("nearest", "up", 1, 1), ("nearest", "down", 0, 1), ("down", "up", 0, 0), ("up", "down", 1, 1)],
)
def test_a_rounding_rule_says_who_wins(direction: Any, tie: Any, of_a_half: int, above: int) -> None:
    rule = RoundingRule(Fraction(1), direction, tie)
    assert (
        rule.apply(Fraction(1, 2)),
        rule.apply(Fraction(51, 100)),
        rule.apply(Fraction(0)),
        rule.apply(Fraction(3)),
    ) == (of_a_half, above, 0, 3)


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("1/3", 2, "0.33"), ("2/3", 2, "0.67"), ("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("-1/3", 2, "-0.33"), ("0.004", 2, "0"), ("-0.004", 2, "0"),
        ("42", 2, "42"), ("42.10", 2, "42.1"), ("1000", 0, "1000"), ("1380", 2, "1380"), ("99.995", 2, "100"), ("313.75", 0, "314"),
    ],
)  # fmt: skip
def test_a_shown_number_is_rounded_once_with_ties_away_from_0(value: str, places: int, shown: str) -> None:
    assert plain(decimal_of(Fraction(value), places)) == shown


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("-0.05", 1, "-0.1"),
        ("-0.04", 1, "0"),
        ("-1.5", 0, "-2"),
        ("0.05", 1, "0.1"),
        ("1000", 2, "1000"),
        ("-20", 2, "-20"),
    ],
)
def test_figures_below_nought_are_rounded_as_those_above(value: str, places: int, text: str) -> None:
    assert str(decimal_of(Fraction(value), places)) == text


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("1.38E+3", "1380"), ("1E-7", "0.0000001"), ("0.50", "0.5"), ("-0", "0"), ("0.0", "0"), ("10", "10"), ("100.00", "100"), ("-1.50", "-1.5")]
)  # fmt: skip
def test_plain_text_has_no_exponent_no_trailing_zero_and_a_leading_zero(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_only_a_number_with_an_end_has_an_exact_decimal() -> None:
    assert exact_decimal(Fraction("69.85322498")) == Decimal("69.85322498")
    assert exact_decimal(Fraction(1, 3)) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Fraction(1, 10**9), Decimal("1E-9")),
        (Fraction(1, 10**10), None),
        (Fraction(1, 3), None),
        (Fraction(2, 3), None),
        (Fraction(5), Decimal(5)),
    ],
)
def test_an_exact_decimal_has_nine_places_or_is_none(value: Fraction, found: Decimal | None) -> None:
    """1/3 is rounded down and 2/3 up: neither is exact."""
    assert exact_decimal(value) == found


@given(
    st.fractions(-(10**12), 10**12, max_denominator=10**7) | st.decimals(-(10**9), 10**9, places=7) | st.integers(),
    st.integers(0, 5),
)
def test_a_number_for_a_message_is_the_one_that_is_shown(value: Fraction | Decimal | int, places: int) -> None:
    assert figure(value, places) == plain(decimal_not_0(value, places))


@pytest.mark.parametrize(
    ("value", "places", "words"),
    [
        ("1/3", 2, "0.33"),
        ("2/3", 3, "0.667"),
        ("0.125", 2, "0.13"),
        ("72", 2, "72"),
        ("1.50", 2, "1.5"),
        ("1/7", 0, "0.1"),  # what is not 0 is not shown as 0
        ("0", 0, "0"),
    ],
)
def test_a_number_for_a_message_is_rounded_and_plain(value: str, places: int, words: str) -> None:
    assert figure(Fraction(value), places) == words
    assert figure(Fraction("2/3")) == "0.67"


@pytest.mark.parametrize(
    ("value", "words"),
    [("1/2", "+0.5"), ("-1/2", "-0.5"), ("0", "0"), ("1/3", "+0.33"), ("1/300", "+0.003"), ("-1/300", "-0.003")],
)
def test_a_number_with_its_sign(value: str, words: str) -> None:
    assert signed(Fraction(value)) == words


# ---- two units ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dimension", "read"),
    [
        ("11st13lb", "weight", "167 lb"),  # 11 x 14 + 13
        ("9lb15.5oz", "weight", "159.5 oz"),  # 9 x 16 + 15.5
        ("1st2lb3oz", "weight", "259 oz"),  # 16 x 16 + 3
        ("1st0lb0oz", "weight", "224 oz"),
        ("5 feet 11 inches", "height", "71 in"),
        ("1m99cm", "height", "199 cm"),
        ("1 year 11 months", "months", "23 months"),
        ("1 week 6 days", "days", "13 days"),
    ],
)
def test_of_two_units_the_smaller_is_kept(text: str, dimension: str, read: str) -> None:
    assert str(spoken(text, dimension)) == read


@pytest.mark.parametrize(
    ("text", "dimension", "says"),
    [
        ("11st14lb", "weight", "lb after st must be below 14"),
        ("9lb16oz", "weight", "oz after lb must be below 16"),
        ("5ft12in", "height", "in after ft must be below 12"),
        ("1m100cm", "height", "cm after m must be below 100"),
        ("1y12mo", "months", "month after year must be below 12"),
        ("1w7d", "days", "day after week must be below 7"),
        ("5.5st4lb", "weight", "only the last number may have a decimal point"),
        ("5ft9", "height", "the last number has no unit"),
        ("4lb11st", "weight", "is not a number with its unit"),
        ("11st4oz", "weight", "is not a number with its unit"),
        ("11st4in", "weight", "is not a number with its unit"),
    ],
)
def test_and_the_smaller_follows_the_larger_and_is_less_than_one_of_it(text: str, dimension: str, says: str) -> None:
    with pytest.raises(QuantityError, match=says):
        spoken(text, dimension)


@pytest.mark.parametrize("pattern", ["72{}kg", "11st{}4lb", "5ft{}9"])
def test_what_is_said_is_sixty_characters_at_the_most(pattern: str) -> None:
    """Of one unit, of two, and of a last number without any, which is told only where it is looked at."""
    longest = pattern.format(" " * (60 - len(pattern.format(""))))
    dimension = "height" if "ft" in pattern else "weight"
    if pattern.endswith("9"):
        with pytest.raises(QuantityError, match="the last number has no unit"):
            spoken(longest, dimension)
    else:
        assert spoken(longest, dimension) == spoken(pattern.format(""), dimension)
    with pytest.raises(QuantityError, match="is not a number with its unit"):
        spoken(longest.replace(" ", "  ", 1), dimension)


@pytest.mark.parametrize(("decimals", "read"), [(9, True), (40, True), (41, False)])
def test_a_program_writes_forty_decimals_at_the_most(decimals: int, read: bool) -> None:
    text = f"71.{'6' * decimals}"
    if read:
        assert long_number(text) == Decimal(text)
    else:
        with pytest.raises(QuantityError, match="is not a plain number"):
            long_number(text)


@pytest.mark.parametrize(
    ("typed", "kg", "cm"),
    [
        ("70.000123456", "70.000123456", "70.000123456"),  # nine decimals are typed
        ("70.0001234567", "70", "70"),  # ten are from a program: to 1 g, and to 1 mm
        ("70.0987654321", "70.099", "70.1"),
    ],
)
def test_what_has_more_than_nine_decimals_was_divided_by_a_program(typed: str, kg: str, cm: str) -> None:
    assert parse_weight(f"{typed} kg").body_kg == Fraction(kg)
    assert parse_height(f"{typed} cm").body_cm == Fraction(cm)


@pytest.mark.parametrize(
    ("text", "read"), [("9999g", "9.999"), ("9999.9g", "9.9999"), ("10000g", None), ("10kg", "10")]
)
def test_grams_are_for_those_under_ten_kilograms(text: str, read: str | None) -> None:
    if read is not None:
        assert parse_weight(text).body_kg == Fraction(read)
        return
    with pytest.raises(QuantityError, match="grams are for infants under 10 kg"):
        parse_weight(text)


@pytest.mark.parametrize(
    ("value", "unit", "months"),
    [("18", "month", "18"), ("2", "year", "24"), ("1461", "day", "48"), ("15.21875", "day", "1/2")],
)
def test_a_month_of_days_is_an_average_one(value: str, unit: str, months: str) -> None:
    """Four years with their leap day are 1461 days and 48 months: 30.4375 days each."""
    assert in_months(Quantity(Decimal(value), unit)) == Fraction(months)
