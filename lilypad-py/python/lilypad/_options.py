"""What a submission may ask for beside the module and its inputs."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import IO, Any, Mapping, TypedDict, Union

Time = Union[float, timedelta]
"""Seconds, or a ``timedelta``."""
Amount = Union[int, str]
"""Wei as a whole number, or a text such as ``"0.5 LP"``."""
FileContent = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", "IO[Any]"]
"""Bytes, a text, a path, or an open file."""


class Options(TypedDict, total=False):
    """What a submission may ask for. All of it is optional."""

    price_cap: Amount
    """Most that the job may cost, held while it runs; the rest comes back. Else 1 LP."""
    max_rate: str
    """Dearest price of work that is taken, such as ``"0.01 LP per 1,000,000,000 work units"``. Else any."""
    timeout: Time
    """How long the program may run. Else the module's own limit, or 15 minutes."""
    max_instructions: int
    """Most metered instructions that the job may use; the module's own limit holds too."""
    files: Union[str, "os.PathLike[str]", "Mapping[str, FileContent]"]
    """Input files: a folder, or content by name."""
    provider: str
    """The one provider that may run the job, by its address."""
    labels: "Mapping[str, str]"
    """Labels that the machine must carry, each with this very value."""
    verification: str
    """What re-running the job must promise at least: ``none``, ``tolerance`` or ``exact``."""
    min_reputation: int
    """Lowest reputation of a provider that is taken, 0 to 1000."""
    min_collateral: int
    """Least that the provider must stake, as a multiple of the price cap."""
