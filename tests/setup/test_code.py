"""The code in dvc.yaml is the code that each stage imports, as grimp (import-linter's reader of imports) finds it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import grimp
import pytest
import yaml

from gan_augment.setup import code
from gan_augment.setup.code import CODE, code_dependencies
from gan_augment.synthesis.registry import BUILT_IN
from tests.pipelines.fake_project import REPOSITORY

SECTIONS = {
    "prepare": "data",
    "synthesis": "synthesis",
    "train_gan": "synthesis",
    "generate": "synthesis",
    "curate": "curation",
    "cross_fit": "mixing",
    "mix": "mixing",
    "retrain": "downstream",
    "measure": "gain",
    "report": "reporting",
    "export": "sharding",
}
# Nothing that these do reaches an output: bars and live pages.
WITHOUT_OUTPUT = {"gan_augment.core.progress", "gan_augment.project.live"}
LAZY = "gan_augment"  # its `load` is imported by users, not by stages
DATA_OF = {"data/demo": "data", "reporting/templates": "reporting"}


def pipeline() -> dict[str, dict[str, list[str]]]:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in stages.items()}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("gan_augment", exclude_type_checking_imports=True, cache_dir=None)


def used_by(stage: str, imports: grimp.ImportGraph) -> set[str]:
    """Every module whose change can change the stage's outputs."""
    sections = {name.split(".")[0] for name in pipeline()[stage]["params"]}
    todo, used = [f"gan_augment.stages.{stage}"], set[str]()
    while todo:
        module = todo.pop()
        if module in used or module in WITHOUT_OUTPUT:
            continue
        used.add(module)
        followed = set() if module == LAZY else set(imports.find_modules_directly_imported_by(module))
        if module == "gan_augment.params":  # of the sections' shapes, those of the sections that the stage reads
            read = {f"gan_augment.{SECTIONS[name]}.config" for name in sections & SECTIONS.keys()}
            followed = {name for name in followed if not name.endswith(".config")} | read
        if module == "gan_augment.synthesis.registry":  # methods are imported by name
            followed |= {target.partition(":")[0] for target in BUILT_IN.values()}
        todo += followed
    return used


def path_of(module: str) -> str:
    """Relative to the package."""
    path = "/".join(module.split(".")[1:])
    folder = REPOSITORY / "gan_augment" / path
    return f"{path}/__init__.py".lstrip("/") if folder.is_dir() else f"{path}.py"


def expected(stage: str, imports: grimp.ImportGraph) -> list[str]:
    """A component's folder where the stage uses half of its modules, else the files; always all of `core`."""
    of_component: dict[str, set[str]] = defaultdict(set)
    for module in imports.modules:
        path = path_of(module)
        if not path.endswith("__init__.py"):
            of_component[path.partition("/")[0]].add(path)
    used = {path_of(module) for module in used_by(stage, imports)}
    paths = {path for path in used if "/" not in path}
    for component, all_paths in of_component.items():
        mine = {path for path in used if path.startswith(f"{component}/")}
        real = mine & all_paths
        if component not in {"stages", "project"} and real and (component == "core" or 2 * len(real) >= len(all_paths)):
            paths.add(component)
        else:
            paths |= mine
    return sorted(paths)


@pytest.mark.parametrize("stage", list(CODE))
def test_a_stage_depends_on_the_code_that_it_imports(stage: str, imports: grimp.ImportGraph) -> None:
    named = [dep.removeprefix("gan_augment/") for dep in pipeline()[stage]["deps"] if dep.startswith("gan_augment")]
    assert named == expected(stage, imports), (
        f"correct CODE[{stage!r}] in gan_augment/setup/code.py, and dvc.yaml with it"
    )


def test_every_stage_is_in_the_table_and_every_path_is_there() -> None:
    assert list(CODE) == list(pipeline())
    assert all((REPOSITORY / path).exists() for paths in code_dependencies(REPOSITORY).values() for path in paths)


def test_data_in_the_package_is_covered_by_a_folder(imports: grimp.ImportGraph) -> None:
    for data, component in DATA_OF.items():
        assert (REPOSITORY / "gan_augment" / data).is_dir()
        for stage in CODE:
            users = {path for path in expected(stage, imports) if path.startswith(component)}
            assert users <= {component, f"{component}/config.py"}, stage


def test_an_edit_of_the_report_or_of_the_command_line_trains_nothing() -> None:
    def stages_with(path: str) -> set[str]:
        return {stage for stage, deps in code_dependencies(REPOSITORY).items() if any(path.startswith(d) for d in deps)}

    assert stages_with("gan_augment/reporting/page.py") == {"report"}
    assert stages_with("gan_augment/sharding/export.py") == {"export"}
    assert stages_with("gan_augment/gain/verdict.py") == {"measure"}
    assert stages_with("gan_augment/curation/filters.py") == {"curate", "cross_fit"}
    assert stages_with("gan_augment/cli/app.py") == stages_with("docs/data.md") == set()


def test_a_project_with_an_installed_package_names_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: dict[str, list[str]] = {stage: [] for stage in CODE}
    assert code_dependencies(tmp_path) == nothing
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / ".venv/lib/python3.11/site-packages/gan_augment")
    assert code_dependencies(tmp_path) == nothing
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / "src/gan_augment")
    assert "src/gan_augment/data" in code_dependencies(tmp_path)["prepare"]
