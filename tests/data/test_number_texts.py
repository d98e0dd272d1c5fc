from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.data.number_texts import Numbers, Unclear, decimal_sign, looks_like_number, read_numbers

Sign = Literal[".", ","]


def read(*cells: str, decimal: Sign | None = None, decimal_comma: bool = False) -> Numbers | Unclear | None:
    return read_numbers(pd.Series(cells, dtype="string"), decimal=decimal, decimal_comma=decimal_comma)


def numbers(*cells: str, decimal: Sign | None = None, decimal_comma: bool = False) -> list[float]:
    found = read(*cells, decimal=decimal, decimal_comma=decimal_comma)
    assert isinstance(found, Numbers), found
    return [float(text) for text in found.texts]


@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        ("1,234.50", 1234.5, "',' separates thousands"),
        ("1.234,50", 1234.5, "'.' separates thousands"),
        ("1,234,567", 1_234_567, "',' separates thousands"),
        ("1 234", 1234, "' ' separates thousands"),
        ("1\u00a0234", 1234, "' ' separates thousands"),
        ("1\u202f234,5", 1234.5, "' ' separates thousands"),
        ("1'234.5", 1234.5, '"\'" separates thousands'),
        ("1\u2019234", 1234, '"\'" separates thousands'),
        ("\u221212.5", -12.5, "'\u2212' is a minus sign"),
        ("\uff0d12.5", -12.5, "is a minus sign"),
        ("12.5-", -12.5, None),
        ("(300)", -300, "brackets mean negative"),
        ("(317) EUR", -317, "brackets mean negative"),
        ("(1,234.50) €", -1234.5, "brackets mean negative"),
        ("EUR (317)", -317, "'EUR' is left out"),
        ("$ (1,234.50)", -1234.5, "brackets mean negative"),
        ("$(5)", -5, "'$' is left out"),
        ("(EUR 317)", -317, "brackets mean negative"),
        ("(317 EUR)", -317, "brackets mean negative"),
        ("(12.5)%", -12.5, "brackets mean negative"),
        ("(12.5 %)", -12.5, "'%' is left out"),
        ("$1,234.50", 1234.5, "'$' is left out"),
        ("-$5", -5, "'$' is left out"),
        ("$-5", -5, "'$' is left out"),
        ("12.50 EUR", 12.5, "'EUR' is left out"),
        ("1.234,50 €", 1234.5, "'€' is left out"),
        ("US$ 12", 12, "'US$' is left out"),
        ("45.1%", 45.1, "'%' is left out"),
        ("45,1 %", 45.1, "'%' is left out"),
        ("+3", 3, None),
        (".5", 0.5, None),
        ("5.", 5, None),
        ("1e-7", 1e-7, None),
        ("0,5", 0.5, "',' is the decimal sign"),
    ],
)
def test_what_has_one_reading_is_read_and_said(cell: str, value: float, note: str | None) -> None:
    found = read(cell)
    assert isinstance(found, Numbers)
    assert float(found.texts[0]) == value
    assert found.note == note if note is None else note in (found.note or "")


@pytest.mark.parametrize(
    "cell",
    [
        "007",
        "red",
        "A1",
        "2021-01-01",
        "12:30",
        "1,23,4567",
        "1 23",
        "(5",
        "5)",
        "--5",
        "-5-",
        "$5 EUR",
        "((5))",
        "(5) EUR)",
        "EUR (5",
        "EUR 5)",
        "-(5) EUR",
        "(-5) EUR",
        "(5) kg",
        "(1) low",
        "(EUR) 5",
        "$(5 EUR)",
        "",
        "-",
        "1.2.3",
    ],
)
def test_what_is_no_number_stays_text(cell: str) -> None:
    assert read(cell) is None


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("1,234", "5,678"), "1,234 may be a thousand or a decimal"),
        (("$1,234", "$2,345"), "set prepare.source.decimal"),
        (("1.234", "5,678"), "may be a thousand"),
        (("12 kg", "500 g"), "several units (g, kg)"),
        (("$5", "€5"), "several units"),
        (("45%", "0.45"), "1 have no '%'"),
    ],
)
def test_what_has_two_readings_is_asked_for(cells: tuple[str, ...], reason: str) -> None:
    found = read(*cells)
    assert isinstance(found, Unclear)
    assert reason in found.reason


def test_the_users_word_settles_it() -> None:
    assert numbers("1,234", "5,678", decimal=".") == [1234, 5678]
    assert numbers("1,234", "5,678", decimal=",") == [1.234, 5.678]
    assert numbers("1.234", "567", decimal=",") == [1234, 567]
    assert read("1,234.5", decimal=",") is None


def test_thousands_show_by_shorter_numbers_without_a_mark() -> None:
    marked = [f"{n},{n}34" for n in range(1, 9)]
    assert numbers(*marked, "567")[-1] == 567
    assert numbers(*marked, "567")[0] == 1134
    assert isinstance(read(*marked), Unclear)
    assert isinstance(read(*marked, "5670"), Unclear)
    german = [text.replace(",", ".") for text in marked]
    assert numbers(*german, "567", decimal_comma=True)[0] == 1134
    assert numbers(*german, "567")[0] == 1.134  # in a file with commas between cells a point stands before decimals


def test_few_different_amounts_with_a_word_are_levels_and_many_are_numbers() -> None:
    assert read("32GB", "64GB") is None
    assert numbers(*(f"{n} kg" for n in range(20))) == list(range(20))


def test_a_file_shows_its_decimal_sign_by_columns_with_one_reading() -> None:
    def sign(*columns: tuple[str, ...]) -> str | None:
        return decimal_sign(pd.Series(cells, dtype="string") for cells in columns)

    assert sign(("5,43", "1"), ("1.234", "567")) == ","
    assert sign(("5.43",), ("1,234",)) == "."
    assert sign(("5.43",), ("5,43",)) is None
    assert sign(("1.234",), ("red",), ("1", "")) is None


def test_words_with_digits_do_not_look_like_numbers() -> None:
    assert looks_like_number("$1,234")
    assert looks_like_number("12 %")
    assert not looks_like_number("32GB")
    assert not looks_like_number("n.v.")


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1),
    st.sampled_from(["{:,.2f}", "${:,.2f}", "{:,.2f} EUR"]),
)
@settings(deadline=None)
def test_written_amounts_come_back(values: list[float], form: str) -> None:
    assert numbers(*(form.format(value) for value in values)) == [float(value) for value in values]
    german = str.maketrans(",.", ".,")
    assert numbers(*(form.format(value).translate(german) for value in values)) == [float(value) for value in values]
