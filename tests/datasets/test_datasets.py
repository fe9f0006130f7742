"""Data sets: what is in them, their tasks, files that are missing or others, labels out of range."""

import gzip

import numpy as np
import pytest

from neurosim.datasets import (
    CORRUPTIONS,
    DataSet,
    corrupted,
    degraded,
    digits,
    fashion,
    fashion_mnist,
    permuted,
    read_idx,
    rotated,
    swapped,
)
from neurosim.errors import UnknownNameError, UsageError


def test_digits_have_their_published_numbers():
    data = digits()
    assert data.images.shape == (1797, 8, 8) and (data.images.min(), data.images.max()) == (0, 1)
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (data.images[0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    train, test = data.split(1437, seed=0)
    assert (len(train), len(test)) == (1437, 360)
    together = np.concatenate([train.rows, test.rows])
    assert np.array_equal(np.sort(together, axis=0), np.sort(data.rows, axis=0))
    assert train.provenance["changes"] == ["divided by 16", "training part, seed 0"]
    assert train.batch("x")["inputs"]["x"].shape == (1437, 64)


def small():
    images = np.random.default_rng(0).random((4, 5, 5))
    return DataSet("small", images, np.array([0, 1, 2, 1]), 3)


def test_tasks_change_what_they_say_and_nothing_else():
    data = small()
    turned = permuted(data, 3)
    assert np.array_equal(np.sort(turned.rows), np.sort(data.rows)) and not np.array_equal(
        turned.rows, data.rows
    )
    assert np.array_equal(permuted(data, 3).rows, turned.rows) and not np.array_equal(
        permuted(data, 4).rows, turned.rows
    )
    assert np.array_equal(rotated(data, 90).images, np.rot90(data.images, axes=(1, 2)))
    assert np.array_equal(rotated(rotated(data, 180), 180).images, data.images)
    dot = DataSet("dot", np.eye(1, 81, 40).reshape(1, 9, 9), np.array([0]), 1)
    assert rotated(dot, 30).images[0, 4, 4] == pytest.approx(1)
    right = DataSet("right", np.eye(1, 81, 43).reshape(1, 9, 9), np.array([0]), 1)
    found = rotated(right, 89.9).images[0]
    assert np.unravel_index(found.argmax(), found.shape) == (1, 4)  # from the right to the top
    assert swapped(data, (0, 1)).labels.tolist() == [1, 0, 2, 0]
    assert np.array_equal(corrupted(data, "noise", 0.0, 0).images, data.images)
    assert 0.3 < (corrupted(data, "dropped", 0.5, 0).images == 0).mean() < 0.7
    np.testing.assert_allclose(corrupted(data, "contrast", 1.0, 0).images.std((1, 2)), 0, atol=1e-12)
    assert corrupted(data, "blurred", 1.0, 0).images.std() < data.images.std()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_repeats_itself_stays_in_range_and_grows_with_severity_and_scale(name):
    data = digits().some(40, seed=0)

    def deviation(severity, scale=1.0):
        found = degraded(data, name, severity, 3, scale).images
        assert found.shape == data.images.shape and found.min() >= 0 and found.max() <= 1
        assert np.array_equal(found, degraded(data, name, severity, 3, scale).images)
        return np.mean((found - data.images) ** 2)

    assert deviation(1) < deviation(5) < deviation(5, 2.0)


def test_corruptions_are_what_they_say():
    data = DataSet("grey", np.full((500, 8, 8), 0.5), np.zeros(500, int), 1)
    assert degraded(data, "gaussian_noise", 5, 0).images.std() == pytest.approx(0.1, rel=0.05)
    assert degraded(data, "shot_noise", 5, 0).images.std() == pytest.approx((0.5 / 50) ** 0.5, rel=0.05)
    salt = degraded(data, "impulse_noise", 5, 0).images
    assert [(salt == value).mean() for value in (0, 1)] == pytest.approx([0.035, 0.035], abs=0.004)
    np.testing.assert_allclose(degraded(data, "brightness", 3, 0).images, 0.65)
    slope = DataSet("slope", np.tile(np.linspace(0, 1, 8), (1, 8, 1)), np.array([0]), 1)
    np.testing.assert_allclose(degraded(slope, "contrast", 4, 0).images.std(), 0.3 * slope.images.std())
    np.testing.assert_allclose(degraded(slope, "contrast", 4, 0, 2).images.std(), 0.09 * slope.images.std())
    assert np.abs(corrupted(slope, "jpeg", 0.0, 0).images - slope.images).max() < 0.02


def test_idx_files_are_read_and_damage_is_named():
    array = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)
    content = b"\x00\x00\x08\x03" + np.array(array.shape, ">u4").tobytes() + array.tobytes()
    assert np.array_equal(read_idx(content), array)
    for damaged, match in (
        (content[:-1], "11 bytes of data"),
        (content[:8], "truncated"),
        (b"PK\x03", "not an idx"),
    ):
        with pytest.raises(UsageError, match=match):
            read_idx(damaged)


def test_a_data_set_that_is_missing_or_another_is_refused(tmp_path):
    with pytest.raises(
        UsageError, match=r"train-images-idx3-ubyte\.gz is missing: install the Debian package"
    ):
        fashion_mnist(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"\x00\x00\x08\x01\x00\x00\x00\x00"))
    with pytest.raises(
        UsageError, match=r"SHA-256 [0-9a-f]{12}\.\.\., the file that is meant has c59f468a2f67"
    ):
        fashion_mnist(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="is damaged"):
        fashion_mnist(tmp_path)


@pytest.mark.skipif(not fashion.DEBIAN.exists(), reason="needs the Debian package dataset-fashion-mnist")
def test_fashion_mnist_has_its_published_numbers():
    train, test = fashion_mnist()
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert set(np.bincount(train.labels)) == {6000} and set(np.bincount(test.labels)) == {1000}
    assert (train.images.mean(), train.images.std()) == pytest.approx((0.2860, 0.3530), abs=5e-5)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (
            lambda: DataSet("d", np.zeros((2, 1, 1)), np.array([0, 3]), 3),
            UsageError,
            r"label 3 of sample 1 .* 0\.\.2",
        ),
        (
            lambda: DataSet("d", np.zeros((2, 1, 1)), np.array([0.0, 1.0]), 3),
            UsageError,
            "label float64 is not an",
        ),
        (
            lambda: DataSet("d", np.zeros((2, 1, 1)), np.array([0]), 3),
            UsageError,
            "give .samples, height, width.",
        ),
        (lambda: small().split(4, 0), UsageError, "4 of 4 for training"),
        (lambda: small().some(5, 0), UsageError, "5 samples of 4"),
        (lambda: small().scaled(0, 0), UsageError, "deviation = 0"),
        (lambda: swapped(small(), (1, 1)), UsageError, r"classes = \[1, 1\]: give two different"),
        (lambda: swapped(small(), (1, 3)), UsageError, r"in 0\.\.2"),
        (lambda: corrupted(small(), "noisy", 1, 0), UnknownNameError, "did you mean 'noise'"),
        (lambda: corrupted(small(), "dropped", 1.5, 0), UsageError, "amount = 1.5"),
        (lambda: corrupted(small(), "jpeg", float("nan"), 0), UsageError, "amount = nan"),
        (lambda: corrupted(small().scaled(0.5), "shot", 1, 0), UsageError, "'shot' of images outside 0..1"),
        (lambda: degraded(small(), "jpg", 1, 0), UnknownNameError, "corruption 'jpg': did you mean 'jpeg'"),
        (lambda: degraded(small(), "jpeg", 6, 0), UsageError, "severity = 6: must be 1, 2, 3, 4 or 5"),
        (lambda: degraded(small(), "jpeg", 5, 0, 0.5), UsageError, "scale = 0.5"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(make, error, match):
    with pytest.raises(error, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
