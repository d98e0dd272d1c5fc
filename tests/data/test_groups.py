from __future__ import annotations

import pytest

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.groups import group_in


def test_the_first_brackets_are_the_group() -> None:
    assert group_in("a/patient7_3.png", "(patient[0-9]+)_", "`folder`") == "patient7"


@pytest.mark.parametrize("expression", ["(patient[0-9]+)", "(x?)a", "(x)?a"])
def test_a_name_without_the_group_or_with_an_empty_one_is_told(expression: str) -> None:
    with pytest.raises(DataError, match=r"a/b\.png"):
        group_in("a/b.png", expression, "`folder`")


@pytest.mark.parametrize("expression", ["(", "abc", "(?P<"])
def test_what_is_no_expression_with_brackets(expression: str) -> None:
    with pytest.raises(ParamsError, match="`tar`, or a regular expression"):
        group_in("abc", expression, "`tar`")
