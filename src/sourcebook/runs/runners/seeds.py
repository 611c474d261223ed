"""Chance made steady: random numbers and unique ids that follow from a story's path.

Standard library only, and complete in itself: a real kernel runs this file before the first cell.
A library that has taken `uuid4` out of its module before `steady_ids` was called keeps chance.
"""

from __future__ import annotations

import hashlib
import random
import sys
import uuid
from importlib.abc import MetaPathFinder
from typing import Any

_IDS = random.Random()


def steady_ids() -> None:
    """Let `uuid.uuid4` draw from a generator of its own, which `seed` seeds."""
    uuid.uuid4 = _uuid4  # libraries import it by name: it must be in place before they do


def seed(path: str) -> None:
    """Let everything random in this process follow from `path`, also in libraries not yet imported."""
    number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big")
    _IDS.seed(number)
    random.seed(number)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(number)
    else:
        sys.meta_path.insert(0, _SeedsNumpy(number))
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["svg.hashsalt"] = path
    else:
        sys.meta_path.insert(0, _SaltsMatplotlib(path))


def _uuid4() -> uuid.UUID:
    """Give a unique id of version 4; the same ones in every run of a story."""
    return uuid.UUID(int=_IDS.getrandbits(128), version=4)


class _AfterImport(MetaPathFinder):
    """Does something once to a module, as soon as it has been imported."""

    name = ""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        found = (finder.find_spec(fullname, path, target) for finder in sys.meta_path)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def then_act(module: Any) -> None:
                execute(module)
                self.act(module)

            spec.loader.exec_module = then_act  # type: ignore[method-assign]
        return spec

    def act(self, module: Any) -> None:
        """Do it."""


class _SeedsNumpy(_AfterImport):
    name = "numpy.random"

    def __init__(self, number: int) -> None:
        self.number = number

    def act(self, module: Any) -> None:
        module.seed(self.number)


class _SaltsMatplotlib(_AfterImport):
    name = "matplotlib"

    def __init__(self, salt: str) -> None:
        self.salt = salt

    def act(self, module: Any) -> None:
        module.rcParams["svg.hashsalt"] = self.salt
