from _typeshed import SupportsGetItem
from os import PathLike
from typing import Any, Final, SupportsIndex, final

__all__ = ["__version__", "Call", "RawClient", "RawEvents", "RawJob", "RawModule", "RawProvider", "RawResult", "RawSigner", "RawSolver", "after_fork", "close_gate", "command", "connect", "content_id", "load_module", "local", "log_as_core", "new_module", "one_line", "read_receipt", "start_provider", "start_solver", "verify_receipt"]

__version__: Final[str]
"""
The version of the package and of the core.
"""

@final
class Call:
    """
    A call that is ready to be made, once.
    """
    def start(self, /) -> Any:
        """
        Starts the call and returns an `asyncio.Future`; cancelling it drops the call.
        """
    def wait(self, /) -> Any:
        """
        Waits for the answer; other threads run meanwhile.
        """

@final
class RawClient:
    """
    A job creator.
    """
    @property
    def address(self, /) -> str:
        """
        The account that asks and pays.
        """
    @property
    def at_once(self, /) -> int:
        """
        How many jobs the network is sure to run at once, where that is known.
        """
    def balance(self, /) -> Call:
        """
        What the account can spend, in wei.
        """
    def job(self, /, id: Any) -> Call:
        """
        A handle on a job that was submitted before.
        """
    def jobs(self, /) -> Call:
        """
        Where this account's newest jobs stand.
        """
    def quote(self, /, module: RawModule, given: dict, asked: dict | None) -> Call:
        """
        What a job would cost.
        """
    def submit(self, /, module: RawModule, given: dict, asked: dict | None) -> Call:
        """
        Hands a job in.
        """

@final
class RawEvents:
    """
    What happens to a job.
    """
    def batch(self, /, most: SupportsIndex) -> Call:
        """
        The events that are there, at least one and at most `most`; none after the final one.
        """

@final
class RawJob:
    """
    A job in flight.
    """
    def cancel(self, /) -> Call:
        """
        Asks it to stop.
        """
    def events(self, /) -> Call:
        """
        Everything that happens to it, from the first event on.
        """
    @property
    def id(self, /) -> str: ...
    def status(self, /) -> Call:
        """
        Where it stands.
        """
    def wait(self, /, timeout: Any | None = None) -> Call:
        """
        Waits for its end; `timeout` bounds this wait alone.
        """

@final
class RawModule:
    """
    A loaded module.
    """
    def check(self, /) -> Any:
        """
        What is wrong or doubtful in it.
        """
    def render(self, /, given: dict) -> Any:
        """
        The job with its inputs bound, in the wire's form.
        """
    def view(self, /) -> Any:
        """
        Who and what it is, and what it takes.
        """

@final
class RawProvider:
    """
    A provider that runs jobs on this machine.
    """
    @property
    def address(self, /) -> str: ...
    def events(self, /, first: SupportsIndex) -> Call:
        """
        What happened on this machine from the event with this number on; waits for one where there is none yet and the
        provider goes on.
        """
    def money(self, /) -> Call:
        """
        What the account has: to spend, staked, locked.
        """
    def stop(self, /) -> Call: ...

@final
class RawResult:
    """
    What came of a job.
    """
    def error(self, /) -> Any | None:
        """
        Why the job did not succeed, as an exception that is not raised; `None` where it did.
        """
    def files(self, /) -> list[tuple[str, int]]:
        """
        Names and sizes of the files.
        """
    def read(self, /, name: str) -> bytes | None:
        """
        The bytes of a file; `None` where there is none.
        """
    def receipt(self, /) -> str:
        """
        The receipt, as the text of its file.
        """
    def save(self, /, folder: str | PathLike[str]) -> None:
        """
        Writes all files into a folder that must be new or empty, and the receipt beside it.
        """
    def view(self, /) -> Any:
        """
        Everything that is known of it, but for its files.
        """

@final
class RawSigner:
    """
    A key in this process.
    """
    @property
    def address(self, /) -> str:
        """
        The account.
        """
    @staticmethod
    def find(named: str | PathLike[str] | None, passphrase: str | None) -> RawSigner:
        """
        The key that the user's environment means: a named wallet or file, a variable, the wallet `default`.
        """
    @staticmethod
    def from_hex(text: str) -> RawSigner:
        """
        A private key of 64 hex digits.
        """
    @staticmethod
    def from_keystore(path: str | PathLike[str], passphrase: str | None) -> RawSigner:
        """
        The key of an encrypted key file.
        """
    @staticmethod
    def random() -> RawSigner:
        """
        A new key.
        """
    def save(self, /, path: str | PathLike[str], passphrase: str) -> None:
        """
        Writes the key, encrypted, to a file that must be new.
        """

@final
class RawSolver:
    """
    A solver that is reached over HTTP.
    """
    @property
    def address(self, /) -> str: ...
    def stop(self, /) -> Call: ...
    @property
    def url(self, /) -> str: ...

def after_fork() -> None:
    """
    This process was forked off: the threads of the runtime are in the other one.
    """

def close_gate() -> None:
    """
    The interpreter shuts down: threads that wait for something wait for ever from now on.
    """

def command(arguments: SupportsGetItem[int, str]) -> int:
    """
    Does what was typed, of which the first word is the name of the program, and returns what the process ends with.
    """

def connect(network: str | None, signer: RawSigner | None, settings: dict) -> Call:
    """
    A job creator at the network that is meant by a name or a URL, or by the environment; results are kept in the user's data
    folder.
    """

def content_id(value: Any) -> str:
    """
    The content id of a folder or of files by name: what anyone computes who has them.
    """

def load_module(reference: str) -> Call:
    """
    Loads a module: a folder, `name:tag` or a git repository.
    """

def local(settings: dict) -> Call:
    """
    Starts a whole network in this process; settings by the names of `lilypad.Client.local`.
    """

def log_as_core(text: str) -> None:
    """
    Says something as the core does, so that a program can see where it arrives.
    """

def new_module(name: str, folder: str | PathLike[str], kind: str) -> list[str]:
    """
    Writes the files of a new module into a folder that must be new or empty; returns their names.
    """

def one_line(text: str) -> str:
    """
    Text from strangers on one line, without what a terminal would obey.
    """

def read_receipt(text: str) -> Any:
    """
    A receipt as JSON values, unchecked but for its form.
    """

def start_provider(network: str | None, signer: RawSigner | None, settings: dict) -> Call:
    """
    Offers this machine on a network elsewhere and runs WebAssembly jobs on it; settings by the names of `lilypad.Provider`.
    """

def start_solver(listen: str, signer: RawSigner | None, play_money: Any | None, match_timeout: Any | None) -> Call:
    """
    Starts a solver whose jobs and money are in the memory of this process.
    """

def verify_receipt(text: str) -> Any:
    """
    Checks a receipt offline: its form, its arithmetic and both signatures; returns it as JSON values.
    """
