"""Modules: load, look at, render, check, and new ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Union

from . import _lilypad, _show


@dataclass(frozen=True)
class Input:
    """What a module takes."""

    name: str
    type: str
    """``string``, ``integer``, ``number``, ``boolean``, ``choice``, or ``text`` where a module does not say."""
    required: bool
    default: Optional[str]
    description: Optional[str]
    secret: bool
    """The value does not appear in logs, errors or stored offers."""
    limits: "Mapping[str, Any]"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or doubtful in a module."""

    rule: str
    severity: str
    message: str
    field: Optional[str]
    line: Optional[int]
    column: Optional[int]
    hint: Optional[str]

    def __str__(self) -> str:
        place = f" line {self.line}, column {self.column}" if self.line else ""
        return f"{self.severity}[{self.rule}]{place}: {self.message}" + (f": {self.hint}" if self.hint else "")


class Module:
    """A module: a program that networks run, with what it takes and leaves.

    >>> import lilypad
    >>> module = lilypad.Module("examples/modules/cowsay")
    >>> module.name, [(input.name, input.type) for input in module.inputs]
    ('cowsay', [('Message', 'string')])
    >>> module.check()
    []
    """

    name: str
    version: Optional[str]
    description: Optional[str]
    pin: str
    """The exact code that it stands for."""
    inputs: "tuple[Input, ...]"

    def __init__(self, reference: "Union[str, os.PathLike[str]]") -> None:
        """Loads a module: a folder, ``name:tag``, or a git repository (``github.com/owner/repo:tag``)."""
        self._fill(_lilypad.load_module(os.fspath(reference)).wait())

    @classmethod
    async def load(cls, reference: "Union[str, os.PathLike[str]]") -> "Module":
        """The same without blocking the event loop."""
        return cls._of(await _lilypad.load_module(os.fspath(reference)).start())

    @classmethod
    def _of(cls, raw: "_lilypad.RawModule") -> "Module":
        module = cls.__new__(cls)
        module._fill(raw)
        return module

    def _fill(self, raw: "_lilypad.RawModule") -> None:
        self._raw = raw
        view: "dict[str, Any]" = raw.view()
        self.name = view["name"]
        self.version = view["version"]
        self.description = view["description"]
        self.pin = view["pin"]
        self.inputs = tuple(Input(**spec) for spec in view["inputs"])

    def check(self) -> "list[Finding]":
        """What is wrong or doubtful in it, the worst first."""
        return [Finding(**finding) for finding in self._raw.check()]

    def render(self, inputs: "Optional[Mapping[str, Any]]" = None, /, **more: Any) -> "dict[str, Any]":
        """The job with its inputs bound, in the form in which networks describe it. Nothing is run."""
        rendered: "dict[str, Any]" = self._raw.render({**(inputs or {}), **more})
        return rendered

    def __repr__(self) -> str:
        return f"<Module {self.name or self.pin}: {', '.join(spec.name for spec in self.inputs) or 'no inputs'}>"

    def _repr_html_(self) -> str:
        head = _show.table({"module": self.name, "": self.description or "", "pin": self.pin})
        rows = (
            (spec.name, spec.type, "required" if spec.required else spec.default or "", spec.description or "")
            for spec in self.inputs
        )
        return head + _show.grid(("input", "type", "default", ""), rows)


def new_module(name: str, folder: "Union[str, os.PathLike[str], None]" = None, *, kind: str = "wasm") -> Path:
    """Writes a new module to start from: manifest, program, and a README that says how to build and run it.

    ``kind`` is ``wasm`` or ``docker``; the folder must be new or empty.
    """
    path = Path(name if folder is None else folder)
    _lilypad.new_module(name, path, kind)
    return path
