"""Neurons whose input is normalised over a batch of trials."""

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class BatchNormalised(NeuronModel):
    """Batch normalisation: stateless neurons whose input has mean 0 and variance 1 over a batch, on engine 'jax' alone.

    y = (I - m)/sqrt(v + epsilon);  m = share*<I> + (1 - share)*mean, v = share*<(I - <I>)^2> + (1 - share)*variance.
    y output (1), I summed input (1), < > mean over the trials of the batch and over the neurons of a group that follow
    one another, such as the positions of a feature; share of these statistics (1), the rest from the parameters mean
    (1) and variance (1); epsilon (1); group number of neurons in each (1).
    Source: Ioffe, Szegedy 2015, arXiv 1502.03167.
    """

    group = parameter(1, "number of neurons of a group, 0 for one group of all", low=0)
    share = parameter(1.0, "share of the statistics of the batch", low=0.0, high=1.0)
    mean = parameter(0.0, "mean of the input, for a share below 1")
    variance = parameter(1.0, "variance of the input, for a share below 1", low=0.0)
    epsilon = parameter(1e-5, "least variance", low=1e-12)
    equations = """
    y = (I - m)/sqrt(v + epsilon) : 1
    m = share*batch_mean(I, group) + (1 - share)*mean : 1
    v = share*batch_mean((I - batch_mean(I, group))**2, group) + (1 - share)*variance : 1
    I : 1 (input)
    """
    output = "y"
