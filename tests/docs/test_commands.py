"""Every `gan-augment ...` line in README.md and docs/ names a command that exists, with options that it has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from gan_augment.cli.app import app

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
