"""Functions of a user's own are found beside params.yaml, and the search path stays as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gan_augment.core.user_functions import UserFunctionError, load_function


def test_a_module_in_the_root_is_found_and_the_path_restored(tmp_path: Path) -> None:
    (tmp_path / "own_module_of_a_test.py").write_text("def twice(x):\n    return 2 * x\n\nnumber = 3\n")
    before = list(sys.path)
    assert load_function("own_module_of_a_test:twice", tmp_path)(4) == 8
    assert sys.path == before
    with pytest.raises(UserFunctionError, match="no callable number"):
        load_function("own_module_of_a_test:number", tmp_path)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserFunctionError, match="no_module_of_this_name"):
        load_function("no_module_of_this_name:draw", tmp_path)
