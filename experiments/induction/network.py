"""An attention circuit of two layers on five tokens, in which patterns and values are driven weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim import (
    AllToAll,
    Convolution,
    Driven,
    Edges,
    Network,
    NeuronModel,
    Normal,
    OneToOne,
    Population,
    Projection,
    Recorder,
    parameter,
)
from neurosim.experiments.induction.config import Config
from neurosim.neurons import GradedUnit, Signal, Softmax
from neurosim.synapses import Graded

TOKENS = 5
SHOWN, NAMED = (0, 2, 4), (1, 3)  # tokens of exemplars, the last of which asks; tokens of labels
BASE = 10_000.0  # of the wavelengths of rotary positions
NEVER = -30.0  # input to what is not to be: e**-30 of what is
TRAINED = ("see.w", "see_bias.w", "name.w", "q1.w", "k1.w", "v1.w", "o1.w", "q2.w", "k2.w")
READING = ("v2.w", "o2.w", "read.w", "bias.w")


class LayerNormalised(NeuronModel):
    """Stateless neurons whose input is normalised over the neurons of a group that follow one another.

    y = (I - m)/sqrt(v + epsilon);  m mean and v variance of the group, I summed input (1), y output (1), epsilon (1).
    """

    group = parameter(1, "number of neurons of a group", low=1)
    epsilon = parameter(1e-5, "least variance", low=1e-12)
    equations = """
    y = centred/sqrt(group_sum(centred**2, group)/size + epsilon) : 1
    centred = I - group_sum(I, group)/size : 1
    size = group_sum(1, group) : 1
    I : 1 (input)
    """
    output = "y"


def circuit(config: Config, copying: bool = False) -> Network:
    """Return the circuit; its input are features of exemplars and labels, its output scores of labels.

    Every token has a stream of `width` neurons, to which both layers add. A head has queries, keys and values of
    `depth` neurons per token. Its pattern is a softmax of their products over tokens that came before; the second layer
    has one head, and is asked by the last token alone. Copying, labels have the score of the tokens that hold them in
    place of a read-out that learns.
    """
    width, depth = config.width, config.depth
    identity = GradedUnit(transfer="identity")
    network = Network("induction").add(
        Population("one", 1, Signal(), {"value": 1.0}),
        Population("ones", len(SHOWN), Signal(), {"value": 1.0}),
        Population("exemplars", len(SHOWN) * config.features, Signal()),
        Population("labels", len(NAMED) * config.labels, Signal()),
        Population("seen", width * len(SHOWN), identity),
        Population("named", width * len(NAMED), identity),
        Projection(
            "see", "exemplars", "seen", Graded(), _shared(len(SHOWN), config.features),
            Normal(0, config.features**-0.5),
        ),
        Projection("see_bias", "ones", "seen", Graded(), _shared(len(SHOWN), 1), 0.0),
        Projection("name", "labels", "named", Graded(), _shared(len(NAMED), config.labels), Normal(0, 0.02)),
        Population("stream0", TOKENS * width, identity),
        Projection("put_seen", "seen", "stream0", Graded(), _by_token(width, SHOWN), 1.0),
        Projection("put_named", "named", "stream0", Graded(), _by_token(width, NAMED), 1.0),
    )  # fmt: skip
    _first_layer(network, config)
    scale, fan = depth**-0.5, width**-0.5
    network.add(
        Population("norm2", TOKENS * width, LayerNormalised(group=width)),
        Projection("to_norm2", "stream1", "norm2", Graded(), OneToOne(), 1.0),
        Population("query2", depth, identity),
        Population("key2", TOKENS * depth, identity),
        Projection("q2", f"norm2[{(TOKENS - 1) * width}:]", "query2", Graded(), AllToAll(), Normal(0, fan)),
        Projection("k2", "norm2", "key2", Graded(), _shared(TOKENS, width), Normal(0, fan)),
        Population("turned_query2", depth, identity),
        Population("turned_key2", TOKENS * depth, identity),
        _rotary("query2", 1, depth, (TOKENS - 1,), scale),
        _rotary("key2", 1, depth, range(TOKENS)),
        Population("score2", TOKENS, identity),
        Population("share2", TOKENS, Softmax()),
        Projection("match2", "turned_query2", "score2", Graded(), AllToAll(), Driven("turned_key2")),
        Projection("to_share2", "score2", "share2", Graded(), OneToOne(), 1.0),
        Population("y", config.labels, identity),
    )  # fmt: skip
    (_copy if copying else _read)(network, config)
    return network.add(Recorder("y", "output"), Recorder("share2", "output"), Recorder("score2", "output"))


def _first_layer(network: Network, config: Config) -> None:
    """Add the first layer: several heads, for all tokens."""
    width, heads, depth = config.width, config.heads, config.depth
    inner, identity, fan = heads * depth, GradedUnit(transfer="identity"), width**-0.5
    network.add(
        Population("norm1", TOKENS * width, LayerNormalised(group=width)),
        Projection("to_norm1", "stream0", "norm1", Graded(), OneToOne(), 1.0),
    )
    for name in ("query1", "key1", "value1"):
        network.add(
            Population(name, TOKENS * inner, identity),
            Projection(name[0] + "1", "norm1", name, Graded(), _shared(TOKENS, width), Normal(0, fan)),
        )
    for name, scale in (("query1", depth**-0.5), ("key1", 1.0)):
        network.add(
            Population(f"turned_{name}", TOKENS * inner, identity),
            _rotary(name, heads, depth, range(TOKENS), scale),
        )
    head, dim, query, key = (
        x.ravel() for x in np.meshgrid(*map(np.arange, (heads, depth, TOKENS, TOKENS)), indexing="ij")
    )
    asked, known = (((head * depth + dim) * TOKENS + token) for token in (query, key))
    pattern, mixed = (head * TOKENS + query) * TOKENS + key, query * inner + head * depth + dim
    past = key <= query
    late = np.unique(pattern[~past])
    network.add(
        Population("never", 1, Signal(), {"value": NEVER}),
        Population("share1", heads * TOKENS**2, Softmax(group=TOKENS)),
        Projection("cause", "never", "share1", Graded(), _edges(np.zeros_like(late), late), 1.0),
        _driven("match1", "turned_query1", "share1", "turned_key1", asked[past], pattern[past], known[past]),
        Population("mixed1", TOKENS * inner, identity),
        _driven("mix1", "share1", "mixed1", "value1", pattern[past], mixed[past], known[past]),
        Population("added1", width * TOKENS, identity),
        Projection("o1", "mixed1", "added1", Graded(), _shared(TOKENS, inner), Normal(0, inner**-0.5)),
        Population("stream1", TOKENS * width, identity),
        Projection("keep1", "stream0", "stream1", Graded(), OneToOne(), 1.0),
        Projection("add1", "added1", "stream1", Graded(), _by_token(width, range(TOKENS)), 1.0),
    )  # fmt: skip


def _read(network: Network, config: Config) -> None:
    """Add what the second layer tells the last token, and the read-out of its stream."""
    width, depth, identity = config.width, config.depth, GradedUnit(transfer="identity")
    last = slice((TOKENS - 1) * width, None)
    dim, token = (x.ravel() for x in np.meshgrid(np.arange(depth), np.arange(TOKENS), indexing="ij"))
    network.add(
        Population("value2", TOKENS * depth, identity),
        Projection("v2", "norm2", "value2", Graded(), _shared(TOKENS, width), Normal(0, width**-0.5)),
        Population("mixed2", depth, identity),
        _driven("mix2", "share2", "mixed2", "value2", token, dim, dim * TOKENS + token),
        Population("stream2", width, LayerNormalised(group=width)),
        Projection("keep2", f"stream1[{last.start}:]", "stream2", Graded(), OneToOne(), 1.0),
        # As wide as if there were all heads.
        Projection("o2", "mixed2", "stream2", Graded(), AllToAll(), Normal(0, (config.heads * depth) ** -0.5)),
        Projection("read", "stream2", "y", Graded(), AllToAll(), Normal(0, width**-0.5)),
        Projection("bias", "one", "y", Graded(), AllToAll(), np.zeros((config.labels, 1))),
    )  # fmt: skip


def _copy(network: Network, config: Config) -> None:
    """Add the scores of the tokens that hold labels as those of the labels; others are never chosen."""
    source = np.arange(len(NAMED) * config.labels)
    target, token = source % config.labels, np.take(NAMED, source // config.labels)
    network.add(
        _driven("copy", "labels", "y", "score2", source, target, token),
        Projection("absent", "one", "y", Graded(), AllToAll(), NEVER),
        Projection("present", "labels", "y", Graded(), _edges(source, target), -NEVER),
    )


def _edges(pre: np.ndarray, post: np.ndarray) -> Edges:
    """Return connections between pairs of neurons."""
    return Edges(tuple(pre.tolist()), tuple(post.tolist()))


def _shared(tokens: int, size: int) -> Convolution:
    """Return connections from each token to its own features, with weights that tokens share."""
    return Convolution((1, tokens, size), (1, size))


def _by_token(width: int, tokens: Iterable[int]) -> Edges:
    """Return connections from features in the order of `_shared` to a stream, token by token."""
    places = np.array(list(tokens))
    feature, token = np.meshgrid(np.arange(width), np.arange(len(places)), indexing="ij")
    return _edges((feature * len(places) + token).ravel(), (places[token] * width + feature).ravel())


def _driven(
    name: str, source: str, target: str, by: str, pre: np.ndarray, post: np.ndarray, index: np.ndarray
) -> Projection:
    """Return a projection whose edges have activity as their weights."""
    order = np.lexsort((post, pre))
    return Projection(
        name,
        source,
        target,
        Graded(),
        _edges(pre[order], post[order]),
        Driven(by, tuple(index[order].tolist())),
    )


def _rotary(name: str, heads: int, depth: int, tokens: Iterable[int], scale: float = 1.0) -> Projection:
    """Return fixed weights that turn pairs of neurons of a head by an angle that grows with the token (Su et al.)."""
    places = np.array(list(tokens))
    head, pair, token, row, column = (
        x.ravel()
        for x in np.meshgrid(
            np.arange(heads), np.arange(depth // 2), np.arange(len(places)), (0, 1), (0, 1), indexing="ij"
        )
    )
    angle = places[token] * BASE ** (-2 * pair / depth)
    turn = np.where(row == column, np.cos(angle), np.where(row < column, -np.sin(angle), np.sin(angle)))
    pre, post = ((head * depth + 2 * pair + side) * len(places) + token for side in (column, row))
    order = np.lexsort((post, pre))
    return Projection(
        f"turn_{name}", name, f"turned_{name}", Graded(), _edges(pre[order], post[order]), scale * turn[order]
    )
