"""What viewers that draw by themselves are told of characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.rig.characters.small import plain_character

from visavis.engines.rig.characters.assemble import assemble
from visavis.engines.rig.characters.build import read_character
from visavis.engines.rig.characters.mapping import CharacterFile
from visavis.engines.rig.export import export_model
from visavis.errors import BadInput
from visavis.render.prepare import prepare


def test_a_character_is_refused_to_viewers_in_words(tmp_path: Path) -> None:
    mesh, _ = assemble(read_character(plain_character().write(tmp_path / "a.glb")), CharacterFile())
    with pytest.raises(BadInput, match="by the server alone"):
        export_model(prepare(mesh))
