"""The vectors that every language reads: those that the package has a function for, and a list of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lilypad
import pytest
from conftest import ROOT

VECTORS = ROOT / "tests/vectors"

# What Python has no function for: it happens inside the core, whose own tests read these.
ABSENT = {
    "ids.json": "ids are computed inside the core",
    "matching.json": "offers are matched inside a solver",
    "requests.json": "requests are signed inside the core",
    "settlement.json": "money is kept inside a ledger",
    "templates.json": "templates are rendered as whole modules only",
}


def vectors(name: str, having: str = "") -> pytest.MarkDecorator:
    cases = [case for case in json.loads((VECTORS / f"{name}.json").read_text()) if not having or having in case["input"]]
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def test_every_file_is_read_here_or_listed() -> None:
    read = {"receipts.json", "keystores.json", "content_ids.json"}
    assert {path.name for path in VECTORS.glob("*.json")} == read | set(ABSENT)


@vectors("receipts")
def test_receipts_of_other_programs_hold(case: "dict[str, Any]") -> None:
    signatures = {name: case["expect"][name] for name in ("provider_signature", "job_creator_signature")}
    receipt = lilypad.Receipt(json.dumps({"body": case["input"]["body"], **signatures}))
    receipt.verify()
    swapped = dict(zip(signatures, reversed(list(signatures.values()))))
    with pytest.raises(lilypad.VerificationFailedError) as caught:
        lilypad.Receipt(json.dumps({"body": case["input"]["body"], **swapped})).verify()
    assert caught.value.code == "E_SIGNATURE"


@vectors("keystores")
def test_key_files_of_other_programs_open(case: "dict[str, Any]", tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(case["input"]["file"]))
    signer = lilypad.Signer.from_keystore(file, case["input"]["passphrase"])
    assert signer.address == case["expect"]["address"]
    assert lilypad.Signer.from_key(case["expect"]["key"]).address == signer.address


# The ids of single files are inside those of folders.
@vectors("content_ids", having="files")
def test_content_ids_are_those_of_other_programs(case: "dict[str, Any]") -> None:
    def content(file: "dict[str, Any]") -> bytes:
        if "text" in file:
            return str(file["text"]).encode()
        return bytes(at % 251 for at in range(file["pattern"]))

    files = {name: content(file) for name, file in case["input"]["files"].items()}
    assert lilypad.content_id(files) == case["expect"]
