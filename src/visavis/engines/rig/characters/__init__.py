"""Characters for the rig engine: a glTF 2.0 or VRM file in a bundle becomes a `RenderMesh`, built once and kept in the cache."""
