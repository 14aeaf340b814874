"""Plain data that the core answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Mapping, Optional

from . import _lilypad, _show


def wei(text: Optional[str]) -> Optional[int]:
    """An amount as the core writes it."""
    return None if text is None else int(text)


@dataclass(frozen=True)
class JobStatus:
    """Where a job stands."""

    job_id: str
    state: str
    """The name of its state (``ResultsAccepted``)."""
    deal_id: Optional[str]
    resource_provider: Optional[str]
    """Who runs it, once somebody does."""
    waiting_for: Optional[str]
    """Why it still waits, where it does."""
    fix: Optional[str]
    """The cheapest change after which it would not."""
    cost: Optional[int]
    """What it cost in wei, once that is settled."""
    failure: "Optional[Mapping[str, Any]]"
    """Why it ended without a result, where it did."""

    @classmethod
    def _of(cls, view: "dict[str, Any]") -> "JobStatus":
        names = ("job_id", "state", "deal_id", "resource_provider", "waiting_for", "fix", "failure")
        return cls(cost=wei(view["cost"]), **{name: view[name] for name in names})


@dataclass(frozen=True)
class Timings:
    """How long the parts of a job took, in seconds from its submission."""

    agreed: Optional[float]
    """Until a provider was found and the money held."""
    started: Optional[float]
    """Until the program started."""
    submitted: Optional[float]
    """Until the provider handed in its result."""
    total: float
    """Until the receipt was verified and accepted."""

    @classmethod
    def _of(cls, view: "dict[str, Any]") -> "Timings":
        seconds: "dict[str, Any]" = {name[: -len("_ms")]: ms and ms / 1000 for name, ms in view.items()}
        return cls(**seconds)


class Receipt:
    """What a job did, for how much, signed by both parties; anyone can check it offline.

    >>> import lilypad
    >>> receipt = lilypad.run("examples/modules/cowsay", Message="hi").receipt
    >>> receipt.verify()
    >>> lilypad.Receipt(receipt.text.replace('"wasm"', '"docker"')).verify()
    Traceback (most recent call last):
        ...
    lilypad.VerificationFailedError: ...
    """

    text: str
    """The receipt as the content of its file."""
    body: "Mapping[str, Any]"
    """What both parties signed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.body = _lilypad.read_receipt(text)["body"]

    @classmethod
    def load(cls, path: "str | Any") -> "Receipt":
        """Reads a receipt from a file."""
        with open(path, encoding="utf-8") as file:
            return cls(file.read())

    def verify(self) -> None:
        """Checks the arithmetic and both signatures; raises ``VerificationFailedError`` where something is wrong."""
        _lilypad.verify_receipt(self.text)

    def save(self, path: "str | Any") -> None:
        """Writes the receipt to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.text)

    @property
    def cost(self) -> int:
        """What the job cost, in wei."""
        return int(self.body["cost"])

    @property
    def instruction_count(self) -> int:
        """Measured work units."""
        return int(self.body["instruction_count"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Receipt) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"<Receipt of job {self.body['job_id']}>"

    def _repr_html_(self) -> str:
        shown = {name: part if isinstance(part, str) else json.dumps(part) for name, part in self.body.items()}
        rate = self.body["rate"]
        shown["instruction_count"] = f"{self.instruction_count:,}"
        shown["rate"] = f"{_show.lp(int(rate['amount']))} per {rate['per']:,}"
        shown["price_cap"], shown["cost"] = _show.lp(int(self.body["price_cap"])), _show.lp(self.cost)
        shown["created_at"] = datetime.fromtimestamp(self.body["created_at"] / 1000, timezone.utc).isoformat(" ", "seconds")
        return _show.table(shown)
