"""Speech and context to a face over media time."""

from visavis.motion.channels import mouth_opening
from visavis.motion.motion import Motion

__all__ = ["Motion", "mouth_opening"]
