"""What a job would cost, who would run it, and what keeps the others from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from . import _show


@dataclass(frozen=True)
class QuotedOffer:
    """An offer that fits."""

    offer_id: str
    provider: str
    """Whose it is."""
    price: str
    """Its price of work, in words."""
    cost_least: int
    """What the expected work costs at least, in wei."""
    cost_most: int
    """What it costs at most, in wei."""
    cost: str
    """The same in words."""
    wait: Optional[float]
    """How many seconds until it has room, at the latest; ``None`` where nobody knows."""
    collateral_multiple: int
    """What the provider stakes, as a multiple of the price cap."""
    reputation: int
    """What is thought of the provider, from 0 to 1,000."""


@dataclass(frozen=True)
class Refusal:
    """Why some of the offers do not fit."""

    code: str
    count: int
    text: str
    hint: str


class Quote:
    """What a job would cost. Nothing is reserved or paid. ``print`` shows it as lines.

    >>> import lilypad
    >>> quote = lilypad.client().quote("examples/modules/cowsay", Message="hi", options={"labels": {"region": "eu"}})
    >>> quote.matches_now, quote.refused, quote.fix
    (False, 1, 'do without the label region = eu (labels): then an offer fits, at ...')
    """

    summary: str
    """How many offers fit, are busy, and do not fit, in words."""
    offers: "tuple[QuotedOffer, ...]"
    """Offers that fit, in the order in which the job would get them."""
    fitting: int
    """How many fit and have room now."""
    busy: int
    """How many fit and are busy."""
    refused: int
    """How many do not fit."""
    refusals: "tuple[Refusal, ...]"
    """Why they do not, most frequent first."""
    fix: Optional[str]
    """Where none has room now: the cheapest change after which one does."""
    work: str
    """How much work the job is expected to be."""
    checks: str
    """What is done about cheating on this network."""

    def __init__(self, view: "dict[str, Any]") -> None:
        self._text: str = view["text"]
        self.summary = view["summary"]
        self.offers = tuple(_offer(offer) for offer in view["offers"])
        self.fitting, self.busy, self.refused = view["fitting"], view["busy"], view["refused"]
        self.refusals = tuple(Refusal(**refusal) for refusal in view["refusals"])
        self.fix = view["change"] and view["change"]["text"]
        self.work = view["work"]["text"]
        self.checks = view["checks"]

    @property
    def matches_now(self) -> bool:
        """Whether an offer fits and has room now."""
        return self.fitting > 0

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Quote {self.summary}>"

    def _repr_html_(self) -> str:
        parts = [_show.line(self.summary)]
        if self.offers:
            head = ("provider", "price of work", "cost", "stake", "reputation")
            rows = (
                (offer.provider, offer.price, offer.cost, f"{offer.collateral_multiple} x cap", offer.reputation)
                for offer in self.offers
            )
            parts += [_show.grid(head, rows), _show.table({"work": self.work, "checks": self.checks})]
        if self.refusals:
            reasons = ((refusal.count, refusal.text, refusal.hint) for refusal in self.refusals)
            parts.append(_show.grid(("offers", "do not fit because", "what would mend it"), reasons))
        if self.fix:
            parts.append(_show.table({"fix": self.fix}))
        return "".join(parts)


def _offer(view: "dict[str, Any]") -> QuotedOffer:
    words, cost, wait = view["words"], view["cost"], view["wait_ms"]
    names = ("offer_id", "provider", "collateral_multiple", "reputation")
    return QuotedOffer(
        price=words["price"],
        cost=words["cost"],
        cost_least=int(cost["least"]),
        cost_most=int(cost["most"]),
        wait=None if wait is None else wait / 1000,
        **{name: view[name] for name in names},
    )
