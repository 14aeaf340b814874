"""The other roles: a solver that others reach, and a provider that runs jobs on this machine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Iterable, Iterator, Mapping, Optional

from . import _lilypad, _show
from ._options import Amount, Time
from ._signer import Signer


class Solver:
    """A solver on this machine, reached over HTTP, with play money; its jobs and its money are in memory.

    The command ``lilypad solver`` has one that keeps them over restarts.

    >>> import lilypad
    >>> with lilypad.Solver(play_money="10 LP") as solver, lilypad.Provider(solver.url, signer=lilypad.Signer.random()):
    ...     client = lilypad.Client(solver.url, signer=lilypad.Signer.random())
    ...     client.run("examples/modules/cowsay", Message="hi").exit_code
    0
    """

    def __init__(
        self,
        *,
        listen: str = "127.0.0.1:0",
        play_money: Optional[Amount] = "1000 LP",
        signer: Optional[Signer] = None,
        match_timeout: Optional[Time] = None,
    ) -> None:
        """Starts it. Without a ``signer`` it has a new key; each account may have ``play_money`` once."""
        key = signer._raw if signer else None
        self._raw: "_lilypad.RawSolver" = _lilypad.start_solver(listen, key, play_money, match_timeout).wait()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self._raw.url

    @property
    def address(self) -> str:
        """Its account."""
        return self._raw.address

    def stop(self) -> None:
        """Takes no new connections, and returns when every request that runs has its answer."""
        self._raw.stop().wait()

    def __enter__(self) -> "Solver":
        return self

    def __exit__(
        self,
        kind: "Optional[type[BaseException]]",
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Solver {self.url}>"


@dataclass(frozen=True)
class Money:
    """What an account has on a ledger, in wei."""

    account: str
    balance: int
    """What it can spend or withdraw."""
    stake: int
    """What it has set aside as stake."""
    locked: int
    """The part of the stake that open deals have locked."""


@dataclass(frozen=True)
class RunEvent:
    """Something that happened on a machine that runs jobs."""

    event: str
    """``started``, ``ended``, or ``failed``."""
    job_id: str
    words: str
    """One line for people."""
    outcome: Optional[str] = None
    """How it ended, where it has."""
    instruction_count: Optional[int] = None
    """What it used."""
    peak_memory_bytes: Optional[int] = None
    took_s: Optional[float] = None
    """How long it took, in seconds."""

    def __str__(self) -> str:
        return f"{self.job_id} {self.words}"


class Provider:
    """This machine, offered on a network: it runs WebAssembly jobs for money, until it is stopped."""

    def __init__(
        self,
        network: Optional[str] = None,
        *,
        signer: Optional[Signer] = None,
        slots: Optional[int] = None,
        rate: Optional[str] = None,
        labels: "Optional[Mapping[str, str]]" = None,
        cpu: Optional[int] = None,
        ram: Optional[int] = None,
        collateral: Optional[int] = None,
        stake: Optional[Amount] = None,
        only: Iterable[str] = (),
        never: Iterable[str] = (),
    ) -> None:
        """Connects to the solver, sets stake aside, and offers the machine.

        ``slots`` jobs run at once; ``rate`` is such as ``"0.02 LP per 1,000,000,000 work units"``; ``cpu`` is in
        thousandths, ``ram`` in MB; ``only`` and ``never`` are rules about modules (``repo:…``, ``author:…``, ``content:…``).
        """
        settings: "dict[str, Any]" = {
            "slots": slots,
            "rate": rate,
            "labels": labels and dict(labels),
            "cpu": cpu,
            "ram": ram,
            "collateral": collateral,
            "stake": stake,
            "only": list(only),
            "never": list(never),
        }
        key = signer._raw if signer else None
        self._raw: "_lilypad.RawProvider" = _lilypad.start_provider(network, key, settings).wait()

    @property
    def address(self) -> str:
        """The account that is paid."""
        return self._raw.address

    def money(self) -> Money:
        """What it has: to spend, staked, locked."""
        view: "dict[str, Any]" = self._raw.money().wait()
        return Money(view["account"], int(view["balance"]), int(view["stake"]), int(view["locked"]))

    def events(self) -> Iterator[RunEvent]:
        """What happens on this machine, from the first job on, until the provider is stopped."""
        seen = 0
        while True:
            batch: "list[dict[str, Any]]" = self._raw.events(seen).wait()
            if not batch:
                return
            seen += len(batch)
            known = {field.name for field in fields(RunEvent)}
            yield from (RunEvent(**{name: part for name, part in view.items() if name in known}) for view in batch)

    def stop(self) -> None:
        """Takes the offer back, stops what runs, and returns when nothing runs any more."""
        self._raw.stop().wait()

    def __enter__(self) -> "Provider":
        return self

    def __exit__(
        self,
        kind: "Optional[type[BaseException]]",
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Provider {self.address}>"

    def _repr_html_(self) -> str:
        money = self.money()
        return _show.table(
            {
                "provider": self.address,
                "to spend": _show.lp(money.balance),
                "staked": f"{_show.lp(money.stake)}, {_show.lp(money.locked)} of it locked by jobs",
            }
        )
