"""Which storage form rows have is asked in one file; other files ask as seldom as they can."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gan_augment

PACKAGE = Path(gan_augment.__file__).parent
THE_FILE = "core/fields.py"
# Only ever smaller: after a branch has gone, write the smaller number.
MOST_BRANCHES = 45
MOST_ASSERTS = 0
FORMS = {"DataFrame", "ndarray"}


def asks(node: ast.AST) -> bool:
    """Whether this is `isinstance(rows, pd.DataFrame)`, `spec.image is None` or `modality == "table"`."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
        return any(getattr(part, "attr", getattr(part, "id", "")) in FORMS for part in ast.walk(node.args[1]))
    if not isinstance(node, ast.Compare):
        return False
    name = getattr(node.left, "attr", getattr(node.left, "id", ""))
    if name in ("image", "table"):
        return isinstance(node.ops[0], ast.Is | ast.IsNot)
    return name == "modality" and isinstance(node.ops[0], ast.Eq | ast.NotEq)


def questions(tree: ast.AST, *, asserted: bool) -> Iterator[ast.AST]:
    within = {part for node in ast.walk(tree) if isinstance(node, ast.Assert) for part in ast.walk(node)}
    yield from (node for node in ast.walk(tree) if asks(node) and (node in within) == asserted)


def counted(*, asserted: bool) -> Counter[str]:
    files = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    found = {
        name: len(list(questions(ast.parse(text), asserted=asserted)))
        for name, text in files.items()
        if name != THE_FILE
    }
    return +Counter(found)


def test_few_places_ask_for_the_form() -> None:
    found = counted(asserted=False)
    assert found.total() <= MOST_BRANCHES, (
        f"{dict(found)}: let core.fields do it (take, concat, frame_of, images_of, bytes_per_row), or a literal table "
        "by modality"
    )


def test_nothing_is_narrowed_by_assert() -> None:
    found = counted(asserted=True)
    assert found.total() <= MOST_ASSERTS, f"{dict(found)}: spec.images, spec.tables, frame_of and images_of say why"


def test_the_questions_are_recognised() -> None:
    text = """
if spec.image is not None or isinstance(payload, pd.DataFrame): pass
assert spec.table is not None
x = 1 if modality == "image" else image is not other
isinstance(rows, (list, np.ndarray))
"""
    assert len(list(questions(ast.parse(text), asserted=False))) == 5
    assert len(list(questions(ast.parse(text), asserted=True))) == 1
