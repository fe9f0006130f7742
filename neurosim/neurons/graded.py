"""Neurons without membrane dynamics: their output follows their input within the step."""

from brian2 import ms  # noqa: F401

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import option, parameter
from neurosim.neurons.transfer import TRANSFERS


class GradedUnit(NeuronModel):
    """Stateless graded neuron.

    y = f(u), u = I + bias.
    y output (1), I summed input (1), bias (1), f one of identity, tanh,
    rectified_tanh, relu, leaky_relu (slope 0.01 below 0), elu, softplus, logistic, unit_interval, symmetric, step
    (1 above 0, else 0).
    """

    bias = parameter(0.0, "constant input")
    transfer = option("unit_interval", "transfer function", tuple(TRANSFERS))
    texts = {"transfer": TRANSFERS}
    equations = """
    y = {transfer} : 1
    u = I + bias : 1
    I : 1 (input)
    """
    output = "y"


class Maximum(NeuronModel):
    """Stateless neuron whose output is the greater of two inputs, for maxima over pairs of neurons.

    y = max(one, other), the summed inputs (1) of two ports: `Graded(port="one")`, `Graded(port="other")`.
    """

    equations = """
    y = clip(one, other, inf) : 1
    one : 1 (input)
    other : 1 (input)
    """
    output = "y"


class SquareWave(NeuronModel):
    """Stateless square-wave oscillator.

    y = 1 in the first half of each period (t mod period < period // 2, in steps) and 0 in the second; with side = 1
    the halves are exchanged.
    """

    period = parameter(60, "period in steps of the network", low=2)
    side = parameter(0, "0 for the first half, 1 for the second", low=0, high=1)
    equations = """
    y = abs(side - int(t_in_timesteps % period < period // 2)) : 1
    """
    output = "y"


class Signal(NeuronModel):
    """Values that the network receives from outside at each step: an input, a command, a modulator, a sensor.

    y = value, as set by `run(inputs=...)`, `step(inputs)`, `set`, or an external.
    """

    equations = """
    value : 1 (state)
    y = value : 1
    """
    output = "y"
