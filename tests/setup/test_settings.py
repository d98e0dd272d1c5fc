from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import DemoSource, PrepareConfig
from gan_augment.params import load_params
from gan_augment.project.layout import Project
from gan_augment.setup.initialise import write_project
from gan_augment.setup.inspect import inspect_path
from gan_augment.setup.settings import apply_settings, parse_settings
from gan_augment.stages import prepare
from tests.data.pictures import write_folder

CONFIG = PrepareConfig(source=DemoSource(name="digits"))


def test_values_are_yaml() -> None:
    texts = ["prepare.exclude=[a, 'b c']", "prepare.image_size=32", "prepare.split.group=null", "prepare.corrupt=skip"]
    config = apply_settings(CONFIG, parse_settings(texts))
    assert config.exclude == ("a", "b c")
    assert config.image_size == 32
    assert config.corrupt == "skip"


@pytest.mark.parametrize("text", ["prepare.corrupt", "mix.ratios=[1]", "prepare.exclude=[a"])
def test_texts_that_are_no_settings(text: str) -> None:
    with pytest.raises(ParamsError, match="--set"):
        parse_settings([text])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("prepare.corupt", "skip", "did you mean 'corrupt'"),
        ("prepare.splitt.test", 0.1, "did you mean 'split'"),
        ("prepare.corrupt", "perhaps", "refuse"),
        ("prepare.image_size", 30, "multiple of 4, such as 28 or 32"),
        ("prepare.image_size", "large", r"4 to 1024, or two of them: \[height, width\]"),
        ("prepare.image_size", [24], "or two of them"),
        ("prepare.image_size", [24, 98], "multiple of 4"),
        ("prepare.image_size", [24, 96, 3], "or two of them"),
        ("prepare.image_size", True, "or two of them"),
    ],
)
def test_unknown_keys_and_wrong_values(key: str, value: object, said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        apply_settings(CONFIG, {key: value})


def test_data_that_init_refuses_is_accepted_with_the_setting_it_names(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"a": 30, "b": 30, "rare": 2})
    (tmp_path / "raw/a/broken.png").write_bytes(b"broken")
    with pytest.raises(DataError) as error:
        write_project(tmp_path / "project", inspect_path(tmp_path / "raw"), repository=False)
    assert "prepare.exclude" in str(error.value)
    assert "prepare.corrupt: skip" in str(error.value)
    assert "--set" in str(error.value)
    chosen = {
        "prepare.exclude": ["rare"],
        "prepare.corrupt": "skip",
        "prepare.image_size": 8,
        "prepare.split.test": 0.3,
    }
    write_project(tmp_path / "project", inspect_path(tmp_path / "raw", settings=chosen), repository=False)
    params = load_params(tmp_path / "project/params.yaml").prepare
    assert (params.exclude, params.corrupt, params.image_size, params.split.test) == (("rare",), "skip", 8, 0.3)
    prepare.run(Project.open(tmp_path / "project"))


def test_a_file_in_two_encodings_is_read_in_the_one_that_is_named(tmp_path: Path) -> None:
    cells = b"".join(b"%d,%s\n" % (7 * n % 50, (b"gr\xc3\xbcn", b"gr\xfcn")[n % 2]) for n in range(40))
    (tmp_path / "t.csv").write_bytes(b"x,kind\n" + cells)
    with pytest.raises(DataError, match="mixes two encodings"):
        inspect_path(tmp_path / "t.csv", target="kind")
    findings = inspect_path(tmp_path / "t.csv", target="kind", settings={"prepare.source.encoding": "cp1252"})
    assert {record.label for record in findings.classes} == {"grün", "grÃ¼n"}
