"""Files of the format idx, in which images and labels of the MNIST family come."""

from __future__ import annotations

import numpy as np

from neurosim.errors import UsageError


def read_idx(content: bytes, name: str = "idx file") -> np.ndarray:
    """Return the array of bytes that an idx file holds.

    Big-endian header: two zeros, type 8 for unsigned bytes, number of dimensions, then one 32-bit size per dimension.
    Arguments: content, uncompressed; name, for messages. Raises UsageError for another format or a truncated file.
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise UsageError(f"{name}: it is not an idx file of unsigned bytes")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise UsageError(f"{name}: it is truncated within its header")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], ">u4"))
    if len(content) - start != int(np.prod(shape)):
        raise UsageError(
            f"{name}: it has {len(content) - start} bytes of data, its header says {shape}: it is damaged"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
