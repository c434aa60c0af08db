"""Bones by the names of many tools, who follows the head, what trails behind it, arms that hang."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.engines.rig.characters.nodes import Nodes
from visavis.engines.rig.characters.skeleton import NECK_SHARE, SWING, find_bones, follow_of, hang_arms, turn_between


def chain(*names: str, places: list[tuple[float, float, float]] | None = None) -> Nodes:
    """Each node under the one before it."""
    world = np.tile(np.eye(4), (len(names), 1, 1))
    if places:
        world[:, :3, 3] = places
    return Nodes(names, tuple(range(-1, len(names) - 1)), world, tuple(range(len(names))))


@pytest.mark.parametrize(
    ("neck", "head", "eye"),
    [
        ("mixamorig:Neck", "mixamorig:Head", "mixamorig:LeftEye"),
        ("J_Bip_C_Neck", "J_Bip_C_Head", "J_Adj_L_FaceEye"),
        ("CC_Base_NeckTwist01", "CC_Base_Head", "CC_Base_L_Eye"),
        ("neck_01", "head", "eye_l"),
        ("DEF-neck", "DEF-head", "eye.L"),
        ("Neck_Armature", "head_Armature", "LeftEye"),
        ("Bip01_Neck", "Bip01 Head", "L_eye"),
    ],
)
def test_bones_by_the_names_of_many_tools(neck: str, head: str, eye: str) -> None:
    nodes = chain("Hips", neck, head, eye, "Cape")
    found = find_bones(nodes, None, set(range(5)))
    assert (found.of("neck"), found.of("head")) == (1, 2)
    if "FaceEye" not in eye:
        assert found.of("leftEye") == 3
    assert find_bones(nodes, None, set()).of("head") == -1


def test_the_head_is_followed_the_neck_by_half_and_hair_comes_late() -> None:
    nodes = chain("spine", "neck", "head", "hair1", "hair2", "hair3")
    bones = find_bones(nodes, None, set(range(6)))
    follow, late = follow_of(nodes, bones, (3,))
    assert follow.tolist() == [0, NECK_SHARE, 1, 1, 1, 1]
    assert late[:3].tolist() == [0, 0, 0]
    assert 0 == late[3] < late[4] < late[5] == SWING  # what hangs on the first joint does not swing


def test_arms_hang_by_the_share_that_is_asked_for() -> None:
    nodes = chain("leftUpperArm", "leftLowerArm", "hand", places=[(0.2, 1.4, 0), (0.5, 1.4, 0), (0.7, 1.4, 0)])
    bones = find_bones(nodes, None, {0, 1, 2})
    hung = hang_arms(nodes, bones, 1.0)
    assert hung.place(2)[1] < 1.0
    assert 0.2 < hung.place(2)[0] < 0.4
    np.testing.assert_allclose(np.linalg.norm(hung.place(2) - hung.place(0)), 0.5)
    np.testing.assert_allclose(hang_arms(nodes, bones, 0.0).world, nodes.world)


def test_turns_between_directions() -> None:
    turn = turn_between(np.array([2.0, 0, 0]), np.array([0, 0, 3.0]), 1.0)
    np.testing.assert_allclose(turn @ [1, 0, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn_between(np.array([1.0, 0, 0]), np.array([1.0, 0, 0]), 1.0), np.eye(3))
