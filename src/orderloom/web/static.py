"""Static files: read once when the program starts, sent compressed, kept by browsers until their content changes."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent; `compressed` is None where compressing gains nothing."""

    plain: bytes
    compressed: bytes | None
    media_type: str


class StaticFiles:
    """Every file below `static/`. Only what was there at the start can be asked for, so no path leads elsewhere."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.files = {
            path.relative_to(folder).as_posix(): read_static(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in MEDIA_TYPES
        }
        digest = hashlib.sha256()
        for name, file in self.files.items():
            digest.update(name.encode() + file.plain)
        self.version = digest.hexdigest()[:12]

    def find(self, name: str, *, accepts: str) -> tuple[bytes, dict[str, str]] | None:
        """The bytes and headers of a file, or None when there is no such file."""
        file = self.files.get(name.strip("/"))
        if file is None:
            return None
        headers = {"content-type": file.media_type, "cache-control": FOR_EVER, "vary": "accept-encoding"}
        if file.compressed is not None and "gzip" in accepts:
            return file.compressed, {**headers, "content-encoding": "gzip"}
        return file.plain, headers


def read_static(path: Path) -> StaticFile:
    plain = path.read_bytes()
    beside = path.with_name(path.name + ".gz")
    compressed = beside.read_bytes() if beside.exists() else gzip.compress(plain, mtime=0)
    return StaticFile(plain, compressed if len(compressed) < len(plain) else None, MEDIA_TYPES[path.suffix])
