"""The client for asyncio: real awaitables, cancelled with their task."""

from __future__ import annotations

import asyncio

import lilypad
import pytest
from conftest import COWSAY, FAIL, FOREVER


async def test_calls_are_awaited_side_by_side() -> None:
    client = await lilypad.AsyncClient.local()
    results = await asyncio.gather(*(client.run(COWSAY, Message=str(at)) for at in range(4)))
    assert all(f"< {at} >" in result.text for at, result in enumerate(results))


async def test_a_call_is_a_coroutine_that_a_task_can_run_and_cancel() -> None:
    client = await lilypad.AsyncClient.local()
    job = await client.submit(FOREVER)
    task = asyncio.create_task(job.wait())
    async for event in job.events():
        if isinstance(event, lilypad.events.Started):
            break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The job goes on: only the waiting was cancelled.
    assert (await job.status()).state == "DealAgreed"
    await job.cancel()
    with pytest.raises(lilypad.CancelledError):
        await job.wait()


async def test_events_come_in_order_and_end() -> None:
    client = await lilypad.AsyncClient.local()
    job = await client.submit(COWSAY, Message="hi")
    seen = [event async for event in job.events()]
    assert [event.seq for event in seen] == list(range(len(seen)))
    assert isinstance(seen[0], lilypad.events.Submitted) and isinstance(seen[-1], lilypad.events.ResultsAccepted)
    lines = [line async for line in job.logs()]
    assert "< hi >" in lines and (await job.wait()).text == "".join(line + "\n" for line in lines)


async def test_errors_are_those_of_the_blocking_client() -> None:
    client = await lilypad.AsyncClient.local()
    with pytest.raises(lilypad.InvalidInputError, match="did you mean `Message`"):
        await client.submit(COWSAY, Mesage="x")
    with pytest.raises(lilypad.ExecutionFailedError) as caught:
        await client.run(FAIL)
    assert caught.value.result is not None and caught.value.result.exit_code == 3


async def test_map_gives_results_in_order() -> None:
    client = await lilypad.AsyncClient.local()
    inputs = [{"Message": str(at)} for at in range(5)]
    results = [result async for result in client.map(COWSAY, inputs, at_once=2)]
    assert [f"< {at} >" in result.text for at, result in enumerate(results)] == [True] * 5


def test_each_event_loop_has_its_own_way() -> None:
    async def once() -> int:
        client = await lilypad.AsyncClient.local()
        return (await client.run(COWSAY, Message="x")).exit_code

    assert [asyncio.run(once()) for _ in range(3)] == [0, 0, 0]


async def test_the_blocking_client_works_inside_a_running_loop() -> None:
    assert lilypad.run(COWSAY, Message="x").exit_code == 0
