"""What a look at the data found, for people and for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gan_augment.data.problems import Problem
from gan_augment.setup.findings import Findings
from gan_augment.setup.inspect import inspect_path
from tests.data.pictures import write_folder
from tests.setup.test_inspect import table


@pytest.fixture(params=["images", "table"])
def findings(request: pytest.FixtureRequest, tmp_path: Path) -> Findings:
    if request.param == "images":
        return inspect_path(write_folder(tmp_path, {"a": 22, "b": 2}))
    return inspect_path(table(tmp_path, colour=["red", None, "blue"] * 20, same=1), target="kind")


def test_other_programs_get_all_of_it_as_plain_values(findings: Findings) -> None:
    plain = json.loads(json.dumps(findings.to_json()))
    assert set(plain) == set(Findings.__dataclass_fields__)
    assert [one["key"] for one in plain["classes"]] == [one.key for one in findings.classes]
    assert plain["config"]["source"]["kind"] == findings.config.source.kind
    assert len(plain["problems"]) == len(findings.problems)
    assert all(Problem.model_validate(one) in findings.problems for one in plain["problems"])
    assert not any(value is None for one in plain["problems"] for value in one.values())
    assert (plain["images"] is None) is (findings.modality == "table")
    if findings.images is not None:
        assert plain["images"]["canonical"] == findings.images.canonical.model_dump()


def test_errors_are_what_prepare_would_refuse(findings: Findings) -> None:
    assert all(one.severity == "error" for one in findings.errors)
    others = [one for one in findings.problems if one not in findings.errors]
    assert others
    assert all(one.severity != "error" for one in others)
    assert bool(findings.errors) is (findings.modality == "image")  # of class b there are two images
