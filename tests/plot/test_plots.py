"""What each plot draws: the numbers, the units on the axes, and what it refuses."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import Network, plot
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.palette import COLOURS, DIVERGING, PALE, SEQUENTIAL
from neurosim.plot.axes import plain_logarithmic
from neurosim.store import Writer, open_results


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_raster_stacks_populations(simulation):
    axes = plot.raster(simulation)
    spikes = simulation.recordings()
    inputs, cells = axes.lines
    assert np.allclose(inputs.get_xdata(), spikes["input.spikes"].times / ms)
    assert np.array_equal(cells.get_ydata(), spikes["cells.spikes"].ids + 5)
    assert labels(axes) == ("time (ms)", "neuron") and legend(axes) == ["input", "cells"]
    assert axes.get_xlim() == (0, 400) and axes.get_ylim() == (-0.5, 7.5)
    assert [line.get_color() for line in axes.lines] == list(COLOURS[:2])


def test_a_file_is_drawn_as_the_simulation_that_wrote_it(simulation, file):
    with open_results(file) as results:
        for name in ("cells", "cells.v", "drive.w"):
            live, stored = plot.draw(simulation, name), plot.draw(results, name)
            assert labels(live) == labels(stored)
            assert live.get_xlim() == stored.get_xlim() and live.get_ylim() == stored.get_ylim()
        assert sorted(plot.names(results)) == sorted(plot.names(simulation))


def test_plots_draw_on_the_axes_that_they_are_given(simulation):
    figure, row = plt.subplots(1, 2)
    assert plot.raster(simulation, "cells", axes=row[0]) is row[0]
    assert plot.traces(simulation, "cells.v", axes=row[1]) is row[1]
    plot.letters(row)
    assert [axes.get_title(loc="left") for axes in row] == ["A", "B"]
    assert plt.get_fignums() == [figure.number]


def test_logarithmic_axes_of_less_than_two_decades_have_plain_numbers():
    axes = plt.subplots()[1]
    axes.plot([20, 800], [1, 2])
    plain_logarithmic(axes.xaxis)
    axes.figure.canvas.draw()
    shown = [text.get_text() for text in axes.get_xticklabels() if 20 <= text.get_position()[0] <= 800]
    assert axes.get_xscale() == "log" and axes.get_yscale() == "linear"
    assert shown == ["20", "50", "100", "200", "500"]


def test_rates_count_all_spikes(simulation):
    axes = plot.rates(simulation, "cells", width=5 * ms)
    (line,) = axes.lines
    t, rate = line.get_data()
    spikes = len(simulation.recordings()["cells.spikes"].ids)
    assert np.mean(rate) == pytest.approx(spikes / 3 / 0.4, rel=0.05)
    assert labels(axes) == ("time (ms)", "rate (Hz)") and 0 < t[0] < t[-1] < 400


def test_long_times_are_in_seconds(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.write_spikes("cells", [1.0, 2500.0, 2600.0], [0, 1, 1])
    with open_results(tmp_path / "r.h5") as results:
        axes = plot.raster(results)
        assert labels(axes)[0] == "time (s)" and axes.lines[0].get_xdata().tolist() == [0.001, 2.5, 2.6]
        assert labels(plot.intervals(results))[0] == "interval between spikes (ms)"


def test_arrays_over_a_long_time_are_in_seconds(tmp_path):
    with Writer(tmp_path / "long.h5") as writer:
        writer.write("cells.r/r", [[0.5, 1.0], [1.0, 2.0]], ("time", "neuron"), "", "rate")
        writer.write("cells.r/time", [0.0, 5000.0], ("time",), "ms", "time")
    with open_results(tmp_path / "long.h5") as results:
        for draw in (plot.traces, plot.spread, plot.kymograph):
            assert draw(results, "cells.r").get_xlabel() == "time (s)"
        assert np.allclose(plot.traces(results, "cells.r").lines[1].get_xdata(), [0, 5])


def test_intervals_and_their_variation(simulation):
    axes = plot.intervals(simulation, "cells")
    assert labels(axes) == ("interval between spikes (ms)", "density (1/ms)")
    (stairs,) = axes.patches
    density, edges, _ = stairs.get_data()
    assert np.sum(density * np.diff(edges)) == pytest.approx(1.0)
    assert legend(axes)[0].startswith("cells, CV 0.")
    axes = plot.variation(simulation, "cells", "input")
    assert [int(patch.get_data()[0].sum()) for patch in axes.patches] == [3, 5]


def test_traces_have_their_unit_with_a_prefix(simulation):
    axes = plot.traces(simulation, "cells.v")
    v = simulation.recordings()["cells.v"]
    assert labels(axes) == ("time (ms)", "v of cells (mV)") and legend(axes) == [
        "neuron 0",
        "neuron 1",
        "neuron 2",
    ]
    assert np.allclose(axes.lines[1].get_ydata(), v.quantity[:, 1] / mV)
    assert np.allclose(axes.lines[1].get_xdata(), v.times / ms)


def test_many_curves_are_grey_and_unnamed(simulation):
    axes = plot.traces(simulation, "drive.w")
    assert len(axes.lines) == 15 and {line.get_color() for line in axes.lines} == {PALE}
    assert axes.get_legend() is None and labels(axes) == ("time (ms)", "w of drive")


def test_spread_shows_mean_and_band(simulation):
    axes = plot.spread(simulation, "drive.w")
    w = simulation.recordings()["drive.w"].values
    assert np.allclose(axes.lines[0].get_ydata(), w.mean(axis=1)) and legend(axes) == ["drive.w, n = 15"]
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(np.quantile(w, 0.1, axis=1).min())
    assert heights.max() == pytest.approx(np.quantile(w, 0.9, axis=1).max())


def test_kymograph_rows_are_units(simulation):
    axes = plot.kymograph(simulation, "cells.v")
    (image,) = axes.collections
    assert image.get_array().shape == (3, 400) and image.get_cmap().name == SEQUENTIAL
    assert labels(axes) == ("time (ms)", "neuron")
    assert axes.figure.axes[1].get_ylabel() == "v of cells (mV)"


def test_an_image_of_both_signs_is_centred_on_zero(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("walk/x", [[-1.0, 0.5], [0.0, 0.2]], ("time", "joint"), "rad", "angle")
    with open_results(tmp_path / "r.h5") as results:
        (image,) = plot.kymograph(results, "walk/x").collections
    assert image.get_cmap().name == DIVERGING and image.get_clim() == (-1.0, 1.0)


def test_average_around_spikes_shows_the_reset(simulation):
    axes = plot.spike_triggered(simulation, "cells", "cells.v", neuron=1, before=5 * ms, after=5 * ms)
    lags, mean = axes.lines[1].get_data()
    assert lags[0] == -5 and lags[-1] == 5
    # The neuron itself is held at its reset after its spike.
    assert mean[lags == 2] == pytest.approx(-60.0)
    assert labels(axes)[1] == "v of cells (mV)" and "n = " in labels(axes)[0]


def test_weights_as_matrix_and_histogram(simulation):
    axes = plot.weight_matrix(simulation, "drive")
    image = axes.images[0].get_array()
    assert np.allclose(image, simulation.matrix("drive"))
    assert labels(axes) == ("source, input", "target, cells")
    sparse = plot.weight_matrix(simulation, "brake").images[0].get_array()
    assert np.allclose(np.diag(sparse), -2.0) and np.ma.count(np.ma.masked_invalid(sparse)) == 3
    axes = plot.weight_histogram(simulation, "brake")
    assert int(axes.patches[0].get_data()[0].sum()) == 3 and labels(axes) == ("w (mV)", "connections")


def test_histogram_counts_every_number(simulation):
    axes = plot.histogram(simulation, "cells.v")
    assert int(axes.patches[0].get_data()[0].sum()) == 3 * 400
    assert labels(axes) == ("v of cells (mV)", "count")


def test_tuning_shows_mean_and_deviation():
    rates = np.array([[[1.0], [3.0]], [[2.0], [2.0]], [[5.0], [7.0]]])  # 3 stimuli, 2 trials, 1 unit
    axes = plot.tuning(
        [0, 90, 45], rates, stimulus="angle", stimulus_unit="deg", response="rate", response_unit="Hz"
    )
    line, _, (bars,) = axes.containers[0]
    assert line.get_xdata().tolist() == [0, 45, 90] and line.get_ydata().tolist() == [2, 6, 2]
    assert np.ptp(bars.get_segments()[0][:, 1]) == pytest.approx(2 * np.sqrt(2))
    assert labels(axes) == ("angle (deg)", "rate (Hz)")


def test_what_cannot_be_drawn_is_refused_in_one_line(simulation, tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("a/words", ["x", "y"], ("word",))
        writer.write("a/number", 1.0)
        writer.write("a/volume", np.zeros((2, 3, 4)), ("x", "y", "z"))
        writer.write("a/length", [1.0, 2.0], ("word",), "m")
        writer.write("a/mass", [1.0, 2.0], ("word",), "kg")
        writer.write_spikes("once", [1.0], [0])
    with open_results(tmp_path / "r.h5") as results:
        refused = {
            "'a/words' is text": lambda: plot.traces(results, "a/words"),
            "'a/number' is a single number": lambda: plot.draw(results, "a/number"),
            "'a/volume' has 3 axes": lambda: plot.kymograph(results, "a/volume"),
            "have other units": lambda: plot.traces(results, "a/length", "a/mass"),
            "spikes twice": lambda: plot.intervals(results),
            "three intervals": lambda: plot.variation(results),
            "nothing to draw": lambda: plot.traces(results),
            "no present weights": lambda: plot.weight_matrix(results, "drive"),
            "no array 'once' \\(there are spikes": lambda: plot.traces(results, "once"),
            "'once' is spikes, which cannot be drawn as 'traces'": lambda: plot.draw(
                results, "once", "traces"
            ),
            "no spikes of 'a/mass' \\(it is an array": lambda: plot.raster(results, "a/mass"),
        }
        assert plot.names(results) == ["once", "a/length", "a/mass", "a/volume"]
        for message, call in refused.items():
            with pytest.raises((DescriptionError, UnknownNameError), match=message) as caught:
                call()
            assert "\n" not in str(caught.value)
    with pytest.raises(UnknownNameError, match="did you mean 'cells'"):
        plot.raster(simulation, "cell")
    with pytest.raises(UnknownNameError, match="did you mean 'cells.v'"):
        plot.traces(simulation, "cells.u")
    with pytest.raises(DescriptionError, match="holds no recordings"):
        plot.raster(Network("none"))
    with pytest.raises(DescriptionError, match="carry a unit|a unit of its own"):
        plot.tuning([1, 2], np.ones((2, 1)) * Hz)
    with pytest.raises(DescriptionError, match="has no neuron 9"):
        plot.spike_triggered(simulation, "cells", "cells.v", neuron=9)
    with pytest.raises(DescriptionError, match="width"):
        plot.rates(simulation, width=5 * mV)
    with pytest.raises(DescriptionError, match="positive"):
        plot.rates(simulation, start=1 * second)
