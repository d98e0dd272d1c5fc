"""Every `gan-augment ...` line in README.md and docs/ names a command that exists, and runs unless it says why not."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from gan_augment.cli.app import app
from gan_augment.stages import export
from tests.cli.command import run
from tests.data.pictures import write_folder
from tests.finished_project import write_project
from tests.studies.test_comparison import finished

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def lines() -> Iterator[tuple[str, str]]:
    """(page, command) of every line of a bash block, and of every inline `gan-augment ...`."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
        named = re.findall(r"(?:^|&& )(gan-augment [^\n&#]+)", blocks, flags=re.MULTILINE)
        named += re.findall(r"`(gan-augment [^`\n]+)`", text)
        for command in dict.fromkeys(words.strip() for words in named):
            yield page.relative_to(ROOT).as_posix(), command


COMMANDS = list(lines())


def test_the_pages_name_commands() -> None:
    assert {"README.md", "docs/compare.md", "docs/watch.md"} <= {page for page, _ in COMMANDS}


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=[f"{page}: {words}" for page, words in COMMANDS])
def test_the_command_exists_with_its_options(page: str, words: str) -> None:
    command: Any = typer.main.get_command(app)
    rest = [word.strip("[]") for word in shlex.split(words)[1:]]
    while rest and getattr(command, "commands", None):
        name = rest.pop(0)
        if name == "STAGE" or name.startswith("--"):  # of any stage; or an option of the command itself
            return
        assert name in command.commands, words
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    assert {word.partition("=")[0] for word in rest if word.startswith("-")} <= known, words


# What stands for something of the reader's.
MEANT = {
    "init": "init photos",
    "PATH": "photos",
    "NAME": "vanilla",
    "STAGE": "report",
    "compare RUN RUN": "compare one two",
    "compare ~/projects/cells-gan ~/projects/cells-copula": "compare one two",
}
# Command -> why it does not run here, and where it does.
ELSEWHERE = {
    "calibrate": "minutes: tests/cli/test_calibrate.py runs it with other settings",
    "replicate": "minutes: tests/studies/test_replicate.py",
    "choose": "a minute: tests/cli/test_choose.py",
    "draw": "needs a trained model: tests/cli/test_draw.py",
    "compare tonal-tint shaky-jynx magic-zags": "needs three DVC experiments: tests/docs/test_compare.py (nightly)",
    "compare RUN RUN...": "a synopsis; its options run in tests/cli/test_compare.py",
    "watch": "watches until it is interrupted: tests/cli/test_watch.py",
}


def _runs_elsewhere(words: str) -> bool:
    command = words.removeprefix("gan-augment ")
    return command == "watch" or any(command.startswith(name) for name in ELSEWHERE.keys() - {"watch"})


HERE = [words for words in dict.fromkeys(words for _, words in COMMANDS) if not _runs_elsewhere(words)]


@pytest.mark.parametrize("words", HERE)
def test_the_command_runs(words: str, tmp_path: Path) -> None:
    project, words = tmp_path / "p", words.removeprefix("gan-augment ")
    words = MEANT.get(words, words)
    for written, meant in list(MEANT.items())[1:]:
        words = re.sub(rf"(^| ){re.escape(written)}$|(^| ){re.escape(written)}(?= )", rf"\1\2{meant}", words)
    if words.startswith("init"):
        project.mkdir()
        write_folder(project / "photos", {"many": 12, "rare": 5, "others": 9})
    elif words.startswith("compare"):
        for name in ("one", "two"):
            finished(project, name, right=1.0, gain=1.0)
    else:
        export.run(write_project(project))
        with (project / "params.yaml").open("a", encoding="utf-8") as params:
            params.write("publish: {to: ../published}\n")
    done = run(*shlex.split(words), cwd=project)
    # `doctor` may well find something to say about the machine or a project without Git.
    assert done.returncode in ((0, 2) if words in ("doctor", "params check") else (0,)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_only_these_commands_do_not_run_here() -> None:
    left = {words for _, words in COMMANDS} - set(HERE)
    assert {words.split()[1] for words in left} == {name.split()[0] for name in ELSEWHERE}
    for reason in ELSEWHERE.values():
        for file in re.findall(r"tests/\S+\.py", reason):
            assert (ROOT / file).exists(), file


def test_every_extra_that_a_message_or_a_page_names_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    modules = [path for folder in ("gan_augment", "pipelines") for path in (ROOT / folder).rglob("*.py")]
    named = {
        extra.strip()
        for path in [*PAGES, *modules]
        for found in re.findall(r"gan-augment\[([\w, -]+)\]", path.read_text(encoding="utf-8"))
        for extra in found.split(",")
    }
    assert named
    assert named <= set(extras)
