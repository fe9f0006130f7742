"""Without jax, optax and mujoco networks run, and what needs them says in one line what to install."""

import subprocess
import sys

import pytest

from neurosim.errors import MissingExtra
from neurosim.extras import optional

LIGHT = """
import importlib, sys
for library in ("jax", "jaxlib", "optax", "mujoco"):
    sys.modules[library] = None  # as if it were not installed
from brian2 import ms
from neurosim import Network, Population, simulate
from neurosim.engines import get_engine, registry
from neurosim.neurons import LIF
network = Network("n").add(Population("a", 2, LIF()))
for engine in ("fused", "brian2"):
    simulate(network, engine=engine).run(1 * ms)
print(*registry)
from neurosim.errors import MissingExtra
from neurosim.experiment import find_experiment
for look_up in (
    lambda: get_engine("jax"),
    *(
        lambda module=module: importlib.import_module(f"neurosim.{module}")
        for module in ("bodies.arm", "bodies.swimmer", "learning.bptt", "tasks")
    ),
    lambda: find_experiment("bilateral_motor"),
    lambda: find_experiment("swimmer"),
):
    try:
        look_up()
    except MissingExtra as error:
        print(error)
"""


def test_networks_run_without_extras_and_what_needs_one_says_so():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    engines, *errors = done.stdout.splitlines()
    assert engines == "brian2 fused fused-float32"
    learn, bodies = (
        f"{library} is not installed: pip install 'neurosim[{extra}]'"
        for library, extra in (("jax", "learn"), ("mujoco", "bodies"))
    )
    assert errors == [learn, learn, bodies, learn, learn, learn, bodies]


def test_other_missing_libraries_keep_their_error():
    with pytest.raises(ModuleNotFoundError, match="no_such_library"), optional():
        import no_such_library  # noqa: F401
    with pytest.raises(MissingExtra, match="optax"), optional():
        raise ModuleNotFoundError("no", name="optax.transforms")


def test_the_front_door_loads_brian2_and_little_else():
    code = (
        "import brian2, sys; before = set(sys.modules); from neurosim import Network; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"neurosim"}


@pytest.mark.parametrize(
    "line", ["from neurosim import Network", "import neurosim.sweep.work, neurosim.neurons"]
)
def test_a_thread_may_be_the_first_to_import_us(line):
    code = (
        "import signal, threading; mine = signal.getsignal(signal.SIGINT); found = []\n"
        f"def first():\n    {line}\n    found.append(signal.getsignal(signal.SIGINT) is mine)\n"
        "thread = threading.Thread(target=first); thread.start(); thread.join()\n"
        "print(found, signal.signal.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[True] signal\n", done.stderr
