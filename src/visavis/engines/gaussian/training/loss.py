"""The loss that training follows, and the figures it is reported by."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from visavis.engines.gaussian.training.kernels import loss_gradient, similar
from visavis.types import F32

SSIM_SHARE: Final = 0.2
"""The loss is (1 - share) * L1 + share * (1 - SSIM), after 3DGS."""
WINDOW: Final = (7, 7)


def loss_and_gradient(picture: F32, target: F32) -> tuple[float, F32]:
    """Mean loss, and float32 [h, w, 3]: its gradient on the picture times the number of values, so that the size changes no rates."""

    def box(plane: F32) -> F32:
        return np.asarray(cv2.blur(plane, WINDOW, borderType=cv2.BORDER_REFLECT_101))

    means = [box(p).ravel() for p in (picture, target, picture * picture, target * target, picture * target)]
    slopes = [np.empty(picture.size, np.float32) for _ in range(3)]
    ssim = similar(*means, *slopes)
    spread = [box(s.reshape(picture.shape)) for s in slopes]
    out = np.empty_like(picture)
    apart = loss_gradient(picture, target, *spread, np.float32(1), np.float32(SSIM_SHARE), out)
    return float((1 - SSIM_SHARE) * apart + SSIM_SHARE * (1 - ssim)), out


def psnr(picture: F32, target: F32) -> float:
    """dB, of values 0 to 1, the picture clipped to them."""
    error = float(np.mean((np.clip(picture, 0, 1) - target) ** 2))
    return float(-10 * np.log10(max(error, 1e-12)))


def ssim(picture: F32, target: F32) -> float:
    """Structural similarity (Wang et al., 2004) with its Gaussian window of 11 pixels."""

    def window(plane: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT_101))

    x = np.clip(picture, 0, 1).astype(np.float32)
    means = [window(p).ravel() for p in (x, target, x * x, target * target, x * target)]
    return float(similar(*means, *(np.empty(x.size, np.float32) for _ in range(3))))
