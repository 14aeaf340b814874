"""Every test and every example in a docstring runs in the root of the repository, where the examples are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COWSAY = "examples/modules/cowsay"
MANDELBROT = "examples/modules/mandelbrot"
FOREVER = "examples/modules/forever"
FAIL = "examples/modules/fail"


@pytest.fixture(autouse=True)
def root() -> None:
    os.chdir(ROOT)


def python(code: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """A program of its own: it ends within a minute, or the test fails."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, timeout=60, text=True, capture_output=True, check=False, **more)
