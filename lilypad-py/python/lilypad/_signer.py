"""Keys: they sign in the core, and are never printed or handed back."""

from __future__ import annotations

import os
from typing import Optional, Union

from . import _lilypad

Path = Union[str, "os.PathLike[str]"]


class Signer:
    """A key that signs as one account. It has no text form: neither ``print`` nor ``pickle`` shows it.

    >>> import lilypad
    >>> signer = lilypad.Signer.random()
    >>> repr(signer) == f"<Signer {signer.address}>"
    True
    """

    def __init__(self, raw: "_lilypad.RawSigner") -> None:
        self._raw = raw

    @classmethod
    def find(cls, named: Optional[Path] = None, *, passphrase: Optional[str] = None) -> "Signer":
        """The key that is meant: a named wallet or key file, else LILYPAD_PRIVATE_KEY, else the wallet ``default``.

        What opens a key file comes from ``passphrase``, else from LILYPAD_PASSPHRASE_FILE or LILYPAD_PASSPHRASE.
        """
        return cls(_lilypad.RawSigner.find(named, passphrase))

    @classmethod
    def from_keystore(cls, path: Path, passphrase: Optional[str] = None) -> "Signer":
        """The key of an encrypted key file, as geth, Foundry and MetaMask write them."""
        return cls(_lilypad.RawSigner.from_keystore(path, passphrase))

    @classmethod
    def from_key(cls, key: str) -> "Signer":
        """A private key of 64 hex digits. Take it from where nobody sees it (``getpass``), never from the program's text."""
        return cls(_lilypad.RawSigner.from_hex(key))

    @classmethod
    def random(cls) -> "Signer":
        """A new key, which is gone with the process unless it is saved."""
        return cls(_lilypad.RawSigner.random())

    @property
    def address(self) -> str:
        """The account."""
        return self._raw.address

    def save(self, path: Path, passphrase: str) -> None:
        """Writes the key, encrypted, to a file that must be new and that only its owner can read."""
        self._raw.save(path, passphrase)

    def __repr__(self) -> str:
        return f"<Signer {self.address}>"

    def __reduce__(self) -> str:
        raise TypeError("a Signer is not pickled: its key stays in this process")
