"""What can go wrong: one base class, and one class for each kind of error, with the words of the core."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Union

if TYPE_CHECKING:
    from ._result import JobResult

Context = Mapping[str, Union[str, "list[str]"]]


class LilypadError(Exception):
    """Something went wrong: what, whose fault it is, whether to try again, and what to do.

    >>> import lilypad
    >>> try:
    ...     lilypad.run("examples/modules/mandelbrot", widht=64)
    ... except lilypad.LilypadError as error:
    ...     print(error.code, error.fault, error.hint)
    E_INPUT_UNKNOWN User did you mean `width`?
    """

    kind: str
    """What a caller can act on (``InvalidInput``): the class is made from it."""
    code: str
    """The stable name of the precise cause (``E_INPUT_UNKNOWN``)."""
    fault: str
    """Whose fault it is: ``User``, ``Provider``, ``Network``, ``Solver``, ``Module`` or ``Unknown``."""
    message: str
    """What happened, without the hint."""
    hint: Optional[str]
    """What to do next."""
    operation: Optional[str]
    """The operation that failed, where one was named."""
    retryable: bool
    """Whether trying again can help."""
    retry_after: Optional[float]
    """After how many seconds to try again."""
    context: Context
    """What else is known (``job_id``, ``url``, ``field``…)."""
    result: "Optional[JobResult]"
    """What there is of a job that ran and failed: its files, its cost, its receipt."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "Unexpected",
        code: str = "E_UNEXPECTED",
        fault: str = "Unknown",
        hint: Optional[str] = None,
        operation: Optional[str] = None,
        retryable: bool = False,
        retry_after: Optional[float] = None,
        context: Optional[Context] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.code = code
        self.fault = fault
        self.hint = hint
        self.operation = operation
        self.retryable = retryable
        self.retry_after = retry_after
        self.context = dict(context or {})
        self.result = None

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> "tuple[Callable[..., LilypadError], tuple[dict[str, Any]]]":
        return _again, (self._parts(),)

    def _parts(self) -> "dict[str, Any]":
        names = ("message", "kind", "code", "fault", "hint", "operation", "retryable", "retry_after", "context")
        return {name: getattr(self, name) for name in names}


class InvalidInputError(LilypadError, ValueError):
    """The caller gave something wrong. Mend the named field and call again."""


class NotFoundError(LilypadError, LookupError):
    """The named thing does not exist. Check the name."""


class ConflictError(LilypadError):
    """The thing exists already, or is in a state that does not allow this. Look at its state first."""


class UnauthorizedError(LilypadError, PermissionError):
    """The signature, key or grant does not allow this. Sign with another key."""


class VersionMismatchError(LilypadError):
    """The other side speaks another version. Update one of the two."""


class UnsupportedError(LilypadError, NotImplementedError):
    """This build or this network does not do that; the hint names what would."""


class RateLimitedError(LilypadError):
    """Too many calls. Wait as long as ``retry_after`` says."""


class UnavailableError(LilypadError, ConnectionError):
    """The other side cannot be reached or is not ready. Try again later."""


class TimeoutError(LilypadError, builtins.TimeoutError):
    """A time limit passed; the context names which."""


class CancelledError(LilypadError):
    """The caller asked to stop."""


class NoMatchError(LilypadError):
    """No offer on the network fits the job; the message says why."""


class RejectedError(LilypadError):
    """A policy of the other side refused; the message names the rule."""


class ExecutionFailedError(LilypadError):
    """The job ran and failed, or its result could not be kept. ``result`` has what there is of it."""


class VerificationFailedError(LilypadError):
    """A result, receipt, hash or signature does not check out. Do not use what came with it."""


class InsufficientFundsError(LilypadError):
    """The account cannot pay for this. Add funds or lower the price cap."""


class SettlementError(LilypadError):
    """The ledger or the chain refused or lost a transaction."""


class ProtocolError(LilypadError):
    """The other side answered something that the protocol does not allow."""


class UnexpectedError(LilypadError):
    """A promise of our own code is broken. Please report it."""


KINDS: "dict[str, type[LilypadError]]" = {
    kind.__name__[: -len("Error")]: kind for kind in LilypadError.__subclasses__()
}


def _again(parts: "dict[str, Any]") -> LilypadError:
    kind = KINDS.get(parts["kind"], LilypadError)
    return kind(parts.pop("message"), **parts)


def from_core(view: "dict[str, Any]") -> LilypadError:
    """The exception for an error of the core, its causes chained."""
    cause: Optional[BaseException] = None
    for text in reversed(view.pop("causes")):
        cause, inner = Exception(text), cause
        cause.__cause__ = inner
    view.pop("text")
    view["retry_after"] = view.pop("retry_after_s")
    error = _again(view)
    error.__cause__ = cause
    return error
