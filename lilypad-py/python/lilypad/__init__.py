"""Run work on machines that other people own, pay only for what was measured, and check what you got.

>>> import lilypad
>>> result = lilypad.run("examples/modules/mandelbrot", width=64, height=40)
>>> result.exit_code, sorted(result.outputs)
(0, ['outputs/mandelbrot.png'])
"""

from __future__ import annotations

import atexit as _atexit
import os as _os
import threading as _threading
from typing import Any as _Any
from typing import Optional as _Optional

from . import _errors, _lilypad, events
from ._client import AnyModule, AsyncClient, Client, Inputs
from ._data import JobStatus, Receipt, Timings
from ._errors import (
    CancelledError,
    ConflictError,
    ExecutionFailedError,
    InsufficientFundsError,
    InvalidInputError,
    LilypadError,
    NoMatchError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    SettlementError,
    TimeoutError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedError,
    UnsupportedError,
    VerificationFailedError,
    VersionMismatchError,
)
from ._job import AsyncEventStream, AsyncJob, EventStream, Job
from ._module import Finding, Input, Module, new_module
from ._options import FileContent, Options
from ._progress import progress
from ._quote import Quote, QuotedOffer, Refusal
from ._result import File, Files, JobResult, content_id
from ._roles import Money, Provider, RunEvent, Solver
from ._signer import Signer
from .events import JobEvent

__all__ = [
    "AnyModule",
    "AsyncClient",
    "AsyncEventStream",
    "AsyncJob",
    "CancelledError",
    "Client",
    "ConflictError",
    "EventStream",
    "ExecutionFailedError",
    "File",
    "FileContent",
    "Files",
    "Finding",
    "Input",
    "Inputs",
    "InsufficientFundsError",
    "InvalidInputError",
    "Job",
    "JobEvent",
    "JobResult",
    "JobStatus",
    "LilypadError",
    "Module",
    "Money",
    "NoMatchError",
    "NotFoundError",
    "Options",
    "ProtocolError",
    "Provider",
    "Quote",
    "QuotedOffer",
    "RateLimitedError",
    "Receipt",
    "Refusal",
    "RejectedError",
    "RunEvent",
    "SettlementError",
    "Signer",
    "Solver",
    "TimeoutError",
    "Timings",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedError",
    "UnsupportedError",
    "VerificationFailedError",
    "VersionMismatchError",
    "client",
    "content_id",
    "events",
    "job",
    "new_module",
    "progress",
    "run",
    "submit",
]

__version__: str = _lilypad.__version__

_atexit.register(_lilypad.close_gate)


# They are found here, and tracebacks say so.
for _error in _errors.KINDS.values():
    _error.__module__ = __name__
LilypadError.__module__ = __name__

_local: "_Optional[Client]" = None
_starting = _threading.Lock()


def _after_fork() -> None:
    global _local, _starting
    # Another thread may have held it, and is not here.
    _local, _starting = None, _threading.Lock()
    _lilypad.after_fork()


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)


def client() -> Client:
    """The job creator on the network inside this process, which is started when it is first asked for."""
    global _local
    with _starting:
        if _local is None:
            _local = Client.local()
        return _local


def run(
    module: AnyModule, inputs: "_Optional[Inputs]" = None, /, *, options: "_Optional[Options]" = None, **more: "_Any"
) -> JobResult:
    """Runs a module on a network inside this process: no key, no service, play money.

    Inputs are keywords, or a dictionary. See ``Client`` for networks elsewhere.

    >>> import lilypad
    >>> print(lilypad.run("examples/modules/cowsay", Message="hello, pond").text)  # doctest: +ELLIPSIS
     _____________
    < hello, pond >
    ...
    """
    return client().run(module, inputs, options=options, **more)


def submit(
    module: AnyModule, inputs: "_Optional[Inputs]" = None, /, *, options: "_Optional[Options]" = None, **more: "_Any"
) -> Job:
    """The same without waiting: returns the job."""
    return client().submit(module, inputs, options=options, **more)


def job(id: str) -> Job:
    """A job that was submitted to the network inside this process before."""
    return client().job(id)
