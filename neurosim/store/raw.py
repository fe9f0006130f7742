"""What HDF5 believes without a look: how a heap of texts is divided, and how long each text is.

It walks without end through a heap one of whose objects has no length, and allocates whatever length a text is said to
have. So both are read here from the bytes of the file first. The layout is that of the HDF5 File Format Specification,
version 3.0: global heaps (III.E), object headers of version 1 (IV.A.1.a) and attribute messages (IV.A.2.m).
"""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import error, unpack_from

import numpy as np

_HEAP = b"GCOL\x01"
_CONTINUATION, _ATTRIBUTE, _ATTRIBUTES_ELSEWHERE = 0x10, 0x0C, 0x15
_VARIABLE = 9
_REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])
MAX_CHUNKS = 64


class Raw:
    """The bytes of a file.

    Arguments:
        path: the file.
        base: the byte from which positions count.
    """

    def __init__(self, path: Path, base: int) -> None:
        with open(path, "rb") as file:
            self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)
        self._base = base

    def check_heaps(self) -> None:
        """Raise ValueError unless the objects of each heap follow one another up to its end."""
        content, at = self._bytes, self._bytes.find(_HEAP)
        while at >= 0:
            size = int.from_bytes(content[at + 8 : at + 16], "little")
            # Elsewhere the same letters are no heap.
            if 16 <= size <= len(content) - at:
                _check_heap(content, at + 16, at + size)
            at = content.find(_HEAP, at + 1)

    def check_attributes(self, address: int) -> None:
        """Raise ValueError unless the texts and lists in the attributes of an object fit into the file.

        Arguments:
            address: position of the object.
        """
        try:
            for references in self._references(self._base + address):
                self._check_lengths(references)
        except error as cut:
            raise ValueError("an object header is cut off") from cut

    def check_texts(self, offset: int, size: int) -> None:
        """Raise ValueError unless the texts of an array fit into the file.

        Arguments:
            offset: position of the array in the file, from its first byte.
            size: number of its texts.
        """
        if offset + size * _REFERENCE.itemsize > len(self._bytes):
            raise ValueError("more texts than the file holds")
        self._check_lengths(self._bytes[offset : offset + size * _REFERENCE.itemsize])

    def _check_lengths(self, references: bytes) -> None:
        whole = len(references) - len(references) % _REFERENCE.itemsize
        lengths = np.frombuffer(references[:whole], _REFERENCE)["length"]
        if lengths.sum(dtype=np.uint64) > len(self._bytes):
            raise ValueError("longer texts than the file holds")

    def _references(self, at: int) -> list[bytes]:
        """Return the values of those attributes of an object that are of variable length."""
        content, found = self._bytes, []
        version, size = unpack_from("<B7xI", content, at)
        if version != 1:
            raise ValueError("an object header of another version")
        chunks = [(at + 16, size)]
        for start, length in chunks:
            at = start
            while at + 8 <= start + length:
                kind, size, flags = unpack_from("<HHB", content, at)
                if kind == _CONTINUATION:
                    where, more = unpack_from("<QQ", content, at + 8)
                    chunks.append((self._base + where, more))
                elif kind == _ATTRIBUTES_ELSEWHERE or (kind == _ATTRIBUTE and flags & 2):
                    raise ValueError("attributes outside the object header")
                elif kind == _ATTRIBUTE:
                    found += _value(content[at + 8 : at + 8 + size])
                at += 8 + size
            if len(chunks) > MAX_CHUNKS:
                raise ValueError("an object header of too many parts")
        return found


def _value(message: bytes) -> list[bytes]:
    """Return the value of an attribute if it is of variable length."""
    version, flags, *sizes = unpack_from("<BBHHH", message)
    if version > 1 and flags:
        raise ValueError("an attribute of a type that is kept elsewhere")
    # Version 1 fills up to 8 bytes, version 3 adds the encoding of the name.
    name, kind, space = (-(-size // 8) * 8 for size in sizes) if version == 1 else sizes
    at = 8 + (version > 2) + name
    is_variable = unpack_from("<B", message, at)[0] & 15 == _VARIABLE
    return [message[at + kind + space :]] if is_variable else []


def _check_heap(content: mmap, at: int, end: int) -> None:
    while end - at >= 16:
        index, size = unpack_from("<H6xQ", content, at)
        # The object 0 is what is free; its size counts all of it.
        taken = 16 + -(-size // 8) * 8 if index else size
        if not 16 <= taken <= end - at:
            raise ValueError("a heap whose objects do not fit into it")
        at += taken
