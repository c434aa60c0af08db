"""visavis: a face for any voice agent, answering in real time.

Importing this package is free: it loads no torch, aiortc, livekit or numba. Each heavy library stays in its leaf.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("visavis")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
