"""The ventral cord as a network: the rows of the tables, its drive, its gap junctions, the weights of the swimmer."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import simulate
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.ventral_cord import VentralCord
from neurosim.errors import DescriptionError, UnknownNameError
from tests.datasets.test_connectome import COUNTS

AS_COUNTED = {name: VentralCord(name, chemical=None, electrical=None) for name in ("cook2019", "haspel2011")}


def rows(cord, network, kind, pre, post):
    """Return the weights of a projection between two classes."""
    projection = network.projections[kind]
    source, target = np.asarray(projection.connect.pre), np.asarray(projection.connect.post)
    before, after = cord.group(pre), cord.group(post)
    inside = (
        (source >= before.start) & (source < before.stop) & (target >= after.start) & (target < after.stop)
    )
    return np.asarray(projection.weight)[inside]


def test_edges_are_those_of_the_tables():
    """The counts of the notes on the sources; VD2 has a gap junction with itself, which is left out."""
    networks = {name: cord.network() for name, cord in AS_COUNTED.items()}
    for table, pre, post, kind, number, weight in COUNTS:
        cord = AS_COUNTED[table.name]
        found = rows(cord, networks[table.name], kind, pre, post)
        itself = sum(c.weight for c in table.between(pre, post, kind) if kind == "gap" and c.pre == c.post)
        assert len(found) == number - (itself > 0), (table.name, pre, post, kind)
        assert abs(found).sum() == pytest.approx(weight - itself)
        assert (found < 0).all() == (pre in ("DD", "VD") and kind != "gap")


@pytest.mark.parametrize(
    ("kind", "pre", "post", "strength"),
    [("chemical", "DB", "VD", 0.3), ("neuromuscular", "DD", "MD", -0.3), ("gap", "AVB", "VB", 0.2)],
)
def test_each_class_sends_the_same_strength_to_each_class(kind, pre, post, strength):
    cord = VentralCord(chemical=0.3, electrical=0.2)
    found = rows(cord, cord.network(), kind, pre, post)
    ends = {c.post for c in cord.connectome.between(pre, post, kind)}
    assert found.sum() == pytest.approx(strength * len(ends))
    counted = rows(AS_COUNTED["cook2019"], AS_COUNTED["cook2019"].network(), kind, pre, post)
    np.testing.assert_allclose(found / found.sum(), counted / counted.sum())


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_a_dorsal_neuron_excites_its_side_and_inhibits_the_other(engine):
    """A driven DB3 excites dorsal muscles and VD neurons nearby, hardly ventral muscles; all rests when it does."""
    cord = VentralCord()
    cells = list(cord.connectome.of_class)
    simulation = simulate(cord.network(every=100), engine=engine)
    command = np.zeros(len(cells))
    command[cells.index("DB3")] = 2.0
    simulation.run(400 * ms, {"command": command})
    simulation.run(1100 * ms, {"command": 0 * command})
    r = simulation.recordings()["cell.r"].values
    at = {name: r[4, cord.group(name)] for name in ("DB", "MD", "MV", "VD")}
    assert at["MD"].max() > 0.05 and at["VD"].max() > 0.05
    assert at["MV"].max() < 0.1 * at["MD"].max()
    muscles = [cell for cell in cells if cell.startswith("MD")]
    assert cord.connectome.places[muscles[int(at["MD"].argmax())]] == pytest.approx(0.45, abs=0.1)
    assert r[-1].max() < 1e-3


def test_the_weights_of_the_swimmer():
    """Weights are 1 on average for w_i and -1 for w_c; the model of equal units gives nearly flat ones."""
    for name in AS_COUNTED:
        vector = VentralCord(name).swimmer_weights(5)
        weights = SwimmerCircuit(5, shared=False).weights(vector)
        assert (weights["w_p"] == 1).all() and (weights["w_o"] == 1).all()
        for kind, mean in (("w_i", 1), ("w_c", -1)):
            np.testing.assert_allclose(weights[kind].reshape(2, 5).mean(axis=1), mean)
        assert (weights["w_i"] > 0).all() and (weights["w_c"] < 0).all()
        assert weights["w_i"].std() > 0.3 if name == "cook2019" else weights["w_i"].std() < 0.1
    assert SwimmerCircuit(12, shared=False).weights(VentralCord().swimmer_weights(12))["w_i"].size == 24
    # Rows 6 ... 24 are reached: with one unit each, w_i is what the row receives, 1.5 in row 6 and 10.5 in row 11.
    of_row = SwimmerCircuit(19, shared=False).weights(VentralCord().swimmer_weights(19))["w_i"][:19]
    assert of_row[5] / of_row[0] == pytest.approx(7)


def test_what_is_wrong_is_refused():
    with pytest.raises(UnknownNameError, match="unknown table 'cook'"):
        VentralCord("cook")
    with pytest.raises(DescriptionError, match="electrical = -1: give a number from 0, or None"):
        VentralCord(electrical=-1)
    with pytest.raises(UnknownNameError, match="no class 'DBB': did you mean 'DB'"):
        VentralCord().group("DBB")
    with pytest.raises(DescriptionError, match=r"n_joints = 1: give 2 ... 19"):
        VentralCord().swimmer_weights(1)
