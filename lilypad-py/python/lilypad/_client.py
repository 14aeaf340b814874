"""Job creators on one network, blocking and for ``asyncio``."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, AsyncIterator, Iterable, Iterator, Mapping, Optional, Union

from . import _lilypad, _progress
from ._data import JobStatus
from ._job import AsyncJob, Job
from ._module import Module
from ._options import Amount, Options, Time
from ._quote import Quote
from ._result import JobResult
from ._signer import Signer

if TYPE_CHECKING:
    from typing_extensions import Self

AnyModule = Union[str, "os.PathLike[str]", Module]
"""A module, or what it is called: a folder, ``name:tag``, a git repository."""
Inputs = Mapping[str, Any]


class _Account:
    """What blocking and asynchronous clients have in common."""

    _raw: "_lilypad.RawClient"

    @classmethod
    def _of(cls, raw: "_lilypad.RawClient") -> "Self":
        account = cls.__new__(cls)
        account._raw = raw
        return account

    @property
    def address(self) -> str:
        """The account that asks and pays."""
        address: str = self._raw.address
        return address

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"


class Client(_Account):
    """A job creator on one network. Every call waits; other threads run meanwhile, and Ctrl-C ends the wait.

    >>> import lilypad
    >>> client = lilypad.Client.local(seed=7)
    >>> result = client.run("examples/modules/cowsay", Message="hello, pond")
    >>> "hello, pond" in result.text
    True
    """

    def __init__(self, network: Optional[str] = None, *, signer: Optional[Signer] = None) -> None:
        """Reaches a network: a URL or a name that ``lilypad network add`` gave, else the one that the environment names.

        Without a ``signer`` it is ``Signer.find()``. Play money is asked for where a network gives some. Results are
        kept in the user's data folder, so that a job can be found again by its id from another process.
        """
        self._raw = _lilypad.connect(network, signer._raw if signer else None, {}).wait()

    @classmethod
    def local(
        cls,
        *,
        seed: Optional[int] = None,
        slots: Optional[int] = None,
        funds: Optional[Amount] = None,
        rate: Optional[str] = None,
        match_timeout: Optional[Time] = None,
    ) -> "Client":
        """Starts a whole network inside this process, with play money: no key, no service.

        The same ``seed`` gives the same ids, counts and receipts. ``slots`` is how many jobs run at once.
        """
        return cls._of(_lilypad.local(_settings(seed, slots, funds, rate, match_timeout)).wait())

    def submit(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> Job:
        """Checks the inputs, signs a job offer and hands it in. Inputs are keywords, or a dictionary."""
        return Job(self._raw.submit(_loaded(module), {**(inputs or {}), **more}, _plain(options)).wait())

    def run(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> JobResult:
        """Submits a job and waits for its end."""
        return self.submit(module, inputs, options=options, **more).wait()

    def map(
        self,
        module: AnyModule,
        inputs: Iterable[Inputs],
        /,
        *,
        options: Optional[Options] = None,
        at_once: Optional[int] = None,
        check: bool = True,
    ) -> Iterator[JobResult]:
        """Runs the module once for each of the inputs and gives the results in their order.

        ``at_once`` jobs are in flight together. What failed raises its error when its turn comes, unless ``check`` is
        false: then it is a result with an ``error``.
        """
        results = self._map(Module._of(_loaded(module)), inputs, options, at_once or self._raw.at_once, check)
        return _progress.counting(results, _progress.length(inputs))

    def _map(
        self, module: Module, inputs: Iterable[Inputs], options: Optional[Options], at_once: int, check: bool
    ) -> Iterator[JobResult]:
        flying = deque["Job"]()
        for values in inputs:
            flying.append(self.submit(module, values, options=options))
            if len(flying) >= at_once:
                yield flying.popleft()._wait(None, check, None)
        while flying:
            yield flying.popleft()._wait(None, check, None)

    def quote(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> Quote:
        """Asks what the job would cost. Nothing is signed, reserved or paid."""
        return Quote(self._raw.quote(_loaded(module), {**(inputs or {}), **more}, _plain(options)).wait())

    def job(self, id: str) -> Job:
        """A handle on a job of this account that was submitted before, here or elsewhere."""
        return Job(self._raw.job(id).wait())

    def jobs(self) -> "list[JobStatus]":
        """Where this account's newest jobs stand, newest first."""
        return [JobStatus._of(view) for view in self._raw.jobs().wait()]

    def balance(self) -> int:
        """What the account can spend, in wei."""
        return int(self._raw.balance().wait())


class AsyncClient(_Account):
    """A job creator on one network, for ``asyncio``: the names of ``Client``, to be awaited."""

    @classmethod
    async def connect(cls, network: Optional[str] = None, *, signer: Optional[Signer] = None) -> "AsyncClient":
        """Reaches a network; as ``Client``."""
        return cls._of(await _lilypad.connect(network, signer._raw if signer else None, {}).start())

    @classmethod
    async def local(
        cls,
        *,
        seed: Optional[int] = None,
        slots: Optional[int] = None,
        funds: Optional[Amount] = None,
        rate: Optional[str] = None,
        match_timeout: Optional[Time] = None,
    ) -> "AsyncClient":
        """Starts a whole network inside this process; as ``Client.local``."""
        return cls._of(await _lilypad.local(_settings(seed, slots, funds, rate, match_timeout)).start())

    async def submit(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> AsyncJob:
        """Checks the inputs, signs a job offer and hands it in."""
        loaded = await _loading(module)
        return AsyncJob(await self._raw.submit(loaded, {**(inputs or {}), **more}, _plain(options)).start())

    async def run(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> JobResult:
        """Submits a job and waits for its end."""
        return await (await self.submit(module, inputs, options=options, **more)).wait()

    async def map(
        self,
        module: AnyModule,
        inputs: Iterable[Inputs],
        /,
        *,
        options: Optional[Options] = None,
        at_once: Optional[int] = None,
        check: bool = True,
    ) -> AsyncIterator[JobResult]:
        """Runs the module once for each of the inputs and gives the results in their order; as ``Client.map``."""
        loaded, flying = Module._of(await _loading(module)), deque["AsyncJob"]()
        for values in inputs:
            flying.append(await self.submit(loaded, values, options=options))
            if len(flying) >= (at_once or self._raw.at_once):
                yield await flying.popleft().wait(check=check)
        while flying:
            yield await flying.popleft().wait(check=check)

    async def quote(
        self, module: AnyModule, inputs: Optional[Inputs] = None, /, *, options: Optional[Options] = None, **more: Any
    ) -> Quote:
        """Asks what the job would cost. Nothing is signed, reserved or paid."""
        loaded = await _loading(module)
        return Quote(await self._raw.quote(loaded, {**(inputs or {}), **more}, _plain(options)).start())

    async def job(self, id: str) -> AsyncJob:
        """A handle on a job of this account that was submitted before, here or elsewhere."""
        return AsyncJob(await self._raw.job(id).start())

    async def jobs(self) -> "list[JobStatus]":
        """Where this account's newest jobs stand, newest first."""
        return [JobStatus._of(view) for view in await self._raw.jobs().start()]

    async def balance(self) -> int:
        """What the account can spend, in wei."""
        return int(await self._raw.balance().start())


def _settings(
    seed: Optional[int], slots: Optional[int], funds: Optional[Amount], rate: Optional[str], match_timeout: Optional[Time]
) -> "dict[str, Any]":
    return {"seed": seed, "slots": slots, "funds": funds, "rate": rate, "match_timeout": match_timeout}


def _plain(options: Optional[Options]) -> "Optional[dict[str, Any]]":
    return None if options is None else dict(options)


def _loaded(module: AnyModule) -> Any:
    if isinstance(module, Module):
        return module._raw
    return _lilypad.load_module(os.fspath(module)).wait()


async def _loading(module: AnyModule) -> Any:
    if isinstance(module, Module):
        return module._raw
    return await _lilypad.load_module(os.fspath(module)).start()
