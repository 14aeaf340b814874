"""Jobs in flight, blocking and for ``asyncio``."""

from __future__ import annotations

from typing import Any, AsyncIterator, Iterator, Optional

from . import _lilypad, _progress, _show, events
from ._data import JobStatus
from ._options import Time
from ._result import JobResult
from .events import JobEvent, Stderr, Stdout

BATCH = 256


class EventStream(Iterator[JobEvent]):
    """What happens to a job, until its final event."""

    def __init__(self, raw: "_lilypad.RawEvents") -> None:
        self._raw = raw
        self._ready: "list[JobEvent]" = []

    def __next__(self) -> JobEvent:
        if not self._ready:
            batch = self._raw.batch(BATCH).wait()
            self._ready = [events.from_core(view) for view in reversed(batch)]
        if not self._ready:
            raise StopIteration
        return self._ready.pop()


class AsyncEventStream(AsyncIterator[JobEvent]):
    """What happens to a job, until its final event."""

    def __init__(self, open: "_lilypad.Call") -> None:
        self._open = open
        self._raw: "Optional[_lilypad.RawEvents]" = None
        self._ready: "list[JobEvent]" = []

    async def __anext__(self) -> JobEvent:
        raw: "_lilypad.RawEvents" = self._raw or await self._open.start()
        self._raw = raw
        if not self._ready:
            batch = await raw.batch(BATCH).start()
            self._ready = [events.from_core(view) for view in reversed(batch)]
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.pop()


class _Handle:
    """What blocking and asynchronous jobs have in common."""

    id: str
    """The job's id, fixed before anything was sent: it is the way back to the job from another process."""

    def __init__(self, raw: "_lilypad.RawJob") -> None:
        self._raw = raw
        self.id = raw.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


class Job(_Handle):
    """A job in flight. Dropping the handle does not stop the job: see ``cancel``.

    >>> import lilypad
    >>> job = lilypad.submit("examples/modules/cowsay", Message="hi")
    >>> [type(event).__name__ for event in job.events()][0]
    'Submitted'
    >>> job.wait().exit_code
    0
    """

    def status(self) -> JobStatus:
        """Where it stands now."""
        return JobStatus._of(self._raw.status().wait())

    def events(self) -> EventStream:
        """Everything that happens to it, from the first event to the final one."""
        return EventStream(self._raw.events().wait())

    def logs(self) -> Iterator[str]:
        """The lines that it prints, as it prints them."""
        return (event.text for event in self.events() if isinstance(event, (Stdout, Stderr)))

    def wait(self, timeout: Optional[Time] = None, *, check: bool = True) -> JobResult:
        """Waits for its end and returns what came of it.

        A time limit and Ctrl-C end the waiting alone: the job goes on. A job that failed raises its error, with the
        ``result`` on it; without ``check`` it returns the result, which has the ``error``.
        """
        return self._wait(timeout, check, _progress.view() if timeout is None else None)

    def _wait(self, timeout: Optional[Time], check: bool, shown: "Optional[_progress.View]") -> JobResult:
        try:
            if shown is not None:
                for event in self.events():
                    shown.show(event)
            return finish(self._raw.wait(timeout).wait(), check)
        except KeyboardInterrupt as stop:
            raise explain(stop, self.id)
        finally:
            if shown is not None:
                shown.close()

    def _repr_html_(self) -> str:
        so_far = [events.from_core(view) for view in self._raw.events().wait().batch(1_000).wait()]
        printed = [event.text for event in so_far if isinstance(event, (Stdout, Stderr))]
        status = self.status()
        shown = {"job": self.id, "state": status.state, "provider": status.resource_provider}
        shown.update({"waiting": status.waiting_for, "fix": status.fix})
        if status.cost is not None:
            shown["cost"] = _show.lp(status.cost)
        tail = _show.pre("\n".join(printed[-_progress.TAIL_LINES :])) if printed else ""
        return _show.table({name: value for name, value in shown.items() if value}) + tail

    def cancel(self) -> None:
        """Asks it to stop and returns at once. What it did until then is paid, the rest of the money comes back."""
        self._raw.cancel().wait()


class AsyncJob(_Handle):
    """A job in flight, for ``asyncio``. Cancelling a task that waits ends the waiting, not the job."""

    async def status(self) -> JobStatus:
        """Where it stands now."""
        return JobStatus._of(await self._raw.status().start())

    def events(self) -> AsyncEventStream:
        """Everything that happens to it, from the first event to the final one."""
        return AsyncEventStream(self._raw.events())

    async def logs(self) -> AsyncIterator[str]:
        """The lines that it prints, as it prints them."""
        async for event in self.events():
            if isinstance(event, (Stdout, Stderr)):
                yield event.text

    async def wait(self, timeout: Optional[Time] = None, *, check: bool = True) -> JobResult:
        """Waits for its end and returns what came of it; as ``Job.wait``."""
        return finish(await self._raw.wait(timeout).start(), check)

    async def cancel(self) -> None:
        """Asks it to stop. What it did until then is paid, the rest of the money comes back."""
        await self._raw.cancel().start()


def finish(raw: Any, check: bool) -> JobResult:
    """The result; where the job failed and that is to be an error, the error."""
    result = JobResult(raw)
    if check and result.error is not None:
        raise result.error
    return result


def explain(stop: KeyboardInterrupt, id: str) -> KeyboardInterrupt:
    """Says on an interrupt what becomes of the job."""
    stop.args = (f"only the waiting was stopped: job {id} goes on; client.job({id!r}) has its .wait() and .cancel()",)
    return stop
