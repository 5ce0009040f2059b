"""A table that is handed on as it comes: to standard output, or to a file that is there only once it is whole."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from services.command_line.outcome import WrongUseError


@contextmanager
def saved(file: Path | None) -> Iterator[Callable[[bytes], object]]:
    """What takes the parts of a table. Raises WrongUseError where the file cannot be written."""
    if file is None:
        # As text: standard output may stand for a stream without bytes.
        decoder = codecs.getincrementaldecoder("utf-8")()
        yield lambda part: sys.stdout.write(decoder.decode(part))
        return
    try:
        with NamedTemporaryFile("wb", dir=file.parent, prefix=f".{file.name}.", delete=False) as made:
            try:
                yield made.write
                made.close()
                Path(made.name).chmod(0o666 & ~_umask())
                Path(made.name).replace(file)
            except BaseException:
                Path(made.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise WrongUseError(f"--output {file}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
