"""One small person for the engine's tests."""

import pytest

from visavis.render.prepare import Prepared, prepare
from visavis.testing.person import ball_person


@pytest.fixture(scope="session")
def ball() -> Prepared:
    return prepare(ball_person())
