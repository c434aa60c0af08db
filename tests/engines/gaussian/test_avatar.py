"""A Gaussian person on the disk: what is kept, how exactly, and what is refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from visavis.engines.gaussian.avatar import GaussianAvatar, load, quantised, save
from visavis.errors import BadInput
from visavis.splats.formats import read_splats, write_splats


def test_a_person_is_kept_within_its_steps(tmp_path: Path, person: GaussianAvatar) -> None:
    save(person, tmp_path / "a.npz")
    found = load(tmp_path / "a.npz")
    for name in ("parents", "layers", "rows", "bases", "mix", "ranges", "look_at", "background", "base_scales"):
        assert np.array_equal(getattr(found, name), getattr(person, name)), name
    assert np.abs(found.opacities - person.opacities).max() <= 0.5 / 255 + 1e-6
    assert np.abs(found.colours - person.colours).max() < 5e-4
    assert np.abs(found.sh - person.sh).max() <= 0.5 / 256 + 1e-6
    assert np.abs(found.log_scales - person.log_scales).max() < 3e-3
    assert np.array_equal(found.driver.shape_indices, person.driver.shape_indices)
    assert np.abs(found.driver.shape_deltas - person.driver.shape_deltas).max() < 1e-6
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_bases_lose_little(person: GaussianAvatar) -> None:
    values = np.random.default_rng(0).normal(0, 0.02, (500, 4, 9)).astype(np.float32)
    whole, scale = quantised(values)
    back = whole.astype(np.float32) * scale
    assert np.quantile(np.abs(back - values), 0.995) <= scale.max()


def test_the_first_splats_are_a_person_too(person: GaussianAvatar) -> None:
    some = person.taken(np.arange(100))
    some.validate()
    assert len(some) == 100
    number = {int(r): i for i, r in enumerate(person.rows)}
    for at, row in enumerate(some.rows):
        assert np.array_equal(some.bases[at], person.bases[number[int(row)]])


def test_a_person_at_rest_goes_to_other_programs(tmp_path: Path, person: GaussianAvatar) -> None:
    write_splats(person.at_rest(), tmp_path / "a.ply")
    found = read_splats(tmp_path / "a.ply")
    assert len(found) == len(person)
    assert np.abs(found.positions).max() < 0.3


@pytest.mark.parametrize(
    "change",
    [
        {"parents": lambda a: a.parents + 10**6}, {"layers": lambda a: a.layers + 9}, {"rows": lambda a: a.rows + len(a)},
        {"places": lambda a: a.places * np.float32(np.nan)}, {"log_scales": lambda a: a.log_scales + 99},
        {"bases": lambda a: a.bases[:, :1]}, {"mix": lambda a: a.mix[:, :9]}, {"ranges": lambda a: a.ranges[:4]},
        {"distance_m": lambda a: -1.0}, {"opacities": lambda a: a.opacities + 1}, {"mix": lambda a: a.mix + 1e9},
        {"driver": lambda a: dataclasses.replace(a.driver, points=a.driver.points * 1e6)}, {"opacities": lambda a: a.opacities[:4]},
    ],
)  # fmt: skip
def test_a_person_that_does_not_hold_together(tmp_path: Path, person: GaussianAvatar, change: dict) -> None:
    bad = dataclasses.replace(person, **{name: make(person) for name, make in change.items()})
    with pytest.raises(BadInput):
        save(bad, tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_person(tmp_path: Path, person: GaussianAvatar) -> None:
    save(person, tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    for data in (b"", whole[:2000], whole[:-40], b"PK" + whole[2:9]):
        (tmp_path / "b.npz").write_bytes(data)
        with pytest.raises(BadInput):
            load(tmp_path / "b.npz")
    arrays = dict(np.load(tmp_path / "a.npz"))
    for name, value in {"turns": arrays["turns"][:, :3], "format": np.int64(9), "shape_steps": arrays["shape_steps"] + 9,
                        "framing": np.zeros(3, np.float32), "places": arrays["places"].astype(np.float64)}.items():  # fmt: skip
        np.savez(tmp_path / "b.npz", **{**arrays, name: value})
        with pytest.raises(BadInput):
            load(tmp_path / "b.npz")
