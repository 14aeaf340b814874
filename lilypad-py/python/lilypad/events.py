"""What happens to a job: one class for each kind of event, for ``match`` and ``isinstance``.

``str(event)`` is one line for people; of what the job prints it is the line itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timezone
from typing import Any, ClassVar, Optional

from . import _lilypad


@dataclass(frozen=True)
class JobEvent:
    """One thing that happened to a job. Kinds that this version does not know come as this class."""

    __match_args__: ClassVar[tuple[str, ...]] = ()
    seq: int
    """Place in the job's log, from 0."""
    at: datetime
    """When the solver wrote it down."""
    job_id: str
    """The job."""
    state: str
    """The state of the job after it (``ResultsAccepted``)."""
    label: str
    """What it is about, in one word (``state``, ``stdout``, ``warning``)."""
    words: str
    """One line for people."""

    @property
    def safe(self) -> str:
        """``words`` on one line, without what a terminal would obey."""
        return _lilypad.one_line(self.words)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Submitted(JobEvent):
    """The solver took the job offer."""


@dataclass(frozen=True)
class Waiting(JobEvent):
    """No offer fits now; the job waits."""

    __match_args__ = ("reason", "fix")
    reason: str
    """Why no offer fits, with counts and figures."""
    fix: Optional[str]
    """The cheapest change after which one fits, where one or two fields are enough."""


@dataclass(frozen=True)
class Agreed(JobEvent):
    """A provider was found and the money is in escrow."""

    __match_args__ = ("resource_provider", "price_cap")
    deal_id: str
    resource_provider: str
    """Who runs the job."""
    rate: "dict[str, Any]"
    """Price of the work units."""
    price_cap: int
    """Most that the job can cost, in wei."""


@dataclass(frozen=True)
class Started(JobEvent):
    """The provider started the program."""

    __match_args__ = ("executor",)
    executor: str
    """The executor (``wasm``, ``docker``)."""


@dataclass(frozen=True)
class Preparing(JobEvent):
    """What the provider does before the program runs."""

    __match_args__ = ("message",)
    message: str


@dataclass(frozen=True)
class Stdout(JobEvent):
    """The job wrote a line, or a piece of a long one, to its standard output."""

    __match_args__ = ("text",)
    text: str
    """Without the line end."""


@dataclass(frozen=True)
class Stderr(JobEvent):
    """The same for standard error."""

    __match_args__ = ("text",)
    text: str
    """Without the line end."""


@dataclass(frozen=True)
class Progress(JobEvent):
    """Work so far. Not kept in the log."""

    __match_args__ = ("instruction_count",)
    instruction_count: int
    """Work units so far."""


@dataclass(frozen=True)
class Warning(JobEvent):
    """Something that the user should know and that does not stop the job."""

    __match_args__ = ("message",)
    message: str


@dataclass(frozen=True)
class Cancelling(JobEvent):
    """The user asked to cancel; the provider is stopping."""


@dataclass(frozen=True)
class ResultsSubmitted(JobEvent):
    """The provider handed in a signed result."""

    __match_args__ = ("outcome", "instruction_count")
    data_id: str
    """Content id of the results folder."""
    outcome: Any
    """How the program ended."""
    instruction_count: int
    """Measured work units."""


@dataclass(frozen=True)
class ResultsAccepted(JobEvent):
    """The result was checked and paid."""

    __match_args__ = ("cost",)
    cost: int
    """What the job cost, in wei."""


@dataclass(frozen=True)
class Cancelled(JobEvent):
    """The job was cancelled."""

    __match_args__ = ("cost",)
    cost: int
    """What the work until then cost, in wei."""


@dataclass(frozen=True)
class TimedOut(JobEvent):
    """A time limit passed."""

    __match_args__ = ("phase", "message")
    phase: str
    """Which."""
    message: str


@dataclass(frozen=True)
class Failed(JobEvent):
    """The job ended without a result."""

    __match_args__ = ("message",)
    message: str


KINDS: "dict[str, type[JobEvent]]" = {
    "".join("_" + letter.lower() if letter.isupper() else letter for letter in kind.__name__)[1:]: kind
    for kind in JobEvent.__subclasses__()
}
_WEI = ("cost", "price_cap")


def from_core(view: "dict[str, Any]") -> JobEvent:
    """The event for one of the core's."""
    kind = KINDS.get(view["event"], JobEvent)
    label, words = view["words"]
    parts: "dict[str, Any]" = {
        **view,
        "label": label,
        "words": words,
        "at": datetime.fromtimestamp(view["at"] / 1000, timezone.utc),
        **{name: int(view[name]) for name in _WEI if name in view},
    }
    values: "dict[str, Any]" = {field.name: parts.get(field.name) for field in fields(kind)}
    return kind(**values)
