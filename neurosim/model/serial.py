"""Networks to JSON and back, and their digest. Classes are looked up by registered name; no text is evaluated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from neurosim.errors import DescriptionError, NeurosimError, UnknownNameError, brief
from neurosim.model.clamp import Clamp, Column, Replay
from neurosim.model.connectivity import Connectivity
from neurosim.model.expressions import functions_in
from neurosim.model.network import Network, Part
from neurosim.model.neuron import NeuronModel
from neurosim.model.operation import Operation, Stop
from neurosim.model.parameters import Described
from neurosim.model.parts import Driven, External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.reductions import Reduction
from neurosim.model.registries import connectivities, distributions, neurons, reductions, rules, synapses
from neurosim.model.rule import Rule
from neurosim.model.synapse import SynapseModel
from neurosim.model.timed import TimedSignal
from neurosim.model.units import Quantity, value_from_json, value_to_json
from neurosim.model.values import Distribution
from neurosim.registry import Registry

FORMAT = 1
_LATER = frozenset({"after", "dendritic_delay", "direction", "events", "substeps", "when"})
"""Fields that are written only where they differ from their default, as files without them are read too."""
_OF_RECORDERS = frozenset({"values", "start", "stop", "name", "reduce"})
"""Such fields of recorders."""
_NEW = {"population": "target"}
"""Fields of parts that had another name."""
_PARTS = {
    cls.__name__: cls
    for cls in (Population, Projection, NamedParameter, Recorder, Clamp, External, Operation, Stop)
}
_KINDS = {"neuron": (NeuronModel, neurons), "synapse": (SynapseModel, synapses), "rule": (Rule, rules)}


def to_json(network: Network) -> dict[str, Any]:
    """Return the network as plain JSON data."""
    parts = [_part_to_json(part) for part in network.parts()]
    functions = functions_in([json.dumps(parts), *map(_facts, _classes(network))])
    return {
        "format": FORMAT,
        "name": network.name,
        "dt": value_to_json(network.dt),
        "parts": parts,
        **({"functions": functions} if functions else {}),
    }


def from_json(data: Mapping[str, Any]) -> Network:
    """Rebuild a network from `to_json`.

    Raises DescriptionError if the data are damaged or the equations of a class have changed, UnknownNameError if a
    class is not known.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else data
        raise DescriptionError(
            f"network file: format {brief(found)} is not {FORMAT}: use the version that wrote it"
        )
    try:
        _check_functions(data.get("functions", {}))
        network = Network(data["name"], value_from_json(data["dt"]))
        for part in data["parts"]:
            arguments = {_NEW.get(k, k): _from_json(v) for k, v in part.items() if k != "part"}
            network.add(_PARTS[part["part"]](**arguments))
    except NeurosimError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DescriptionError(
            f"network file: damaged ({type(error).__name__}: {error}): write it again"
        ) from None
    return network


def digest(network: Network) -> str:
    """Return the SHA-256 of the network's JSON form: equal networks have equal digests."""
    text = json.dumps(to_json(network), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def facts_digest(cls: type[Described]) -> str:
    """Return a short digest of the facts of a class (its equations and other text), which reveals a change of them."""
    return hashlib.sha256(_facts(cls).encode()).hexdigest()[:16]


_ADDED = {"events": {}, "on_event": {}, "pathways": {}, "passes": "before"}
"""Facts that classes of older files do not have, where they have no effect: digests leave them out."""


def _facts(cls: type[Described]) -> str:
    facts = {
        name: repr(getattr(cls, name))
        for name in dir(cls)
        if not name.startswith("_")
        and not callable(getattr(cls, name))
        and not isinstance(getattr(cls, name), property)
        and not (name in _ADDED and getattr(cls, name) == _ADDED[name])
    }
    return json.dumps(facts, sort_keys=True)


def _classes(network: Network) -> Iterator[type[Described]]:
    """Yield the classes of the models and rules of a network."""
    for part in network.parts():
        for value in (getattr(part, f.name) for f in fields(part)):
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Described):
                    yield type(one)


def _check_functions(stored: Mapping[str, str]) -> None:
    """Reject functions of users that are not those of this process, which equations would call."""
    for call, text in stored.items():
        here = functions_in([call])
        if call not in here:
            raise DescriptionError(
                f"network file: its equations call '{call}', which is not defined: import the module with "
                f"equation_function('{call}', '{text}') first"
            )
        if here[call] != text:
            raise DescriptionError(
                f"network file: the function '{call}' is '{text}' in the file and '{here[call]}' here: use its version"
            )


def _part_to_json(part: Part) -> dict[str, Any]:
    values = {f.name: getattr(part, f.name) for f in fields(part)}
    later = _LATER | _OF_RECORDERS if isinstance(part, Recorder) else _LATER
    usual = {f.name for f in fields(part) if f.name in later and values[f.name] is f.default}
    return {"part": type(part).__name__, **{n: _to_json(v) for n, v in values.items() if n not in usual}}


def _to_json(value: Any) -> Any:
    if isinstance(value, Described):
        given = {k: _to_json(v) for k, v in {**value.values(), **value.chosen()}.items()}
        kind = next(kind for kind, (base, _) in _KINDS.items() if isinstance(value, base))
        return {
            "class": type(value).__name__,
            "of": kind,
            "facts": facts_digest(type(value)),
            "values": given,
        }
    if isinstance(value, Tied):
        return {"tied": value.parameter, "index": list(value.index)}
    if isinstance(value, Driven):
        return {"driven": value.population, "index": None if value.index is None else list(value.index)}
    if isinstance(value, Column):
        return {"column": value.name}
    if isinstance(value, Replay):
        return {"replay": value_to_json(value.values)}
    if isinstance(value, Distribution):
        return {
            "draw": type(value).__name__,
            "arguments": {k: _to_json(v) for k, v in value.described().items()},
        }
    if isinstance(value, TimedSignal):
        given = {"signal": value.values, "dt": value.dt, "start": value.start}
        return {name: value_to_json(one) for name, one in given.items()}
    if isinstance(value, Reduction):
        arguments = {k: _to_json(v) for k, v in value.described().items()}
        return {"reduce": type(value).__name__, "arguments": arguments}
    if isinstance(value, Connectivity):
        return value.to_json()
    if isinstance(value, Mapping):
        return {"map": {k: _to_json(v) for k, v in value.items()}}
    if isinstance(value, tuple):
        return {"list": [_to_json(v) for v in value]}
    if value is None or isinstance(value, str):
        return value
    return value_to_json(value)


def _from_json(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return value_from_json(data)
    if "class" in data:
        return _described(data)
    if "tied" in data:
        return Tied(data["tied"], tuple(data["index"]))
    if "driven" in data:
        return Driven(data["driven"], None if data["index"] is None else tuple(data["index"]))
    if "column" in data:
        return Column(data["column"])
    if "replay" in data:
        return Replay(value_from_json(data["replay"]))
    if "draw" in data:
        return _class(distributions, data["draw"])(**{k: _from_json(v) for k, v in data["arguments"].items()})
    if "signal" in data:
        return TimedSignal(*(value_from_json(data[name]) for name in ("signal", "dt", "start")))
    if "reduce" in data:
        return _class(reductions, data["reduce"])(**{k: _from_json(v) for k, v in data["arguments"].items()})
    if "kind" in data:
        return _connectivity(data)
    if "map" in data:
        return {k: _from_json(v) for k, v in data["map"].items()}
    if "list" in data:
        return tuple(_from_json(v) for v in data["list"])
    return value_from_json(data)


def _connectivity(data: Mapping[str, Any]) -> Connectivity:
    arguments = {k: _argument(v) for k, v in data.items() if k != "kind"}
    found: Connectivity = _class(connectivities, data["kind"])(**arguments)
    return found


def _argument(value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("kind"), str):
        return _connectivity(value)
    if isinstance(value, Mapping) and "dim" not in value:
        return {name: _argument(item) for name, item in value.items()}
    return tuple(map(_argument, value)) if isinstance(value, list) else value_from_json(value)


def _class(registry: Registry[type], name: str) -> type:
    try:
        return registry.get(name)
    except UnknownNameError as error:
        raise UnknownNameError(
            f"network file: {error}; if it is a class of your own, import the module that defines it first"
        ) from None


def _described(data: Mapping[str, Any]) -> Described:
    name, (_, registry) = data["class"], _KINDS[data["of"]]
    cls = _class(registry, name)
    if facts_digest(cls) != data["facts"]:
        raise DescriptionError(
            f"'{name}' in the file has other equations than the class of that name: use its version"
        )
    return cls(**{k: _from_json(v) for k, v in data["values"].items()})


__all__ = ["Quantity", "digest", "facts_digest", "from_json", "to_json"]
