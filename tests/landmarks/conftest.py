from pathlib import Path

import pytest
from tests import needs

from visavis import assets
from visavis.landmarks.faces import Landmarker
from visavis.landmarks.networks import Networks
from visavis.settings import load_settings


@pytest.fixture(scope="session")
def networks() -> Networks:
    folder = assets.find("landmarks", load_settings().cache)
    if folder is None:
        needs.missing("assets", "the landmark models are not in the cache: visavis setup")
    return Networks(Path(str(folder)))


@pytest.fixture(scope="session")
def landmarker(networks: Networks) -> Landmarker:
    return Landmarker(networks)
