"""The example notebooks run from top to bottom in a kernel of their own; their figures are those that were looked at."""

from __future__ import annotations

import base64
import io
import os
import warnings
from pathlib import Path
from typing import Any, Iterator

import numpy
import PIL.Image
import pytest
from conftest import ROOT

# Their own warnings are their own affair.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import nbclient
    import nbformat

NOTEBOOKS = ROOT / "examples/notebooks"
FIGURES = Path(__file__).parent / "figures"
FIGURES_OF = {"first_job": 0, "sweep": 2, "provider": 1}


def executed(name: str) -> Any:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(NOTEBOOKS)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    # Pages to look at: nbconvert makes them of this.
    if kept := os.environ.get("LILYPAD_NOTEBOOKS"):
        nbformat.write(notebook, Path(kept) / f"{name}.ipynb")  # type: ignore[no-untyped-call]
    return notebook


def outputs(notebook: Any, kind: str) -> "Iterator[str]":
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if kind in output.get("data", {}):
                yield output["data"][kind]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", FIGURES_OF)
def test_a_notebook_runs_and_shows_what_it_should(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LILYPAD_DATA_DIR", str(tmp_path))
    notebook = executed(name)
    shown = [base64.b64decode(picture) for picture in outputs(notebook, "image/png")]
    assert len(shown) == FIGURES_OF[name]
    for at, picture in enumerate(shown):
        figure = FIGURES / f"{name}-{at}.png"
        if os.environ.get("LILYPAD_UPDATE"):
            figure.write_bytes(picture)
        assert difference(picture, figure.read_bytes()) < 2, f"{figure} differs: LILYPAD_UPDATE=1 writes it anew; look at it"


def difference(one: bytes, other: bytes) -> float:
    """How far two pictures are from each other, in 255ths for each channel of a pixel."""
    left, right = (numpy.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"), dtype=float) for data in (one, other))
    return 255.0 if left.shape != right.shape else float(numpy.abs(left - right).mean())


def test_pictures_that_differ_are_found() -> None:
    def plain(colour: str, width: int = 4) -> bytes:
        content = io.BytesIO()
        PIL.Image.new("RGB", (width, 4), colour).save(content, "png")
        return content.getvalue()

    assert difference(plain("red"), plain("red")) == 0
    assert difference(plain("red"), plain("blue")) > 100
    assert difference(plain("red"), plain("red", 5)) == 255


def test_the_first_result_is_shown_as_a_picture_with_its_cost() -> None:
    pages = list(outputs(executed("first_job"), "text/html"))
    first = next(page for page in pages if "data:image/png" in page)
    assert "receipt" in first and " LP" in first and "instructions" in first
    assert any("do without the label region" in page for page in pages)
