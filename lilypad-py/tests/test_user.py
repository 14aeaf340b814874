"""The program that type checkers read does what it says."""

from __future__ import annotations

import asyncio

import user


def test_the_users_program_runs() -> None:
    assert user.blocking() > 100
    assert ["one" in text or "two" in text for text in asyncio.run(user.awaited())] == [True, True]
    assert user.refused() == "did you mean `width`?"
