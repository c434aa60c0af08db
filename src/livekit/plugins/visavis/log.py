"""The plugin's logger, named as LiveKit names its plugins'."""

import logging

logger = logging.getLogger("livekit.plugins.visavis")
