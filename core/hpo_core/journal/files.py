"""The few file operations that durability rests on, in one injectable place.

Tests replace ``Files`` to make a write, an fsync or a rename fail at any call; nothing else in the core calls
``os.write`` or ``os.fsync``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


SMALL_BYTES = 1 << 26
"""No file that is read whole and at once is larger: orders, a status, a view, a user's program."""

NOT_OWN = "is not a plain file of this session alone"
NOT_OWN_FOLDER = "is not a plain folder of this session alone"


def open_own(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a session's own file, and return its descriptor: nothing outside the session is reached through it.

    A link, a pipe or a device is refused with ``OSError``, and none of them is waited for. A file that has names
    elsewhere may be read (backups are made of such), and is refused where it would be written.
    """
    try:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, FILE_MODE)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a pipe that nobody reads, a socket
            raise OSError(errno.EPERM, NOT_OWN, str(path)) from None
        raise
    found = os.fstat(fd)
    written = flags & os.O_ACCMODE != os.O_RDONLY
    if not stat.S_ISREG(found.st_mode) or (written and found.st_nlink > 1):
        os.close(fd)
        raise OSError(errno.EPERM, NOT_OWN, str(path))
    return fd


def read_own(path: Path, most: int = SMALL_BYTES) -> bytes:
    """Return all of a session's own file, see ``open_own``. Raises ``OSError``, above ``most`` bytes too."""
    with os.fdopen(open_own(path), "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def hole_in(path: Path) -> int:
    """Return the bytes of the first hole that is larger than ``SMALL_BYTES``, 0 where a file has none.

    No engine leaves one; a file of a few kilobytes with a hole would be read as terabytes of zeros. Of a file that
    cannot be read, 0: who reads it says why.
    """
    at, size = 0, path.lstat().st_size
    if size <= SMALL_BYTES or not hasattr(os, "SEEK_HOLE"):
        return 0
    with contextlib.suppress(OSError), os.fdopen(open_own(path), "rb", buffering=0) as file:
        while size - at > SMALL_BYTES:
            hole = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            try:
                at = os.lseek(file.fileno(), hole, os.SEEK_DATA) if hole < size else size
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                at = size  # nothing but the hole
            if at - hole > SMALL_BYTES:
                return at - hole
    return 0


def make_own_folder(path: Path) -> None:
    """Make a folder inside a session where it is missing; one that is a link is refused. Raises ``OSError``."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise OSError(errno.EPERM, NOT_OWN_FOLDER, str(path))


class Files:
    """The operating system's file calls, as the journal and the atomic writers need them."""

    def open_append(self, path: Path) -> int:
        """Open (or create) a file for appending and return its descriptor; see ``open_own``."""
        return open_own(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def create(self, path: Path) -> int:
        """Make a new file and return its descriptor; whatever stands there already, a link too, is refused."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path, flags, FILE_MODE)

    def write(self, fd: int, data: bytes) -> int:
        """Write some of ``data``; return how many bytes went out."""
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        """Flush a file's data to the disk."""
        getattr(os, "fdatasync", os.fsync)(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut a file to ``size`` bytes."""
        os.ftruncate(fd, size)

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        os.close(fd)

    def replace(self, source: Path, target: Path) -> None:
        """Rename over ``target``, atomically."""
        source.replace(target)

    def takes_files(self, folder: Path) -> bool:
        """Whether the folder's disk has an inode left; True where it does not count them."""
        try:
            room = os.statvfs(folder)
        except OSError:
            return True
        return not room.f_files or room.f_favail > 0

    def sync_folder(self, folder: Path) -> None:
        """Make a rename or a new file in ``folder`` durable; where folders cannot be synced, do nothing."""
        with contextlib.suppress(OSError):
            fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


REAL_FILES = Files()


def write_all(files: Files, fd: int, data: bytes) -> None:
    """Write all of ``data``, also where the system takes it in pieces. Raises ``OSError``."""
    view = memoryview(data)
    while view:
        view = view[files.write(fd, bytes(view)) :]


def write_atomically(
    path: Path, data: bytes | Iterable[bytes], files: Files = REAL_FILES, durable: bool = True
) -> None:
    """Write ``data`` (or its parts) beside ``path``, and rename it there: readers see the old or the new, whole.

    Raises ``OSError``; the old file is then untouched and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fd = files.create(beside)
    except FileExistsError:  # of a process that was killed, and had the same number
        beside.unlink()
        fd = files.create(beside)
    try:
        try:
            for part in (data,) if isinstance(data, bytes) else data:
                write_all(files, fd, part)
            if durable:
                files.sync(fd)
        finally:
            files.close(fd)
        files.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        files.sync_folder(path.parent)
