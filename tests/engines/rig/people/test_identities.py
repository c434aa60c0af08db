"""New people: from a seed and a few choices to a description that holds, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.head_data import canonical_head

from visavis.engines.rig.people.figure import make_figure
from visavis.engines.rig.people.identities import HeadChoice, choice_of, make_person, person_of, voice_of
from visavis.engines.rig.people.spec import read_spec
from visavis.errors import BadInput


@pytest.mark.parametrize("seed", range(40))
def test_any_seed_describes_a_person_of_known_targets(seed: int) -> None:
    spec = person_of(HeadChoice(seed=seed))
    assert set(spec.identity) <= set(canonical_head().identity.names)
    macro = {kind: sum(w for n, w in spec.identity.items() if n.startswith("macrodetails/") and ("universal" in n) is kind)
             for kind in (True, False)}  # fmt: skip
    assert macro[True] == pytest.approx(1, abs=0.02)
    assert macro[False] == pytest.approx(1, abs=0.02)
    for colour in (spec.skin.albedo, spec.skin.lips, spec.hair.colour, spec.eyes.iris):
        assert all(0 < c < 1 for c in colour)
    assert spec.skin.albedo[0] > spec.skin.albedo[1] > spec.skin.albedo[2]
    assert spec.skin.lips[0] > spec.skin.lips[1]


def test_the_same_choice_is_the_same_person_and_another_seed_another() -> None:
    one, same, other = (person_of(HeadChoice(seed=s, age=40)) for s in (3, 3, 4))
    assert one == same
    assert one.identity != other.identity


def test_a_choice_changes_what_it_names_and_little_else() -> None:
    plain, old = person_of(HeadChoice(seed=3, age=25, grey=0)), person_of(HeadChoice(seed=3, age=75, grey=0))
    assert old.skin.lines > plain.skin.lines
    assert old.identity["macrodetails/universal-female-old-averagemuscle-averageweight"] > 0 or old.identity
    assert old.hair.style == plain.hair.style
    assert old.eyes.iris == plain.eyes.iris
    assert old.garment == plain.garment


def test_the_shapes_of_figures_stay_near_people() -> None:
    """Eyes about five centimetres apart, as the built-in people's, and as far from the top of the head as twice that."""
    head = canonical_head()
    for seed in range(6):
        figure = make_figure(head, person_of(HeadChoice(seed=seed, variety=1.0)))
        assert 0.043 < figure.joints.eyes.apart_m < 0.065
        assert 1.6 < figure.skin[:, 1].max() / figure.joints.eyes.apart_m < 2.6


def test_the_written_description_is_read_as_it_was_made(tmp_path: Path) -> None:
    choice = HeadChoice(seed=7, age=60, woman=1)
    assert read_spec(tmp_path / make_person(choice, tmp_path)) == person_of(choice)
    assert voice_of(choice)["variant"].startswith("f")
    assert voice_of(HeadChoice(seed=7, woman=0))["variant"].startswith("m")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"age": "17"}, "age"),
        ({"age": "old"}, "age"),
        ({"seed": "-1"}, "seed"),
        ({"woman": 2}, "woman"),
        ({"eyes": "red"}, "eyes"),
        ({"skin": float("nan")}, "skin"),
        ({"wings": 1}, "wings: Extra inputs.*Known: seed, age"),
    ],
)
def test_what_cannot_be_chosen_is_told(values: dict, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        choice_of(values)
    assert choice_of({"seed": "5", "age": "40", "woman": "0.5"}).age == 40
