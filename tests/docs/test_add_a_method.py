"""The example of docs/add-a-method.md is a method like the built-in ones."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.synthesis import registry
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from tests.toys import image_toy

PAGE = Path(__file__).parents[2] / "docs/add-a-method.md"


@pytest.fixture
def blend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The method, found as a plug-in is found."""
    text = PAGE.read_text(encoding="utf-8")
    code = re.search(r"```python\n(# blend\.py\n.*?)```", text, re.DOTALL)
    entry = re.search(r'^blend = "(.+)"$', text, re.MULTILINE)
    assert code is not None
    assert entry is not None
    (tmp_path / "blend.py").write_text(code[1], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "blend", raising=False)
    plugin = EntryPoint("blend", entry[1], registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [plugin] if group == plugin.group else [])
    return registry.resolve_method("blend")


def drawn(model: Any, label: int, count: int, start: int = 0) -> Any:
    return np.concatenate([one.payload for one in model.sample(SampleRequest(label, count, seed=3, start=start))])


def test_the_example_keeps_the_promises_of_the_page(blend: Any, tmp_path: Path) -> None:
    train, validation = image_toy()
    model = blend.fit(TrainingData(train, validation), blend.Config(strength=0.3), Run(0))
    images = drawn(model, 1, 20)
    assert images.shape == (20, 8, 8, 1)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[7:9], drawn(model, 1, 2, start=7))
    assert (images[:, :, 4:].mean((1, 2, 3)) > images[:, :, :4].mean((1, 2, 3)) + 100).all()  # class 1: bright right
    model.save(tmp_path)
    np.testing.assert_array_equal(drawn(blend.load(tmp_path, train.spec), 1, 20), images)
    parents = {one for batch in model.sample(SampleRequest(1, 20, seed=3)) for p in batch.parents for one in p.split()}
    assert parents <= set(train.of_class(1).samples.manifest["id"])
    with pytest.raises(MethodError):
        drawn(model, 7, 1)


def test_a_plugin_is_listed_and_cannot_take_a_built_in_name(blend: Any) -> None:
    assert "blend" in registry.method_names()
    assert type(registry.resolve_method("smote")).__module__.startswith("gan_augment.")
    assert blend.Config.model_validate({"strength": 0.3}).strength == 0.3
    with pytest.raises(ValueError, match="strenght"):
        blend.Config.model_validate({"strenght": 0.3})
