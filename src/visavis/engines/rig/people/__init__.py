"""People for the rig engine: a small spec in a bundle becomes a `RenderMesh`, built once and kept in the cache."""

from __future__ import annotations

from visavis.engines.rig.people.store import load_person, mesh_path

__all__ = ["load_person", "mesh_path"]
