"""Every wrong call has an exception with a code, whose fault it is, and what to do."""

from __future__ import annotations

import pickle
import re
from typing import Any

import lilypad
import pytest
from conftest import COWSAY, FOREVER, MANDELBROT, ROOT


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ({"widht": 3}, "E_INPUT_UNKNOWN", "did you mean `width`?"),
        ({"width": "x"}, "E_INPUT_TYPE", "must be a whole number"),
        ({"width": [1]}, "E_INPUT_TYPE", "got a value of type list"),
        ({"width": None}, "E_INPUT_TYPE", "got a value of type NoneType"),
        ({"width": 2.5}, "E_INPUT_TYPE", 'got "2.5"'),
        ({"width": True}, "E_INPUT_TYPE", 'got "true"'),
        ({"width": 2**70}, "E_INPUT_TYPE", str(2**70)),
        ({"width": 5000}, "E_INPUT_RANGE", "at most 4096"),
        ({"zoom": float("nan")}, "E_INPUT_TYPE", "finite"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_sent(inputs: "dict[str, Any]", code: str, said: str) -> None:
    with pytest.raises(lilypad.InvalidInputError) as caught:
        lilypad.submit(MANDELBROT, inputs)
    error = caught.value
    assert error.code == code and said in str(error), error
    assert (error.kind, error.fault, error.retryable, error.retry_after) == ("InvalidInput", "User", False, None)
    assert error.context["field"] == next(iter(inputs))
    assert isinstance(error, ValueError)


def test_a_number_for_a_text_says_how_to_write_it() -> None:
    with pytest.raises(lilypad.InvalidInputError) as caught:
        lilypad.run(COWSAY, Message=5)
    assert caught.value.hint == 'give it as a text: "5"'


def test_modules_options_and_jobs_that_do_not_exist() -> None:
    with pytest.raises(lilypad.NotFoundError) as caught:
        lilypad.run("examples/modules/cowsya")
    assert caught.value.hint and "lilypad.toml" in caught.value.hint
    with pytest.raises(lilypad.InvalidInputError) as wrong:
        lilypad.run(COWSAY, options={"zzzz": 1})  # type: ignore[arg-type]
    assert wrong.value.code == "E_OPTION_UNKNOWN" and "`price_cap`" in str(wrong.value)
    with pytest.raises(lilypad.InvalidInputError) as near:
        lilypad.run(COWSAY, options={"timeuot": 1})  # type: ignore[arg-type]
    assert near.value.hint == "did you mean `timeout`?"
    with pytest.raises(lilypad.NotFoundError) as unknown:
        lilypad.job("QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r")
    assert unknown.value.code == "E_JOB_UNKNOWN"
    with pytest.raises(lilypad.InvalidInputError):
        lilypad.job("no id")


@pytest.mark.parametrize(
    "options",
    [{"timeout": "soon"}, {"max_instructions": "many"}, {"max_instructions": -1}, {"labels": 5}, {"files": {"a": 5}}, {"provider": 7}],
)
def test_options_of_a_wrong_type_are_named(options: "dict[str, Any]") -> None:
    with pytest.raises(lilypad.InvalidInputError) as caught:
        lilypad.submit(COWSAY, {"Message": "x"}, options=options)  # type: ignore[arg-type]
    assert caught.value.code == "E_OPTION_TYPE"
    assert caught.value.context["field"] == next(iter(options)) and caught.value.__cause__ is not None


def test_what_money_cannot_buy() -> None:
    poor = lilypad.Client.local(funds="0.5 LP")
    with pytest.raises(lilypad.InsufficientFundsError) as caught:
        poor.run(COWSAY, Message="x")
    assert caught.value.fault == "User"
    with pytest.raises(lilypad.InvalidInputError):
        lilypad.run(COWSAY, Message="x", options={"price_cap": "much"})
    with pytest.raises(lilypad.InvalidInputError):
        lilypad.run(COWSAY, Message="x", options={"price_cap": -1})


def test_no_machine_fits() -> None:
    client = lilypad.Client.local(match_timeout=0.05)
    with pytest.raises(lilypad.NoMatchError) as caught:
        client.run(COWSAY, Message="x", options={"labels": {"region": "moon"}})
    assert "region" in str(caught.value)


def test_a_wait_that_takes_too_long_ends_and_the_job_goes_on() -> None:
    job = lilypad.submit(FOREVER)
    with pytest.raises(lilypad.TimeoutError) as caught:
        job.wait(timeout=0.01)
    assert caught.value.code == "E_WAIT_TOTAL" and caught.value.context["job_id"] == job.id
    assert isinstance(caught.value, TimeoutError)
    again = lilypad.job(job.id)
    again.cancel()
    with pytest.raises(lilypad.CancelledError) as cancelled:
        again.wait()
    assert cancelled.value.result is not None


def test_a_receipt_that_was_changed_does_not_hold() -> None:
    text = lilypad.run(COWSAY, Message="x").receipt.text
    with pytest.raises(lilypad.VerificationFailedError) as caught:
        lilypad.Receipt(text.replace('"wasm"', '"docker"')).verify()
    assert caught.value.code == "E_SIGNATURE"
    with pytest.raises(lilypad.VerificationFailedError) as form:
        lilypad.Receipt("{}")
    assert form.value.code == "E_RECEIPT_FORMAT"


def test_errors_can_be_sent_to_another_process() -> None:
    with pytest.raises(lilypad.LilypadError) as caught:
        lilypad.run(MANDELBROT, widht=1)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is lilypad.InvalidInputError and str(again) == str(caught.value)
    assert (again.code, again.hint, again.context) == (caught.value.code, caught.value.hint, caught.value.context)


def test_there_is_one_class_for_each_kind_of_the_core() -> None:
    source = (ROOT / "lilypad-core/src/error/kind.rs").read_text()
    kinds = re.findall(r'Self::(\w+) => "\w+"', source)
    assert len(kinds) == 18
    assert {f"{kind}Error" for kind in kinds} == {kind.__name__ for kind in lilypad.LilypadError.__subclasses__()}
