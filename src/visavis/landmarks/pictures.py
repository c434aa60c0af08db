"""Pictures from files, upright and in plain 8-bit sRGB, whatever they come as; what cannot be read is refused in one line."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from visavis.errors import BadInput, NotFound, TooLarge
from visavis.types import U8

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES: Final = 64 << 20
MAX_PIXELS: Final = 120_000_000
"""Of the file; more is refused before it is decoded."""
MAX_SIDE: Final = 3072
"""Larger pictures are reduced to this, JPEGs already while they are decoded."""
MIN_SIDE: Final = 64
FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
MEND: Final = "Save it again as JPEG or PNG."


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """rgb uint8 [h, w, 3], sRGB, upright · alpha uint8 [h, w], or None where nothing is transparent."""

    rgb: U8
    alpha: U8 | None = None


def read_picture(path: Path) -> Picture:
    """The first picture of a file (JPEG, PNG, WebP, TIFF, BMP, GIF), turned upright, reduced to `MAX_SIDE`.

    Transparency is laid over mid-grey and kept beside it. Raises NotFound, TooLarge, or BadInput for what is no such picture, is
    damaged or is smaller than `MIN_SIDE`.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise TooLarge(f"{path.name} has {path.stat().st_size >> 20} MiB; a picture may have {MAX_BYTES >> 20}.")
    return decode_picture(path.read_bytes(), path.name)


def decode_picture(data: bytes, name: str) -> Picture:
    """As `read_picture`, from a file's bytes; `name` is for messages."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and of sizes that are bounded here
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image.size, name)
                image.draft("RGB", (MAX_SIDE, MAX_SIDE))
                image.load()
                return _plain(image)
    except UnidentifiedImageError:
        raise BadInput(f"{name} is no picture that can be read.", mend=MEND) from None
    except Image.DecompressionBombError:
        raise TooLarge(f"{name} has too many pixels; at most {MAX_PIXELS // 1_000_000} million are taken.") from None
    except (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError, MemoryError) as error:
        raise BadInput(f"{name} is damaged: {str(error)[:120] or type(error).__name__}.", mend=MEND) from None


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise TooLarge(f"{name} has {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} million are taken.")
    if min(size) < MIN_SIDE:
        raise BadInput(f"{name} has {width} x {height} pixels; each side needs at least {MIN_SIDE}.", mend="Take a larger one.")


def _plain(image: Image) -> Picture:
    from PIL import Image as Pillow
    from PIL import ImageOps

    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if max(image.size) > MAX_SIDE and image.mode not in {"P", "PA", "1"}:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Pillow.Resampling.BOX, reducing_gap=None)
    alpha = None
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
    image = _to_srgb(_eight_bit(image), profile)
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Pillow.Resampling.BOX)
        alpha = None if alpha is None else np.asarray(Pillow.fromarray(alpha).resize(image.size, Pillow.Resampling.BOX))
    rgb = np.array(image, np.uint8)
    if alpha is None or alpha.min() == 255:
        return Picture(rgb)
    share = alpha[..., None].astype(np.float32) / 255
    return Picture((rgb * share + 128 * (1 - share) + 0.5).astype(np.uint8), alpha.copy())


def _eight_bit(image: Image) -> Image:
    """16-bit greys and floats scaled to 8 bits; Pillow alone would clip them. 16-bit colours it has scaled on reading."""
    from PIL import Image as Pillow

    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
    top = 65535.0 if image.mode.startswith("I") else 1.0
    if values.max(initial=0) > top or (image.mode == "F" and values.max(initial=0) > 1):
        top = float(values.max())
    return Pillow.fromarray((values.clip(0, top) * (255 / top) + 0.5).astype(np.uint8))


def _to_srgb(image: Image, profile: Any) -> Image:
    """RGB in sRGB; a profile that cannot be used is left out of account, as viewers do."""
    from PIL import ImageCms

    if profile and image.mode in {"RGB", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
