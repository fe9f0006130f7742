"""Prints the blocks of populations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosim.compiler.equations.draws import Draw
from neurosim.compiler.equations.forms import PopulationEquations, Probe
from neurosim.compiler.schedule.program import RESTS, SPIKES, Block
from neurosim.engines.fused.context import Context, indent, is_local, size
from neurosim.engines.fused.locations import population_location
from neurosim.engines.fused.render import Render
from neurosim.model.expressions import Statement, names_in
from neurosim.model.source import LENGTH, LIST, PLACE

BLOCK = 128
"""Number of units that are looked through when one of them spikes."""


@dataclass
class PopulationPrinter:
    """Prints loops over the units of a population, their spikes and what is recorded of them."""

    context: Context

    def loop(self, population: PopulationEquations, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over all units; one that ends with the spike condition also says what follows from spikes."""
        if statements[-1].target == SPIKES:
            held = f"{population.name}___held[spike] = now + {population.name}___rest[spike]"
            rest = [held] if population.refractory is not None else []
            return [*self.spiking(population, statements), *self.spiked(population, rest)]
        return [f"for i in range({size(population)}):", *indent(self.body(population, statements))]

    def spiking(self, population: PopulationEquations, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over all units in blocks, and in the few blocks that hold a spike the search for it.

        So the loop that all units go through only adds up the conditions in a register and fills vectors. Indices have
        no sign: one that might be negative counts from the end, and keeps the loop from filling vectors.

        Every other step goes through the blocks from the last to the first: what a level of cache does not hold as a
        whole is then found there in part, since what was touched last is touched first. Spikes are put in order again.
        """
        name, block = population.name, f"np.uint64({BLOCK})"
        ring = f"{name}___ring[{name}___now, "
        populations = [
            "some = False",
            "for i in range(start, stop):",
            *indent([*self.body(population, statements), f"some |= {SPIKES}"]),
            "if some:",
            "    for c in range(stop - start):",
            "        i = stop - np.uint64(1) - c if back else start + c",
            *indent(self.body(population, statements[-1:]), 2),
            f"        if {SPIKES}:",
            f"            {ring}found] = i",
            "            found += 1",
        ]
        return [
            "found = 0",
            f"whole = np.uint64({size(population)} // {BLOCK} * {BLOCK})",
            "back = k % 2 == 1",
            f"for block in range(np.uint64(0), whole, {block}):",
            # Of one length, so that whether arrays overlap is tested once for all blocks.
            f"    start = whole - {block} - block if back else block",
            f"    stop = start + {block}",
            *indent(populations),
            "if back:",
            "    for c in range(found // 2):",
            f"        {ring}c], {ring}found - 1 - c] = {ring}found - 1 - c], {ring}c]",
            "    back = False",
            "start = whole",
            f"stop = np.uint64({size(population)})",
            *populations,
            f"{name}___count[{name}___now] = found",
        ]

    def body(self, population: PopulationEquations, statements: Sequence[Statement]) -> list[str]:
        """Return the statements for unit i, each variable read before the first and written after the last.

        A choice between two values is then one between registers, so that the loop fills vectors.
        """
        storage = self.context.storage

        def held(name: str) -> bool:
            return not is_local(name) and population_location(population, name, storage).level == "neuron"

        def resolve(name: str) -> tuple[str, bool]:
            if held(name) or is_local(name):
                return (f"r_{name}" if held(name) else name), False
            place = population_location(population, name, storage)
            return place.text, place.level == "run"

        render = Render(resolve, self.context.hoist, storage.real)

        def value(statement: Statement) -> str:
            # In single precision a later comparison must see what is stored, not what it is rounded from.
            text = render.text(statement.expression)
            return f"{storage.real}({text})" if storage.real and held(statement.target) else text

        read = {n for s in statements for n in names_in(s.expression)} | {
            s.target for s in statements if s.op != "="
        }
        written = [n for n in dict.fromkeys(s.target for s in statements) if held(n)]
        places = {
            n: population_location(population, n, storage).at("i") for n in {*read, *written} if held(n)
        }
        return [
            *(f"r_{n} = {places[n]}" for n in sorted(read) if held(n)),
            *([f"active = now >= {population.name}___held[i]"] if "active" in read else []),
            *(f"{resolve(s.target)[0]} {s.op} {value(s)}" for s in statements),
            *(f"{places[n]} = r_{n}" for n in written),
        ]

    def plain(self, block: Block) -> list[str]:
        """Return a block that assigns variables of every unit."""
        return self.loop(self.context.population(block.owner), block.statements)

    def group(self, block: Block) -> list[str]:
        """Return the loop over groups, and in each over its neurons, that works out what they share."""
        population = self.context.population(block.owner)
        (line,) = block.statements
        found = population.groups[line.target]
        array = population_location(population, line.target, self.context.storage).text
        body = self.body(population, [Statement("__value", "=", line.expression)])
        more = "shared += __value"
        if found.function == "group_max":
            more = "shared = __value if __value > shared or __value != __value else shared"
        return [
            f"for g in range(0, {size(population)}, {found.size}):",
            f"    shared = {'-np.inf' if found.function == 'group_max' else '0.0'}",
            f"    for i in range(g, g + {found.size}):",
            *indent([*body, more], 2),
            f"    for i in range(g, g + {found.size}):",
            f"        {array}[i] = shared",
        ]

    def draw(self, block: Block) -> list[str]:
        """Return the lines that fill arrays of random numbers; those of edges are worked out where they are used."""
        name = block.owner
        if name in self.context.program.equations.projections:
            return []
        draws = self.context.population(name).draws
        lines = []
        for d, draw in draws.items():
            if draw.timed is not None:
                lines += self.look(name, d, draw)
                continue
            mean, each = f"{name}___{d}_mean", ""
            if draw.kind == "poisson":
                each = "_each" if mean in self.context.storage.arrays else ""
            own = f"{mean}, " if draw.kind == "poisson" else ""
            lines.append(f"fill_{draw.kind}{each}({name}___{d}_key, k, {own}{name}__{d})")
        return lines

    def look(self, name: str, key: str, draw: Draw) -> list[str]:
        """Return the lines that look a signal up."""
        population, head = self.context.population(name), f"{name}___{key}"
        column = "i" if draw.timed is not None and draw.timed.values.shape[1] > 1 else "0"

        def row(late: str) -> str:
            return f"at = min(max((k{late} - {head}_first) // {head}_every, 0), {head}_values.shape[0] - 1)"

        each = f"for i in range({size(population)}):"
        store = f"{name}__{key}[i] = {head}_values[at, {column}]"
        if not draw.late:
            return [row(""), each, f"    {store}"]
        late = self.body(population, [Statement("_late", "=", f"floor(({draw.late})/dt + 0.500000001)")])
        return [each, *indent([*late, row(" - np.int64(_late)"), store])]

    def input(self, block: Block) -> list[str]:
        """Return the lines that take this step's row of input, if the run has any."""
        name = block.owner
        # Element by element: numba takes four seconds to compile what an assignment of arrays says of wrong shapes.
        return [
            f"if {name}___rows.shape[0] > 0:",
            f"    for i in range({name}___rows.shape[1]):",
            f"        {name}__value[i] = {name}___rows[row, i]",
        ]

    def operate(self, block: Block) -> list[str]:
        """Return the loop over all units in the steps in which an operation is due."""
        population, regular = self.context.population(block.owner), block.regular
        assert regular is not None
        head = f"{population.name}___operation{population.operations.index(regular)}"
        due = f"k >= {head}_first and (k - {head}_first) % {head}_every == 0"
        return [f"if {due}:", *indent(self.loop(population, block.statements))]

    def clamp(self, block: Block) -> list[str]:
        """Return the lines that put held values back, or move towards them along directions."""
        clamp = block.clamp
        assert clamp is not None
        head = f"clamp{self.context.program.equations.clamps.index(clamp)}"
        place = f"{clamp.owner}__{clamp.variable}[{head}___index[c]]"
        value = f"{head}___value[c]" if clamp.value.ndim == 1 else f"{head}___value[k - {head}___start, c]"
        value = value if clamp.column is None else f"{clamp.column}___rows[row, c]"
        columns = [name for name in (clamp.column, clamp.when) if name is not None]
        conditions = [f"k >= {head}___start", f"k < {head}___stop"]
        conditions += [f"{name}___rows.shape[0] > 0" for name in columns]
        conditions += [f"{clamp.when}___rows[row, 0] > 0"] if clamp.when is not None else []
        every = f"for c in range({head}___index.size):"
        lines = [every, f"    {place} = {value}"]
        if clamp.basis is not None:
            lines = [
                f"for d in range({head}___basis.shape[1]):",
                "    along = 0.0",
                f"    {every}",
                f"        along += {head}___basis[c, d] * ({value} - {place})",
                f"    {every}",
                f"        {place} += along * {head}___basis[c, d]",
            ]
        return [f"if {' and '.join(conditions)}:", *indent(lines)]

    def threshold(self, block: Block) -> list[str]:
        """Return the lines that collect the spikes of this step."""
        # Without statements it has been joined to the block before.
        return self.plain(block) if block.statements else []

    def emit(self, block: Block) -> list[str]:
        """Return the lines that take the spikes of this step from a source's list."""
        population = self.context.population(block.owner)
        assert population.source is not None
        name, function = population.name, population.source.draw.split(":")[1]
        coming = f"{name}___integer"
        return [
            "found = 0",
            "while True:",
            f"    if {coming}[{PLACE}] == {coming}[{LENGTH}]:",
            f"        {function}({name}___key, {name}___real, {coming}, {size(population)})",
            f"    unit = {coming}[{LIST} + {coming}[{PLACE}]] - k * {size(population)}",
            f"    if unit >= {size(population)}:",
            "        break",
            f"    {name}___ring[{name}___now, found] = unit",
            "    found += 1",
            f"    {coming}[{PLACE}] += 1",
            f"{name}___count[{name}___now] = found",
            *self.spiked(population, []),
        ]

    def spiked(self, population: PopulationEquations, lines: Sequence[str]) -> list[str]:
        """Return the loop over the spikes of this step with the lines given, and those that record.

        The call asks to stop if another step of spikes might not fit into a recorder's buffer.
        """
        lines, room = list(lines), []
        for number, recorder in self.context.recorders(population.name, spikes=True):
            head = f"rec{number}"
            at = f"{head}___n[0]"
            store = [
                *self.at_spike(population, head, recorder),
                f"{head}___steps[{at}] = k",
                f"{head}___ids[{at}] = spike",
                f"{at} += 1",
            ]
            wanted = recorder.indices is not None
            lines += [f"if {head}___wanted[spike]:", *indent(store)] if wanted else store
            room += [f"full |= {at} + {size(population)} > {head}___steps.size"]
        return [*self.context.spikes_of(population.name), *indent(lines), *room] if lines else []

    def at_spike(self, population: PopulationEquations, head: str, recorder: Probe) -> list[str]:
        """Return the lines that store variables of the neuron that spikes."""
        if not recorder.values:
            return []
        texts = [self.context.program.inline(population, name) for name in recorder.values]
        found = [Statement(f"_at{n}", "=", text) for n, text in enumerate(texts)]
        stored = [f"{head}___values[{head}___n[0], {n}] = _at{n}" for n in range(len(texts))]
        return ["i = spike", *self.body(population, found), *stored]

    def rest(self, block: Block) -> list[str]:
        """Return the loop that ends the refractory state where its condition is false."""
        population = self.context.population(block.owner)
        held = f"{population.name}___held"
        body = [
            *self.body(population, block.statements),
            f"if not {RESTS}:",
            f"    {held}[i] = min({held}[i], now)",
        ]
        return [f"for i in range({size(population)}):", *indent(body)]

    def remember(self, block: Block) -> list[str]:
        """Return the lines that keep the values of this step of what comes late somewhere."""
        lines = []
        for owner, name in self.context.program.equations.remembered:
            if owner == block.owner:
                full = f"{owner}__{name}"
                lines += [
                    f"past = k & ({full}___past.shape[0] - 1)",
                    f"for i in range({size(self.context.population(owner))}):",
                    f"    {full}___past[past, i] = {full}[i]",
                ]
        return lines

    def reset(self, block: Block) -> list[str]:
        """Return the lines that reset the units that spiked."""
        population = self.context.population(block.owner)
        body = self.body(population, block.statements)
        return [*self.context.spikes_of(population.name), *indent(["i = spike", *body])]

    def external(self, block: Block) -> list[str]:
        """Return the lines that gather an external's inputs, call it, and hand its outputs to signal populations."""
        external = self.context.program.equations.network.externals[block.owner]
        name, lines = block.owner, ["at = 0"]
        for read in external.reads:
            owner, _, variable = read.partition(".")
            population = self.context.population(owner)
            text = self.context.program.inline(population, variable)
            body = self.body(population, [Statement("__value", "=", text)])
            lines += [
                f"for i in range({size(population)}):",
                *indent([*body, f"{name}___in[at + i] = __value"]),
            ]
            lines.append(f"at += {size(population)}")
        lines.append(f"{name}___call({name}___handles, {name}___in, {name}___out)")
        for target in external.writes:
            lines += [
                f"for i in range({size(self.context.population(target))}):",
                f"    {target}__value[i] = {name}___out[{target}___from + i]",
            ]
        return lines
