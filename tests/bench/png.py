"""Pictures without a picture library: grey or coloured arrays to PNG, and sound to spectrograms."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # [rows, columns, 3]


def write_png(path: Path, picture: Picture) -> None:
    """Write a picture as PNG (ISO/IEC 15948: 8 bits, RGB, no filter)."""
    rows, columns, _ = picture.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), picture.reshape(rows, -1)], axis=1)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    with path.open("wb") as handle:
        handle.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            check = zlib.crc32(kind + data)
            handle.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))


def spectrogram(
    samples: NDArray[np.float32], rate_hz: int, top_hz: float, rows: int, columns: int
) -> Picture:
    """Power over time (columns) and frequency (rows, 0 Hz below), 60 dB from white to black."""
    size = 1024
    step = max(1, (len(samples) - size) // columns)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::step][:columns]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(size).astype(np.float32))))
    decibels = 10 * np.log10(power + 1e-12)[:, : int(top_hz / rate_hz * size)]  # [columns, bins]
    floor = float(np.quantile(decibels, 0.5)) - 5.0
    grey = 255 - np.clip((decibels - floor) / 60.0 * 255.0, 0, 255)
    at = np.linspace(0, grey.shape[1] - 1, rows).round().astype(int)[::-1]
    out: Picture = np.repeat(grey.T[at].astype(np.uint8)[:, :, None], 3, axis=2)
    return np.pad(out, ((0, 0), (0, columns - out.shape[1]), (0, 0)), constant_values=255)
