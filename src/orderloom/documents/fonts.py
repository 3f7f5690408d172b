"""The fonts that documents are set in: carried by packages, found nowhere else on the machine."""

from __future__ import annotations

import struct
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import typst

SANS: Final = ("FiraGO_Regular", "FiraGO_Bold", "NotoSans_Regular", "NotoSans_Bold")
SYMBOLS: Final = ("NotoSansSymbols_Regular", "NotoSansSymbols2_Regular", "NotoSansMath_Regular")
CJK: Final = ("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc")


@cache
def _unpacked() -> TemporaryDirectory[str]:
    """The fonts as files, for as long as this process lives: the package carries them inside Python modules."""
    folder = TemporaryDirectory(prefix="orderloom-fonts-")
    for name in (*SANS, *SYMBOLS):
        Path(folder.name, f"{name}.otf").write_bytes(import_module(f"pymupdf_fonts.{name}").fontbuffer)
    return folder


def _cjk() -> Path:
    return Path(str(resources.files(CJK[0]) / CJK[1]))


@cache
def fonts() -> typst.Fonts:
    """The fonts as the typesetter takes them: ours alone, so that a document looks alike on every machine."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[_unpacked().name, str(_cjk().parent)],
    )


@cache
def covered() -> frozenset[int]:
    """The code points that some font has a glyph for."""
    files = [*sorted(Path(_unpacked().name).iterdir()), _cjk()]
    return frozenset().union(*(_code_points(file.read_bytes()) for file in files))


def _code_points(font: bytes) -> set[int]:
    """The code points in a font's `cmap` table (OpenType 1.9), formats 4 and 12; of a collection, its first font."""
    at = struct.unpack_from(">I", font, 12)[0] if font[:4] == b"ttcf" else 0
    table_count = struct.unpack_from(">H", font, at + 4)[0]
    records = (struct.unpack_from(">4sIII", font, at + 12 + 16 * i) for i in range(table_count))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    found: set[int] = set()
    for i in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">I", font, cmap + 4 + 8 * i + 4)[0]
        match struct.unpack_from(">H", font, start)[0]:
            case 4:
                found |= _segments(font, start)
            case 12:
                found |= _groups(font, start)
    return found


def _segments(font: bytes, start: int) -> set[int]:
    count = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, start + 14)
    starts = struct.unpack_from(f">{count}H", font, start + 16 + 2 * count)
    return {code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1)} - {0xFFFF}


def _groups(font: bytes, start: int) -> set[int]:
    count = struct.unpack_from(">I", font, start + 12)[0]
    spans = (struct.unpack_from(">III", font, start + 16 + 12 * i) for i in range(count))
    return {code for first, last, _ in spans for code in range(first, last + 1)}
