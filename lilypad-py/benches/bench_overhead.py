"""What crossing from Python into the core costs, and the HTTP path beside plain httpx.

    pip install pytest-benchmark httpx; pip install a wheel that was built with --release
    pytest lilypad-py/benches/bench_overhead.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Iterator

import httpx
import lilypad
import pytest
from lilypad import _lilypad

ROOT = Path(__file__).resolve().parents[2]
COWSAY = lilypad.Module(ROOT / "examples/modules/cowsay")
MANDELBROT = lilypad.Module(ROOT / "examples/modules/mandelbrot")


@pytest.fixture(scope="module")
def solver() -> "Iterator[lilypad.Solver]":
    with lilypad.Solver() as solver, lilypad.Provider(solver.url, signer=lilypad.Signer.random()):
        yield solver


def test_call_into_core(benchmark: Any) -> None:
    benchmark(_lilypad.one_line, "x")


def test_python_function(benchmark: Any) -> None:
    benchmark(lambda text: text, "x")


def test_blocking_call(benchmark: Any) -> None:
    client = lilypad.Client.local()
    benchmark(client.balance)


def test_await(benchmark: Any) -> None:
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(lilypad.AsyncClient.local())

    async def calls() -> None:
        for _ in range(100):
            await client.balance()

    benchmark.extra_info["calls in a round"] = 100
    benchmark(lambda: loop.run_until_complete(calls()))
    loop.close()


def test_awaits_at_once(benchmark: Any) -> None:
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(lilypad.AsyncClient.local())

    async def calls() -> None:
        await asyncio.gather(*(client.balance() for _ in range(2000)))

    benchmark.extra_info["calls in a round"] = 2000
    benchmark(lambda: loop.run_until_complete(calls()))
    loop.close()


def test_mebibyte_into_the_core(benchmark: Any) -> None:
    files = {"a": bytes(1 << 20)}
    # Its content id is computed too: that is SHA-256 of all of it.
    benchmark(lilypad.content_id, files)


def test_largest_file_out_of_a_result(benchmark: Any) -> None:
    result = lilypad.Client.local().run(MANDELBROT, width=2048, height=1024, zoom=2, iterations=50)
    largest = max(result.files.values(), key=lambda file: file.size)
    benchmark.extra_info["bytes"] = largest.size
    benchmark(largest.read)


def test_job_on_the_network_in_this_process(benchmark: Any) -> None:
    client = lilypad.Client.local(funds="1000000 LP")
    benchmark(client.run, COWSAY, Message="x")


def test_signed_request_over_http(benchmark: Any, solver: lilypad.Solver) -> None:
    client = lilypad.Client(solver.url, signer=lilypad.Signer.random())
    benchmark.pedantic(client.balance, rounds=200, warmup_rounds=10)


def test_plain_request_with_httpx(benchmark: Any, solver: lilypad.Solver) -> None:
    with httpx.Client() as client:
        benchmark.pedantic(lambda: client.get(f"{solver.url}/healthz"), rounds=200, warmup_rounds=10)
