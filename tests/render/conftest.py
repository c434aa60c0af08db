"""One small person for all tests of the renderer and the rig engine."""

import pytest

from visavis.render.mesh import RenderMesh
from visavis.render.prepare import Prepared, prepare
from visavis.testing.person import ball_person


@pytest.fixture(scope="session")
def person() -> RenderMesh:
    return ball_person()


@pytest.fixture(scope="session")
def prepared(person: RenderMesh) -> Prepared:
    return prepare(person)
