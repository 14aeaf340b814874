"""A whole network out of its parts, each as others would run it."""

from __future__ import annotations

import threading

import lilypad
import pytest
from conftest import COWSAY, FAIL


def test_a_provider_is_watched_and_paid() -> None:
    with lilypad.Solver(play_money="100 LP") as solver:
        provider = lilypad.Provider(solver.url, signer=lilypad.Signer.random(), stake="50 LP", labels={"region": "eu"})
        before = provider.money()
        assert (before.balance, before.stake, before.locked) == (50 * 10**18, 50 * 10**18, 0)
        client = lilypad.Client(solver.url, signer=lilypad.Signer.random())
        result = client.run(COWSAY, Message="hi", options={"labels": {"region": "eu"}})
        failed = client.submit(FAIL).wait(check=False)
        assert provider.money().balance == before.balance + result.cost + failed.cost
        seen: "list[lilypad.RunEvent]" = []
        watching = threading.Thread(target=lambda: seen.extend(provider.events()))
        watching.start()
        provider.stop()
        watching.join(30)
        assert [(event.event, event.outcome) for event in seen] == [
            ("started", None),
            ("ended", "exited:0"),
            ("started", None),
            ("ended", "exited:3"),
        ]
        assert seen[1].instruction_count == result.instruction_count
        assert result.receipt.body["resource_provider"] == provider.address
        # Its offer is gone with it.
        assert not client.quote(COWSAY, Message="hi").matches_now


def test_a_provider_runs_only_what_its_owner_lets_it() -> None:
    with lilypad.Solver(match_timeout=0.05) as solver:
        only = ["author:github.com/lilypad-tech"]
        with lilypad.Provider(solver.url, signer=lilypad.Signer.random(), only=only):
            with pytest.raises(lilypad.NoMatchError):
                lilypad.Client(solver.url, signer=lilypad.Signer.random()).run(COWSAY, Message="hi")


def test_a_provider_needs_a_network_elsewhere() -> None:
    with pytest.raises(lilypad.InvalidInputError) as caught:
        lilypad.Provider("local", signer=lilypad.Signer.random())
    assert caught.value.code == "E_NETWORK_LOCAL"
    with pytest.raises(lilypad.UnavailableError) as taken:
        with lilypad.Solver() as solver:
            lilypad.Solver(listen=solver.url[len("http://") :])
    assert taken.value.code == "E_LISTEN"
