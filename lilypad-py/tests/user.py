"""A program as a user writes it: type checkers read it in their strict modes, and it runs as a test."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import lilypad


def blocking() -> int:
    module = lilypad.Module("examples/modules/mandelbrot")
    options: lilypad.Options = {"price_cap": "0.5 LP", "timeout": timedelta(minutes=1)}
    job = lilypad.submit(module, width=32, height=20, options=options)
    for event in job.events():
        if isinstance(event, lilypad.events.Agreed):
            assert event.price_cap == 5 * 10**17
        elif isinstance(event, lilypad.events.Stdout):
            print(event.text)
    result = job.wait(timeout=60)
    result.receipt.verify()
    picture: bytes = result["outputs/mandelbrot.png"].read()
    return len(picture)


async def awaited() -> list[str]:
    client = await lilypad.AsyncClient.local(seed=7)
    words = [{"Message": word} for word in ("one", "two")]
    return [result.text async for result in client.map("examples/modules/cowsay", words)]


def refused() -> str:
    try:
        lilypad.run("examples/modules/mandelbrot", widht=1)
    except lilypad.InvalidInputError as error:
        return error.hint or error.message
    return ""


if __name__ == "__main__":
    print(blocking(), asyncio.run(awaited()), refused())
