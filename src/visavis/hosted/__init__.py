"""Faces drawn in other people's clouds, behind one call, one options object and one error tree.

`start_avatar` starts Tavus, Simli, Anam, Beyond Presence or bitHuman through the official livekit plugins, or hands an engine's
name back to its caller; a list of names is a list of fallbacks.
"""
