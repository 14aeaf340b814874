"""How things look in a notebook: HTML and Markdown, with everything that others wrote escaped."""

from __future__ import annotations

import base64
from html import escape
from typing import Any, Iterable, Mapping, Sequence

IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
IMAGE_BYTES = 16 << 20
"""Larger pictures are named, not shown: a notebook keeps what it shows."""
TEXT_CHARS = 4000

CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def image_type(name: str) -> "str | None":
    """The type of a picture, by the end of its name."""
    return IMAGES.get(name[name.rfind(".") :].lower()) if "." in name else None


def picture(kind: str, content: bytes, name: str) -> str:
    """A picture inside the page."""
    data = base64.b64encode(content).decode("ascii")
    return f'<img src="data:{kind};base64,{data}" alt="{escape(name)}" style="max-width:100%">'


def pre(text: str) -> str:
    """Text as it was printed; a long one is cut."""
    shown = text if len(text) <= TEXT_CHARS else text[:TEXT_CHARS] + "\n…"
    return f'<pre style="margin:4px 0;font-family:monospace;font-size:90%;line-height:1.25">{escape(shown)}</pre>'


def line(text: str) -> str:
    """One line."""
    return f'<div style="margin:4px 0">{escape(text)}</div>'


def table(rows: "Mapping[str, Any]") -> str:
    """Names and values."""
    cells = (
        f'<tr><th style="{CELL}">{escape(name)}</th><td style="{CELL}">{escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def grid(head: Sequence[str], rows: "Iterable[Sequence[Any]]") -> str:
    """A table with a head."""
    top = "".join(f'<th style="{CELL}">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(str(value))}</td>' for value in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def markdown(text: str) -> str:
    """Text without a meaning in Markdown or HTML."""
    return "".join("\\" + letter if letter in "\\`*_{}[]()#+-.!|<>&~" else letter for letter in text)


def lp(wei: int) -> str:
    """An amount in LP, exact."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018}".rstrip("0").rstrip(".") + " LP"


def seconds(value: float) -> str:
    """A time for people."""
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.1f} s"
