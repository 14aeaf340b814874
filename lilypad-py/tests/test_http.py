"""The same at a solver elsewhere: solver and provider are processes of the command that the wheel brings."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import lilypad
import pytest
from conftest import COWSAY, MANDELBROT, ROOT, python

# Public development keys: they hold nothing anywhere.
PROVIDER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
CREATOR_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
COMMAND = str(Path(sys.executable).with_name("lilypad"))
CREATOR = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


class Role:
    """A process of the command that stays until it is stopped."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        command = [sys.executable, "-m", "lilypad", *arguments, "--json"]
        env = {**os.environ, **environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.ready: "dict[str, Any]" = json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    solver = Role("solver", "--listen", "127.0.0.1:0", "--play-money", "100 LP")
    provider = Role("provider", "--network", solver.ready["url"], "--executor", "wasm", LILYPAD_PRIVATE_KEY=PROVIDER_KEY)
    yield solver.ready["url"]
    provider.stop()
    solver.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LILYPAD_PRIVATE_KEY", "WEB3_PRIVATE_KEY", "LILYPAD_NETWORK", "NETWORK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LILYPAD_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("LILYPAD_DATA_DIR", str(tmp_path / "data"))


def test_a_job_on_a_network_elsewhere_is_the_same_job(url: str, tmp_path: Path) -> None:
    client = lilypad.Client(url, signer=lilypad.Signer.from_key(CREATOR_KEY))
    assert client.address == CREATOR
    job = client.submit(MANDELBROT, width=64, height=40)
    kinds = [type(event).__name__ for event in job.events()]
    assert kinds[0] == "Submitted" and kinds[-1] == "ResultsAccepted"
    result = job.wait()
    assert result["outputs/mandelbrot.png"].read() == (ROOT / "tests/vectors/mandelbrot-64x40.png").read_bytes()
    assert client.balance() == 100 * 10**18 - result.cost
    assert client.jobs()[0].job_id == job.id and client.jobs()[0].cost == result.cost
    result.receipt.verify()


def test_another_process_finds_a_job_and_its_result_by_its_id(url: str) -> None:
    signer = lilypad.Signer.from_key(CREATOR_KEY)
    result = lilypad.Client(url, signer=signer).run(COWSAY, Message="again")
    found = f"""
import lilypad
result = lilypad.Client({url!r}).job({result.job_id!r}).wait()
assert result.receipt.text == {result.receipt.text!r}
print(result.text)
"""
    done = python(found, env={**os.environ, "LILYPAD_PRIVATE_KEY": CREATOR_KEY})
    assert done.returncode == 0 and "< again >" in done.stdout, done.stderr


async def test_the_asynchronous_client_does_the_same(url: str) -> None:
    client = await lilypad.AsyncClient.connect(url, signer=lilypad.Signer.random())
    results = [result async for result in client.map(COWSAY, [{"Message": str(at)} for at in range(3)])]
    assert [f"< {at} >" in result.text for at, result in enumerate(results)] == [True] * 3
    assert await client.balance() == 100 * 10**18 - sum(result.cost for result in results)


def test_a_quote_says_what_it_costs_and_what_keeps_offers_from_the_job(url: str) -> None:
    client = lilypad.Client(url, signer=lilypad.Signer.random())
    quote = client.quote(COWSAY, Message="x")
    assert quote.matches_now and quote.offers[0].price == "0.01 LP per 1,000,000,000 work units"
    assert "1 fits now" in str(quote) and quote.offers[0].provider in quote._repr_html_()
    wanted = client.quote(COWSAY, Message="x", options={"labels": {"region": "<eu>"}})
    assert not wanted.matches_now and wanted.fix and "region" in wanted.fix
    assert wanted.refusals[0].count == 1 and "<eu>" not in wanted._repr_html_()


def test_keys_come_from_files_and_the_environment_and_are_never_shown(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(lilypad.UnauthorizedError) as caught:
        lilypad.Client(url)
    assert caught.value.code == "E_NO_KEY"
    monkeypatch.setenv("LILYPAD_PRIVATE_KEY", CREATOR_KEY)
    assert lilypad.Client(url).address == CREATOR
    signer = lilypad.Signer.find()
    signer.save(tmp_path / "key.json", "open sesame")
    assert (tmp_path / "key.json").stat().st_mode & 0o077 == 0
    assert lilypad.Signer.from_keystore(tmp_path / "key.json", "open sesame").address == CREATOR
    with pytest.raises(lilypad.UnauthorizedError) as wrong:
        lilypad.Signer.from_keystore(tmp_path / "key.json", "open barley")
    assert wrong.value.code == "E_KEYSTORE_PASSPHRASE"
    with pytest.raises(lilypad.UnauthorizedError) as missing:
        lilypad.Signer.from_keystore(tmp_path / "key.json")
    assert missing.value.code == "E_PASSPHRASE_MISSING"
    with pytest.raises(lilypad.UnauthorizedError) as bad:
        lilypad.Signer.from_key("0x1234")
    assert "1234" not in str(bad.value) + repr(bad.value)
    secret = CREATOR_KEY[2:]
    for shown in (repr(signer), str(signer), str(vars(signer)), *map(str, caught.value.args)):
        assert secret not in shown.lower()


def test_events_and_statuses_have_the_fields_that_solvers_send(url: str) -> None:
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        schemas = json.load(answer)["components"]["schemas"]
    common = {field.name for field in dataclasses.fields(lilypad.JobEvent)}
    sent = {}
    for variant in schemas["JobEvent"]["oneOf"]:
        names = set(variant["properties"])
        sent[variant["properties"]["event"]["const"]] = names - {"event"} - common
    here = {
        name: {field.name for field in dataclasses.fields(kind)} - common for name, kind in lilypad.events.KINDS.items()
    }
    assert here == sent
    status = set(schemas["JobStatus"]["properties"]) - {"outcome", "receipt"}
    assert {field.name for field in dataclasses.fields(lilypad.JobStatus)} == status


def test_a_solver_that_is_not_there() -> None:
    with pytest.raises(lilypad.InvalidInputError):
        lilypad.Client("http://solver.example:1", signer=lilypad.Signer.random())
    with pytest.raises(lilypad.NotFoundError):
        lilypad.Client("nowhere", signer=lilypad.Signer.random())


def test_a_name_that_the_command_gave_is_known(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    added = subprocess.run([sys.executable, "-m", "lilypad", "network", "add", "pond", url], check=False, capture_output=True, text=True)
    assert added.returncode == 0, added.stderr
    assert lilypad.Client("pond", signer=lilypad.Signer.random()).quote(COWSAY, Message="x").matches_now


def test_the_command_is_the_command() -> None:
    done = subprocess.run([COMMAND, "run", COWSAY, "-i", "Message=hi", "--json"], check=False, capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout)["exit_code"]) == (0, 0), done.stderr
    wrong = subprocess.run([COMMAND, "run", MANDELBROT, "-i", "widht=1"], check=False, capture_output=True, text=True)
    assert wrong.returncode == 2 and "did you mean `width`?" in wrong.stderr
