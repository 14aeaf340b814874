"""What came of a job: files that open like files, what was measured, what it cost, the receipt."""

from __future__ import annotations

import io
import json as _json
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Optional, Union

from . import _lilypad, _show
from ._data import Receipt, Timings
from ._errors import LilypadError, UnsupportedError
from ._options import FileContent

if TYPE_CHECKING:
    import numpy
    import PIL.Image


class File:
    """A file of a result. It is a path for ``open`` and for every library that takes one."""

    name: str
    """Its path in the results (``outputs/picture.png``)."""
    size: int
    """Bytes."""

    def __init__(self, result: "JobResult", name: str, size: int) -> None:
        self._result = result
        self.name = name
        self.size = size

    def read(self) -> bytes:
        """All of it."""
        return self._result.read(self.name)

    def open(self) -> io.BytesIO:
        """A file to read from, in memory."""
        return io.BytesIO(self.read())

    @property
    def text(self) -> str:
        """All of it as text; bytes that are not UTF-8 are replaced."""
        return self.read().decode("utf-8", "replace")

    def json(self) -> Any:
        """What it says as JSON."""
        return _json.loads(self.read())

    @property
    def path(self) -> Path:
        """Where it is on disk; it is there as long as the result is."""
        return self._result.path / self.name

    @property
    def image(self) -> "PIL.Image.Image":
        """The picture, where Pillow is installed."""
        try:
            import PIL.Image
        except ImportError as missing:
            raise _not_installed("pictures", "pillow") from missing
        return PIL.Image.open(self.open())

    def numpy(self) -> "numpy.ndarray[Any, Any]":
        """A picture or a ``.npy`` file as an array, where numpy is installed."""
        try:
            import numpy
        except ImportError as missing:
            raise _not_installed("arrays", "numpy") from missing
        if self.name.endswith(".npy"):
            array: "numpy.ndarray[Any, Any]" = numpy.load(self.open(), allow_pickle=False)
            return array
        return numpy.asarray(self.image)

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __repr__(self) -> str:
        return f"<File {self.name}, {self.size:,} bytes>"

    def _repr_html_(self) -> str:
        kind = _show.image_type(self.name)
        if kind is not None and self.size <= _show.IMAGE_BYTES:
            return _show.picture(kind, self.read(), self.name)
        return _show.table({self.name: f"{self.size:,} bytes"})


class Files(Mapping[str, File]):
    """Files by name, in the order of their names."""

    def __init__(self, files: "dict[str, File]") -> None:
        self._files = files

    def __getitem__(self, name: str) -> File:
        if name in self._files:
            return self._files[name]
        raise KeyError(f"there is no file {name!r} among the results: {', '.join(self._files)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"<Files {', '.join(self._files)}>"

    def _repr_html_(self) -> str:
        return _show.grid(("file", "bytes"), ((file.name, f"{file.size:,}") for file in self._files.values()))


class JobResult:
    """What came of a job. Its receipt was verified before you get it.

    >>> import lilypad
    >>> result = lilypad.run("examples/modules/wordcount", options={"files": {"text.txt": "one two two"}})
    >>> list(result.outputs)
    ['outputs/counts.json', 'outputs/report.txt', 'outputs/words.csv']
    >>> result["outputs/counts.json"].json()["words"]
    3
    """

    job_id: str
    deal_id: str
    state: str
    """The state in which the job rests (``ResultsAccepted``)."""
    outcome: str
    """How the program ended, in words."""
    exit_code: int
    data_id: str
    """Content id of the results: anyone who has them can compute it."""
    instruction_count: int
    """Measured work units."""
    work: str
    """The same in words."""
    peak_memory_bytes: int
    cost: int
    """What it cost, in wei."""
    cost_lp: str
    """The same in words."""
    timings: Timings
    receipt: Receipt
    """What was done, for how much, signed by both parties."""
    files: Files
    """Everything that the job left: ``stdout``, ``stderr``, ``exitCode`` and its outputs."""
    error: Optional[LilypadError]
    """Why the job did not succeed; ``None`` where it did."""

    def __init__(self, raw: "_lilypad.RawResult") -> None:
        self._raw = raw
        self._folder: Optional[Path] = None
        view: "dict[str, Any]" = raw.view()
        self.job_id = view["job_id"]
        self.deal_id = view["deal_id"]
        self.state = view["state"]
        self.outcome = view["ended"]
        self.exit_code = view["exit_code"]
        self.data_id = view["data_id"]
        self.instruction_count = view["instruction_count"]
        self.work = view["work"]
        self.peak_memory_bytes = view["peak_memory_bytes"]
        self.cost = int(view["cost"])
        self.cost_lp = view["cost_lp"]
        self.timings = Timings._of(view["timings"])
        self.receipt = Receipt(raw.receipt())
        self.files = Files({name: File(self, name, size) for name, size in raw.files()})
        self.error = raw.error()
        if self.error is not None:
            self.error.result = self

    @property
    def succeeded(self) -> bool:
        """Whether the program ended with code 0."""
        return self.error is None

    @property
    def text(self) -> str:
        """What the job printed to its standard output."""
        return self.stdout

    @property
    def stdout(self) -> str:
        """What the job printed to its standard output."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """What the job printed to its standard error."""
        return self._text("stderr")

    @property
    def outputs(self) -> Files:
        """The files but for ``stdout``, ``stderr`` and ``exitCode``."""
        return Files({name: file for name, file in self.files.items() if "/" in name})

    def read(self, name: str = "stdout") -> bytes:
        """The bytes of a file."""
        content = self._raw.read(name)
        return content if content is not None else self.files[name].read()

    def json(self) -> Any:
        """What the job printed, as JSON."""
        return _json.loads(self.read())

    @property
    def path(self) -> Path:
        """A folder with all files, made when it is first asked for; it is there as long as this result is."""
        if self._folder is None:
            folder = tempfile.mkdtemp(prefix="lilypad-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._raw.save(Path(folder) / "results")
            self._folder = Path(folder) / "results"
        return self._folder

    def save(self, folder: "Union[str, os.PathLike[str]]") -> Path:
        """Writes all files into a folder, which must be new or empty, and the receipt beside it."""
        path = Path(folder)
        self._raw.save(path)
        self.receipt.save(path.with_name(path.name + ".receipt.json"))
        return path

    @property
    def image(self) -> "PIL.Image.Image":
        """The first picture among the outputs, where Pillow is installed."""
        return self._picture().image

    def numpy(self) -> "numpy.ndarray[Any, Any]":
        """The first array or picture among the outputs, where numpy is installed."""
        for file in self.outputs.values():
            if file.name.endswith(".npy"):
                return file.numpy()
        return self._picture().numpy()

    def __getitem__(self, name: str) -> File:
        return self.files[name]

    def __repr__(self) -> str:
        time = _show.seconds(self.timings.total)
        return f"<JobResult {self.job_id}: {self.outcome}, {self.cost_lp}, {time}, {len(self.outputs)} output files>"

    def _repr_html_(self) -> str:
        shown = [
            _show.picture(kind, file.read(), file.name)
            for file in self.outputs.values()
            for kind in [_show.image_type(file.name)]
            if kind is not None and file.size <= _show.IMAGE_BYTES
        ][:4]
        shown += [_show.pre(text) for text in (self.stdout, self.stderr) if text]
        return "".join(shown) + _show.table(self._facts())

    def _repr_markdown_(self) -> str:
        rows = "".join(f"| {name} | {_show.markdown(value)} |\n" for name, value in self._facts().items())
        return f"| job | {self.job_id} |\n|---|---|\n{rows}"

    def _facts(self) -> "dict[str, str]":
        files = ", ".join(f"{name} ({file.size:,} bytes)" for name, file in self.outputs.items())
        return {
            "ended": self.outcome,
            **({"files": files} if files else {}),
            "measured": f"{self.work}, {self.peak_memory_bytes / (1 << 20):.1f} MiB of memory",
            "cost": self.cost_lp,
            "time": _show.seconds(self.timings.total),
            "receipt": "verified, signed by both sides",
        }

    def _picture(self) -> File:
        for file in self.outputs.values():
            if _show.image_type(file.name) is not None:
                return file
        raise KeyError(f"there is no picture among the results: {', '.join(self.files)}")

    def _text(self, name: str) -> str:
        content = self._raw.read(name)
        return "" if content is None else content.decode("utf-8", "replace")


def content_id(files: "Union[str, os.PathLike[str], Mapping[str, FileContent]]") -> str:
    """The content id of a folder, or of files by name: what a receipt's ``data_id`` says of the results that it speaks of.

    >>> import lilypad
    >>> result = lilypad.run("examples/modules/cowsay", Message="hi")
    >>> lilypad.content_id(result.path) == result.data_id
    True
    """
    return _lilypad.content_id(files if isinstance(files, (str, os.PathLike)) else dict(files))


def _not_installed(what: str, package: str) -> LilypadError:
    return UnsupportedError(
        f"{what} need the package {package}, which is not installed",
        kind="Unsupported",
        code="E_PACKAGE",
        fault="User",
        hint=f"pip install {package}",
    )
