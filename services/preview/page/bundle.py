"""The built page, read into memory: a few files of known names, so that no path of a request reaches the disk."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from shared.errors import WrongSetting

INDEX = "index.html"
ASSETS = "assets/"
"""The folder whose file names hold a hash of their content: such a file never changes."""

_PROJECT = Path(__file__).resolve().parents[3]
_PLACES = (Path(__file__).parent / "dist", _PROJECT / "admin_ui" / "dist")
"""Where the page is, beside this module in a package, or where the build leaves it in the tree."""

_TEXTS = frozenset({"application/javascript", "application/json", "image/svg+xml", "text/javascript"})
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file, with its compressed form where that is shorter."""

    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, name: str) -> PageFile:
        """From its bytes; the name tells its type."""
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        is_text = media_type.startswith("text/") or media_type in _TEXTS
        small = gzip.compress(content, 9, mtime=0) if is_text else content
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, small if len(small) < len(content) else None, media_type, etag)


class Bundle:
    """The files of one build by their names. A new build is taken up when its index.html is asked for."""

    def __init__(self, directory: Path | None = None) -> None:
        """`directory` as set, None: where the page usually is. Raises WrongSetting where a set one holds no page."""
        if directory is not None and not (directory / INDEX).is_file():
            raise WrongSetting(f"wrong settings: TRUEUP_PAGE_DIRECTORY: there is no {INDEX} in {directory}")
        self._places = _PLACES if directory is None else (directory,)
        self._files: dict[str, PageFile] = {}
        self._build: tuple[Path, int] | None = None

    def index(self) -> str | None:
        """The page's HTML as built; None where it has not been built."""
        self._read()
        file = self._files.get(INDEX)
        return None if file is None else file.content.decode()

    def file(self, name: str) -> PageFile | None:
        """A file by its name below the page's directory, or None."""
        if self._build is None:
            self._read()
        return self._files.get(name)

    def _read(self) -> None:
        place = next((place for place in self._places if (place / INDEX).is_file()), None)
        build = None if place is None else (place, (place / INDEX).stat().st_mtime_ns)
        if build == self._build:
            return
        files = {} if place is None else {_name(path, place): path for path in place.rglob("*") if path.is_file()}
        # A page opened before still asks for the files of its own build.
        kept = {name: file for name, file in self._files.items() if name.startswith(ASSETS)}
        self._files = kept | {name: PageFile.of(path.read_bytes(), name) for name, path in files.items()}
        self._build = build


def _name(path: Path, place: Path) -> str:
    return path.relative_to(place).as_posix()
