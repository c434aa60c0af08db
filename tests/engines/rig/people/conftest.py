"""Nova and Milo, modelled (not baked or pruned) once for the tests of their parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pytest
from tests.head_data import canonical_head

from visavis.avatars import BUILT_IN
from visavis.engines.rig.people.build import model_person
from visavis.engines.rig.people.figure import Figure, make_figure
from visavis.engines.rig.people.spec import PersonSpec, read_spec
from visavis.render.mesh import RenderMesh


@dataclass(frozen=True)
class Modelled:
    name: str
    spec: PersonSpec
    figure: Figure
    mesh: RenderMesh


@lru_cache(maxsize=4)
def model(name: str) -> Modelled:
    spec = read_spec(BUILT_IN / name / "person.toml")
    figure = make_figure(canonical_head(), spec)
    return Modelled(name, spec, figure, model_person(figure, spec, lambda _what, _share: None))


@pytest.fixture(params=["nova", "milo"])
def person(request: pytest.FixtureRequest) -> Modelled:
    return model(request.param)
