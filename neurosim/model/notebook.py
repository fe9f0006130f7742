"""A network as a notebook shows it: the diagram, and tables of what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosim.markup import Html, html, table
from neurosim.model.diagram import svg
from neurosim.model.parts import Population, Projection
from neurosim.model.summary import delay_text, weight_text

if TYPE_CHECKING:
    from neurosim.model.network import Network


def network_html(network: Network) -> str:
    """Return the network as HTML: its diagram, and a row for each population, projection and recorder."""
    populations = table(
        ("population", "neurons", "model", "rules"),
        [(p.name, p.size, type(p.model).__name__, _rules(p)) for p in network.populations.values()],
    )
    projections = table(
        ("projection", "from", "to", "synapse", "connections", "weight", "delay", "rules"),
        [
            (
                p.name,
                p.source,
                p.target,
                f"{type(p.synapse).__name__} on {p.synapse.port}",
                p.connect.kind,
                weight_text(p),
                delay_text(p),
                _rules(p),
            )
            for p in network.projections.values()
        ],
    )
    recorded = ", ".join(recorder.key for recorder in network.recorders)
    head = Html(f"<p><b>Network '{html(network.name)}'</b>, dt = {html(str(network.dt))}</p>")
    parts = [head, Html(svg(network)), populations]
    parts += [projections] if network.projections else []
    parts += [Html(f"<p>records {html(recorded)}</p>")] if recorded else []
    return "".join(part.text for part in parts)


def _rules(part: Population | Projection) -> str:
    return ", ".join(type(rule).__name__ for rule in part.rules)
