"""Ctrl-C, threads, forks, and the end of a process."""

from __future__ import annotations

import threading

import lilypad
import pytest
from conftest import COWSAY, python
from lilypad import _lilypad

INTERRUPTED = """
import os, signal, threading, time, lilypad
job = lilypad.submit("examples/modules/forever")
for event in job.events():
    if isinstance(event, lilypad.events.Started):
        break
def interrupt():
    global pressed
    pressed = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(0.1, interrupt).start()
try:
    job.wait()
except KeyboardInterrupt as stop:
    print(time.monotonic() - pressed)
    print(stop)
again = lilypad.job(job.id)
again.cancel()
try:
    again.wait()
except lilypad.CancelledError as error:
    print(error.code)
"""


def test_an_interrupt_ends_the_wait_and_says_how_to_go_on() -> None:
    done = python(INTERRUPTED)
    assert done.returncode == 0, done.stderr
    took, said, code = done.stdout.splitlines()
    # The promise is 0.2 s on a machine with nothing else to do; this one builds and tests.
    assert float(took) < 2, took
    assert ".job('Qm" in said and ".wait()" in said and code == "E_CANCELLED"


def test_what_the_core_logs_comes_to_logging(caplog: pytest.LogCaptureFixture) -> None:
    _lilypad.log_as_core("100% full")
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("lilypad.python", "WARNING", "100% full, length: 9")
    ]


def test_other_threads_run_while_one_waits() -> None:
    job = lilypad.submit("examples/modules/forever")
    waiting = threading.Thread(target=lambda: job.wait(check=False))
    waiting.start()
    # If the wait kept the interpreter, this would never be reached.
    job.cancel()
    waiting.join(30)
    assert not waiting.is_alive()


def test_many_threads_use_one_client() -> None:
    texts: "dict[int, str]" = {}

    def work(at: int) -> None:
        texts[at] = lilypad.run(COWSAY, Message=str(at)).text

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"< {at} >" in texts[at] for at in range(8))


ENDS = {
    "after an await": """
import asyncio, lilypad
async def main():
    client = await lilypad.AsyncClient.local()
    await client.run("examples/modules/cowsay", Message="x")
asyncio.run(main())
""",
    "in the middle of a call": """
import asyncio, lilypad
async def main():
    client = await lilypad.AsyncClient.local()
    for _ in range(20):
        asyncio.ensure_future(client.run("examples/modules/cowsay", Message="x"))
    await asyncio.sleep(0)
asyncio.run(main())
""",
    "while a daemon thread waits": """
import lilypad, threading
job = lilypad.submit("examples/modules/forever")
for _ in range(4):
    threading.Thread(target=job.wait, daemon=True).start()
for _ in range(4):
    threading.Thread(target=lambda: lilypad.run("examples/modules/cowsay", Message="x"), daemon=True).start()
next(iter(job.events()))
""",
}


@pytest.mark.parametrize("how", ENDS)
def test_processes_end_cleanly(how: str) -> None:
    for _ in range(7):
        done = python(ENDS[how])
        assert (done.returncode, done.stderr) == (0, ""), done.stderr


FORKED = """
import os, sys, warnings, lilypad
warnings.simplefilter("ignore")
lilypad.run("examples/modules/cowsay", Message="parent")
old = lilypad.client()
child = os.fork()
if child == 0:
    try:
        old.run("examples/modules/cowsay", Message="x")
        os._exit(1)
    except lilypad.ConflictError as error:
        assert error.code == "E_FORKED", error
    os._exit(0 if "child" in lilypad.run("examples/modules/cowsay", Message="child").text else 2)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
lilypad.run("examples/modules/cowsay", Message="parent")
"""


def test_a_child_of_fork_has_a_network_of_its_own() -> None:
    done = python(FORKED)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
