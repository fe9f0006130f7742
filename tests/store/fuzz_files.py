"""Seal files with changed bytes and read each in a process of its own: python fuzz_files.py FILE NUMBER.

Prints how often each happened: 'read', 'refused' (one line, in time and memory), or what went wrong.
"""

import hashlib
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from neurosim.errors import ResultFileError
from neurosim.store import open_results, read_state
from neurosim.store.sealed import HEADER_BYTES

SECONDS, MEGABYTES = 1.0, 200
ENDS = ("read", "refused", "raw", "slow", "memory", "line")


def changed(content, number):
    """Return content with one to three bytes changed, most of them where something is written."""
    rng = np.random.default_rng(number)
    found = bytearray(content)
    written = np.flatnonzero(np.frombuffer(content, np.uint8))
    for _ in range(rng.integers(1, 4)):
        place = rng.choice(written) if rng.random() < 0.7 else rng.integers(len(found))
        found[place] = rng.integers(256)
    return bytes(found)


def sealed(content):
    """Return content behind a header that fits it."""
    header = f"neurosim sealed file 1\nsha256 {hashlib.sha256(content).hexdigest()}\nbytes {len(content)}\n"
    return header.encode().ljust(HEADER_BYTES, b"\0") + content


def reading(path, is_state):
    """Read all of a file, and say how that ended."""
    began, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = "read"
    try:
        if is_state:
            read_state(path)
        else:
            with open_results(path) as results:
                results.content_hash(), results.claims, results.tree()
    except ResultFileError as error:
        end = "refused" if str(error).isprintable() and str(path) in str(error) else "line"
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        end = "raw"
    if time.process_time() - began > SECONDS:
        end = "slow"
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory > 1024 * MEGABYTES:
        end = "memory"
    return end


def main(source, number):
    """Read a number of changed files."""
    content, is_state = source.read_bytes()[HEADER_BYTES:], "state" in source.name
    counts = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.h5")
        for k in range(number):
            path.write_bytes(sealed(changed(content, k)))
            child = os.fork()
            if child == 0:
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                # What never ends is ended by a signal.
                resource.setrlimit(resource.RLIMIT_CPU, (3, 3))
                os._exit(ENDS.index(reading(path, is_state)))
            status = os.waitpid(child, 0)[1]
            signalled = os.WIFSIGNALED(status)
            counts[f"signal {os.WTERMSIG(status)}" if signalled else ENDS[os.WEXITSTATUS(status)]] += 1
    print(json.dumps(counts))


main(Path(sys.argv[1]), int(sys.argv[2]))
