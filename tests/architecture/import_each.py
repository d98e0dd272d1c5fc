"""Import each module named on standard input as if it were the first one of ours, all in one process.

Before each, everything of ours is taken out of `sys.modules`. A module that was imported first before is handed out
again as it was, with what had come with it and no more: each file runs about once, and a name that another import
left behind is not there to be found. The modules come in an order in which those that a module imports are before it.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

OURS = ("gan_augment", "pipelines")
Modules = dict[str, ModuleType]


def loaded() -> Modules:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in OURS}


class AsItWas:
    """Finds a module that was imported first before, with the modules that were loaded then."""

    def __init__(self) -> None:
        self.seen: dict[str, Modules] = {}
        self.specs: dict[str, ModuleSpec | None] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in self.seen else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = self.seen[spec.name][spec.name]
        self.specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.specs[module.__name__]
        for name, other in self.seen[module.__name__].items():
            sys.modules.setdefault(name, other)
            set_in_parent(name)


def set_in_parent(name: str) -> None:
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        vars(sys.modules[parent]).setdefault(last, sys.modules[name])


def forget() -> None:
    """Take our modules out of `sys.modules`, and each out of its package."""
    ours = loaded()
    for name, module in ours.items():
        del sys.modules[name]
        parent, _, last = name.rpartition(".")
        if parent in ours and vars(ours[parent]).get(last) is module:
            delattr(ours[parent], last)


def main(names: list[str]) -> int:
    """The number of modules that cannot be imported first; prints why."""
    finder = AsItWas()
    sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    failed = 0
    for name in names:
        forget()
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed += 1
            print(name, repr(error))
        else:
            finder.seen[name] = loaded()
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read().split()) > 0)
