"""Admission by measured cost, with detail given up before anybody is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import Busy
from visavis.session.capacity import Capacity, Cost, MotionCost, measure_costs, measure_motion_cost, usable_cores
from visavis.testing.engine import PlainEngine

COSTS = [Cost(9.0, 3.0), Cost(7.0, 3.0), Cost(5.0, 3.0)]


def test_capacity_is_found_from_the_cost() -> None:
    assert Capacity(COSTS[:1], fps=25, cores=2).limit == 3
    assert Capacity(COSTS[:1], fps=25, cores=2, at_most=1).limit == 1
    assert Capacity([Cost(500.0, 3.0)], fps=25, cores=2).limit == 1


def test_less_detail_holds_more() -> None:
    capacity = Capacity(COSTS, fps=25, cores=2)
    assert capacity.limit == 4
    assert [capacity.level_for(count) for count in (1, 3, 4, 9)] == [0, 0, 1, 2]
    capacity.admit(3)
    with pytest.raises(Busy, match="holds 4 sessions"):
        capacity.admit(4)


def test_every_level_is_measured_once_and_closed() -> None:
    made: list[PlainEngine] = []

    def engine_at(level: int) -> PlainEngine:
        made.append(PlainEngine(64, 64))
        made[-1].drawn_share = max(0.5, 1.0 - 0.25 * level)
        return made[-1]

    costs = measure_costs(engine_at, fps=30)
    assert len(costs) == 3
    assert [engine.drawn > 0 for engine in made] == [True, True, True, False]
    assert all(engine.closed for engine in made)


def test_sessions_that_viewers_draw_take_their_own_smaller_share() -> None:
    capacity = Capacity(COSTS, fps=25, motion=MotionCost(0.25), cores=2)
    assert (capacity.limit, capacity.viewer_limit) == (4, 20)
    assert capacity.room(0, 0, by_viewer=True) == 20
    assert capacity.room(2, 5, by_viewer=False) == 1
    assert capacity.room(2, 5, by_viewer=True) == 5
    capacity.admit(0, 19, by_viewer=True)
    with pytest.raises(Busy, match=r"holds 4 sessions .* or 20 whose picture the viewer draws; 20 are running"):
        capacity.admit(0, 20, by_viewer=True)
    with pytest.raises(Busy):
        capacity.admit(0, 16)
    assert Capacity(COSTS, fps=25, motion=MotionCost(0.25), cores=2, at_most=6).viewer_limit == 6


def test_one_loop_holds_them_however_many_cores_there_are() -> None:
    few, many = (Capacity(COSTS, fps=25, motion=MotionCost(0.25), cores=cores).viewer_limit for cores in (2, 8))
    assert few == many == 20


def test_the_cost_of_motion_is_measured() -> None:
    cost = measure_motion_cost()
    assert 0.01 < cost.frame_core_ms < 20
    assert cost.session_cores > cost.loop_cores > 0.025


@pytest.mark.parametrize(
    ("said", "cores"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None), ("9000000 100000", None)]
)
def test_a_containers_cpu_limit_counts(tmp_path: Path, said: str, cores: int | None) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(said)
    assert usable_cores(quota) == (cores or usable_cores(tmp_path / "none"))
