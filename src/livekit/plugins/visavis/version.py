"""The plugin's version is the package's: they come in one wheel."""

from visavis import __version__

__all__ = ["__version__"]
