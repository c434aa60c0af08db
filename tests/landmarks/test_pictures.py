"""Pictures of every kind come out upright, 8-bit, sRGB; what cannot be read is refused in one line."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from visavis.errors import BadInput, NotFound, TooLarge
from visavis.landmarks.pictures import MAX_SIDE, decode_picture, read_picture


def bytes_of(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """Red above, blue below, 100 x 80."""
    picture = np.zeros((80, 100, 3), np.uint8)
    picture[:40, :, 0] = picture[40:, :, 2] = 200
    return Image.fromarray(picture).convert(mode)


def test_exif_rotation_is_undone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise
    rgb = decode_picture(bytes_of(halves(), "JPEG", exif=exif), "a.jpg").rgb
    assert rgb.shape == (100, 80, 3)
    assert rgb[50, 70, 0] > 150
    assert rgb[50, 10, 2] > 150


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "YCbCr"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode in {"CMYK", "YCbCr"} else "PNG"
    rgb = decode_picture(bytes_of(halves(mode), kind), "a").rgb
    assert rgb.shape == (80, 100, 3)
    assert rgb.dtype == np.uint8
    if mode in {"CMYK", "P"}:
        assert abs(int(rgb[10, 10, 0]) - 200) < 12
        assert rgb[10, 10, 2] < 12


def test_cmyk_jpeg() -> None:
    rgb = decode_picture(bytes_of(halves("CMYK"), "JPEG", quality=95), "a.jpg").rgb
    assert rgb[10, 10, 0] > 150 > 60 > rgb[10, 10, 2]


def test_alpha_lies_over_grey_and_is_kept() -> None:
    image = halves("RGBA")
    image.putalpha(Image.fromarray(np.repeat(np.uint8([[255], [0]]), 40, 0).repeat(100, 1)))
    picture = decode_picture(bytes_of(image, "PNG"), "a.png")
    assert picture.alpha is not None
    assert picture.alpha[0, 0] == 255
    assert picture.alpha[-1, 0] == 0
    assert (picture.rgb[-1, 0] == 128).all()
    assert picture.rgb[0, 0, 0] == 200
    assert decode_picture(bytes_of(halves("RGBA"), "PNG"), "a.png").alpha is None


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 100).astype(np.uint16)[None].repeat(80, 0)
    rgb = decode_picture(bytes_of(Image.fromarray(ramp), "PNG"), "a.png").rgb
    assert abs(int(rgb[0, 50, 0]) - 128) < 3
    assert rgb[0, -1, 0] == 255


def test_large_pictures_are_reduced() -> None:
    rgb = decode_picture(bytes_of(Image.new("RGB", (6000, 3000), (9, 99, 199)), "JPEG"), "a.jpg").rgb
    assert max(rgb.shape[:2]) <= MAX_SIDE
    assert abs(rgb.shape[1] / rgb.shape[0] - 2) < 0.01


def bomb() -> bytes:
    """A PNG that claims 60 000 x 60 000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: object) -> None:
    whole = bytes_of(halves(), "PNG")
    with pytest.raises(TooLarge, match="too many pixels"):
        decode_picture(bomb(), "a.png")
    with pytest.raises(BadInput, match="32 x 32"):
        decode_picture(bytes_of(Image.new("RGB", (32, 32)), "PNG"), "a.png")
    for data in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        whole[: len(whole) // 2],
        whole[:40] + bytes(60) + whole[100:],
        b"GIF89a" + bytes(9),
    ):
        with pytest.raises(BadInput) as caught:
            decode_picture(data, "a.png")
        assert "\n" not in str(caught.value)
    from pathlib import Path

    with pytest.raises(NotFound):
        read_picture(Path(str(tmp_path)) / "none.png")


def test_cut_short_anywhere() -> None:
    """No cut or flipped byte of a file raises anything but our own error."""
    rng = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"):
        whole = bytes_of(halves(), kind)
        for _ in range(25):
            data = bytearray(whole[: rng.integers(1, len(whole) + 1)])
            data[rng.integers(len(data))] ^= int(rng.integers(1, 256))
            with contextlib.suppress(BadInput):
                decode_picture(bytes(data), "a")
