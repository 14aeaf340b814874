"""The first two lines of a user, and what comes of them."""

from __future__ import annotations

import io
from pathlib import Path

import lilypad
import numpy
import PIL.Image
import pytest
from conftest import COWSAY, FAIL, MANDELBROT, ROOT, python


def test_a_picture_is_the_one_of_the_shared_vector() -> None:
    result = lilypad.run(MANDELBROT, width=64, height=40)
    picture = ROOT / "tests/vectors/mandelbrot-64x40.png"
    file = result["outputs/mandelbrot.png"]
    assert file.read() == picture.read_bytes()
    assert file.path.read_bytes() == picture.read_bytes()
    with open(file, "rb") as opened:
        assert opened.read() == picture.read_bytes()
    assert result.image.size == (64, 40)
    assert numpy.array_equal(result.numpy(), numpy.asarray(PIL.Image.open(picture)))
    assert (file.name, file.size) == ("outputs/mandelbrot.png", picture.stat().st_size)


def test_a_result_says_what_was_done_and_what_it_cost() -> None:
    result = lilypad.run(COWSAY, Message="hello, pond")
    assert (result.exit_code, result.state, result.succeeded) == (0, "ResultsAccepted", True)
    assert "< hello, pond >" in result.text and result.text == result.stdout == result["stdout"].text
    assert result.read() == result.text.encode()
    # 0.01 LP for 10^9 instructions is 10^7 wei for each.
    assert result.cost == result.instruction_count * 10**7 == result.receipt.cost
    assert 0 < result.timings.total < 60
    result.receipt.verify()
    assert result.receipt.body["job_id"] == result.job_id


def test_inputs_are_keywords_or_a_dictionary_and_numbers_of_numpy_are_numbers() -> None:
    by_name = lilypad.run(MANDELBROT, width=32, height=numpy.int64(20), zoom=numpy.float32(2.5))
    by_dict = lilypad.run(MANDELBROT, {"width": "32", "height": 20, "zoom": 2.5})
    assert by_name.data_id == by_dict.data_id


@pytest.mark.parametrize(
    "content", [b"one two two", "one two two", bytearray(b"one two two"), io.BytesIO(b"one two two"), io.StringIO("one two two")]
)
def test_input_files_are_bytes_texts_and_open_files(content: lilypad.FileContent) -> None:
    result = lilypad.run("examples/modules/wordcount", options={"files": {"text.txt": content}})
    assert result["outputs/counts.json"].json()["words"] == 3
    assert result["outputs/words.csv"].text == "word,count\ntwo,2\none,1\n"


def test_input_files_are_paths_and_folders(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("one two two")
    by_folder = lilypad.run("examples/modules/wordcount", options={"files": tmp_path})
    by_path = lilypad.run("examples/modules/wordcount", options={"files": {"text.txt": tmp_path / "text.txt"}})
    assert by_folder.data_id == by_path.data_id


def test_a_job_that_fails_is_an_error_with_its_result() -> None:
    with pytest.raises(lilypad.ExecutionFailedError) as caught:
        lilypad.run(FAIL)
    error = caught.value
    assert (error.code, error.fault, error.retryable) == ("E_EXIT_CODE", "Module", False)
    assert error.result is not None and error.result.exit_code == 3
    assert "fails on purpose" in error.result.stderr
    error.result.receipt.verify()
    unchecked = lilypad.submit(FAIL).wait(check=False)
    assert unchecked.error is not None and unchecked.error.code == "E_EXIT_CODE"


def test_the_same_seed_gives_the_same_job_and_receipt() -> None:
    one, other = (lilypad.Client.local(seed=7).run(COWSAY, Message="x") for _ in range(2))
    assert one.receipt == other.receipt and one.job_id == other.job_id


def test_map_gives_results_in_the_order_of_the_inputs() -> None:
    client = lilypad.Client.local()
    words = [f"number {at}" for at in range(7)]
    results = list(client.map(COWSAY, ({"Message": word} for word in words), at_once=3))
    assert [word in result.text for word, result in zip(words, results)] == [True] * 7


def test_results_are_saved_with_their_receipt(tmp_path: Path) -> None:
    result = lilypad.run(COWSAY, Message="x")
    folder = result.save(tmp_path / "result")
    assert (folder / "stdout").read_text() == result.text
    lilypad.Receipt.load(tmp_path / "result.receipt.json").verify()
    with pytest.raises(lilypad.LilypadError) as caught:
        result.save(folder)
    assert caught.value.code == "E_TARGET_EXISTS"


def test_a_result_shows_itself_and_what_others_wrote_is_escaped() -> None:
    shown = lilypad.run(COWSAY, Message="<script>")._repr_html_()
    assert "&lt;script&gt;" in shown and "<script>" not in shown
    picture = lilypad.run(MANDELBROT, width=8, height=8)
    assert 'src="data:image/png;base64,' in picture._repr_html_()
    assert picture.cost_lp.replace(".", "\\.") in picture._repr_markdown_()
    assert picture.job_id in repr(picture)


def test_two_lines_in_a_new_process_need_no_other_package() -> None:
    code = """
import sys, time
before = set(sys.modules)
import lilypad
others = {name.split(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names) - {"lilypad"}
assert not others, others
print(lilypad.run("examples/modules/mandelbrot", width=64).exit_code)
"""
    if not hasattr(__import__("sys"), "stdlib_module_names"):
        pytest.skip("Python 3.9 does not list its own modules")
    done = python(code)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
