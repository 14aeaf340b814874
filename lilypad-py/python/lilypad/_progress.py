"""What is shown while a job runs: one live box in a notebook, lines in a terminal, nothing where nobody looks."""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional, Protocol, Sized, TypeVar

from . import _show, events

if TYPE_CHECKING:
    from ._result import JobResult

T = TypeVar("T")

QUIET_SECONDS = 0.3
"""Jobs that are quicker show nothing but their result."""
UPDATE_SECONDS = 0.1
TAIL_LINES = 8

_wanted: Optional[bool] = None


def progress(wanted: Optional[bool]) -> None:
    """Says whether what happens to jobs is shown while they are waited for.

    ``None``, where it starts, shows it to people: in a notebook and on a terminal, and not in a file or a pipe.
    """
    global _wanted
    _wanted = wanted


class View(Protocol):
    """Somewhere to show things."""

    def show(self, event: "events.JobEvent") -> None: ...
    def count(self, done: int, total: Optional[int], wei: int) -> None: ...
    def close(self) -> None: ...


def view() -> Optional[View]:
    """Where things are shown now; ``None`` for nowhere."""
    if _wanted is False:
        return None
    if in_notebook():
        return Box()
    if _wanted or (sys.stderr is not None and sys.stderr.isatty()):
        return Lines()
    return None


def in_notebook() -> bool:
    """Whether a kernel runs this, not a terminal."""
    shell = sys.modules.get("IPython") and getattr(sys.modules["IPython"], "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel") and os.getpid() == _pid


_pid = os.getpid()


class Lines:
    """Plain lines on standard error."""

    def __init__(self) -> None:
        self._open = False

    def show(self, event: "events.JobEvent") -> None:
        if isinstance(event, events.Progress):
            self._over(f"  {event.words}")
            return
        self.close()
        label = "|" if isinstance(event, (events.Stdout, events.Stderr)) else f"{event.label:<9}"
        print(f"  {label} {event.safe}", file=sys.stderr)

    def count(self, done: int, total: Optional[int], wei: int) -> None:
        self._over(f"  {counted(done, total, wei)}")

    def _over(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True

    def close(self) -> None:
        if self._open:
            print(file=sys.stderr)
            self._open = False


class Box:
    """One output of a notebook that changes: the state, the last lines, the cost."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next = self._began + QUIET_SECONDS
        self._handle: Any = None
        self._state = ""
        self._work = ""
        self._tail: "list[str]" = []
        self._html = ""

    def show(self, event: "events.JobEvent") -> None:
        if isinstance(event, (events.Stdout, events.Stderr)):
            self._tail = [*self._tail, event.text][-TAIL_LINES:]
        elif isinstance(event, events.Progress):
            self._work = event.words
        else:
            self._state, self._work = event.words, ""
        took = _show.seconds(time.monotonic() - self._began)
        head = f"job {event.job_id[:12]}… · {self._work or self._state} · {took}"
        tail = _show.pre("\n".join(self._tail)) if self._tail else ""
        self._update(_show.line(head) + tail)
        # What it printed stands in its result.
        self._html = _show.line(head)

    def count(self, done: int, total: Optional[int], wei: int) -> None:
        bar = f'<progress max="{total}" value="{done}" style="vertical-align:middle"></progress> ' if total else ""
        self._update(f'<div style="margin:4px 0">{bar}{counted(done, total, wei)}</div>', done == total)

    def _update(self, html: str, now: bool = False) -> None:
        self._html = html
        if time.monotonic() >= self._next or (now and self._handle is not None):
            self._next = time.monotonic() + UPDATE_SECONDS
            self._draw(html)

    def _draw(self, html: str) -> None:
        notebook: Any = importlib.import_module("IPython.display")
        if self._handle is None:
            self._handle = notebook.display(notebook.HTML(html), display_id=True)
        else:
            self._handle.update(notebook.HTML(html))

    def close(self) -> None:
        if self._handle is not None:
            self._draw(self._html)


def counted(done: int, total: Optional[int], wei: int) -> str:
    """How far a sweep is."""
    return f"{done}{f' of {total}' if total is not None else ''} jobs, {_show.lp(wei)}"


def length(values: "Iterable[Any]") -> Optional[int]:
    """How many there are, where that is known."""
    return len(values) if isinstance(values, Sized) else None


def counting(results: "Iterable[JobResult]", total: Optional[int]) -> "Iterator[JobResult]":
    """The same results, counted where people see it."""
    shown = view()
    done = wei = 0
    try:
        for result in results:
            done, wei = done + 1, wei + result.cost
            if shown is not None:
                shown.count(done, total, wei)
            yield result
    finally:
        if shown is not None:
            shown.close()
