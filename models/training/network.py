"""The network: EfficientAT's mn04 (a MobileNetV3, 0.4 wide) as trunk, finer in time, own head.

What differs from mn04: 96 of its 128 mel bands (what 16 kHz sampling holds), a level taken off each
window instead of an absolute one, no stride in time in its last stage (a score every 16 frames
instead of 32), pooling over frequency only, and a head for what a hop can sound like.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from models.card import Window
from models.front_end import FrontEnd, band_centres
from models.training.recordings import SOUNDS

PRE_EMPHASIS = 0.97  # of the samples at 32 kHz before mn04's own front end
MN04_RATE_HZ = 32_000
RANGE = 14.0  # of a window, in natural logarithms of power (61 dB)
EMBEDDING = 64  # values a hop
BANDS_STRIDE = 32  # of the trunk, over frequency


class Block(NamedTuple):
    """One inverted residual of mn04, in its numbering."""

    expanded: int
    out: int
    kernel: int
    stride: tuple[int, int]  # frequency, time
    dilation: int  # in time
    squeeze: int  # 0: none
    smooth: bool  # hard swish instead of ReLU


BLOCKS = (
    Block(8, 8, 3, (1, 1), 1, 0, False),
    Block(24, 16, 3, (2, 2), 1, 0, False),
    Block(32, 16, 3, (1, 1), 1, 0, False),
    Block(32, 16, 5, (2, 2), 1, 8, False),
    Block(48, 16, 5, (1, 1), 1, 16, False),
    Block(48, 16, 5, (1, 1), 1, 16, False),
    Block(96, 32, 3, (2, 2), 1, 0, True),
    Block(80, 32, 3, (1, 1), 1, 0, True),
    Block(72, 32, 3, (1, 1), 1, 0, True),
    Block(72, 32, 3, (1, 1), 1, 0, True),
    Block(192, 48, 3, (1, 1), 1, 48, True),
    Block(272, 48, 3, (1, 1), 1, 72, True),
    Block(272, 64, 5, (2, 1), 1, 72, True),  # mn04: stride 2 in time too
    Block(384, 64, 5, (1, 1), 2, 96, True),
    Block(384, 64, 5, (1, 1), 2, 96, True),
)
STEM, TOP, HIDDEN = 8, 384, 512


class Squeeze(nn.Module):
    """Squeeze and excitation: the window's mean decides which channels count."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, squeezed, 1)
        self.up = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, bands, frames] to the same."""
        mean = functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.up(torch.relu(self.down(mean))))


class InvertedResidual(nn.Module):
    """Widen, filter each channel, squeeze, narrow; plus the input where shapes agree."""

    def __init__(self, channels: int, block: Block) -> None:
        super().__init__()
        act = nn.Hardswish if block.smooth else nn.ReLU
        pad = block.kernel // 2
        layers: list[nn.Module] = []
        if block.expanded != channels:
            layers += [nn.Conv2d(channels, block.expanded, 1), act()]
        layers += [
            nn.Conv2d(
                block.expanded,
                block.expanded,
                block.kernel,
                stride=block.stride,
                padding=(pad, pad * block.dilation),
                dilation=(1, block.dilation),
                groups=block.expanded,
            ),
            act(),
        ]
        if block.squeeze:
            layers.append(Squeeze(block.expanded, block.squeeze))
        layers.append(nn.Conv2d(block.expanded, block.out, 1))
        self.layers = nn.Sequential(*layers)
        self.residual = block.stride == (1, 1) and block.out == channels

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, bands, frames] to [n, out, bands / stride, frames / stride]."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class CryNet(nn.Module):
    """Log-mel windows to scores a hop."""

    def __init__(self, front_end: FrontEnd, window: Window) -> None:
        super().__init__()
        self.front_end = front_end
        self.window = window
        self.tilt = nn.Buffer(pre_emphasis_tilt(front_end))
        self.stem = nn.Sequential(nn.Conv2d(1, STEM, 3, stride=2, padding=1), nn.Hardswish())
        channels, blocks = STEM, []
        for block in BLOCKS:
            blocks.append(InvertedResidual(channels, block))
            channels = block.out
        self.blocks = nn.Sequential(*blocks)
        self.top = nn.Sequential(nn.Conv2d(channels, TOP, 1), nn.Hardswish())
        self.pooled = nn.AvgPool2d((front_end.bands // BANDS_STRIDE, 1))
        self.hidden = nn.Sequential(nn.Conv2d(TOP, HIDDEN, 1), nn.Hardswish())
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Conv2d(HIDDEN, EMBEDDING, (1, 3), padding=(0, 1)), nn.Hardswish()
        )
        self.classes = nn.Sequential(nn.Dropout(0.2), nn.Conv2d(EMBEDDING, len(SOUNDS), 1))

    def level(self, log_mel: Tensor) -> Tensor:
        """[n, frames, bands] as the trunk wants it, whatever the gain: [n, 1, bands, frames].

        What lies more than `RANGE` under the window's peak is drowned, as mn04's own floor does;
        then the mean is taken off and the scale is mn04's.
        """
        x = log_mel + self.tilt
        x = torch.log(torch.exp(x - x.amax((1, 2), keepdim=True)) + math.exp(-RANGE))
        x = (x - x.mean((1, 2), keepdim=True)) / 5.0
        return x.transpose(1, 2).unsqueeze(1)

    def embed(self, log_mel: Tensor) -> Tensor:
        """[n, frames, bands] to [n, EMBEDDING, 1, hops], all hops of the window."""
        x = self.top(self.blocks(self.stem(self.level(log_mel))))
        y: Tensor = self.head(self.hidden(self.pooled(x)))
        return y

    def forward(self, log_mel: Tensor) -> Tensor:
        """[n, frames, bands] to logits [n, hops, SOUNDS], all hops of the window."""
        y: Tensor = self.classes(self.embed(log_mel)).squeeze(2).transpose(1, 2)
        return y


class Exported(nn.Module):
    """What listening needs of a network: the given hops' probabilities and embedding."""

    def __init__(self, network: CryNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: Tensor) -> tuple[Tensor, Tensor]:
        """[1, frames, bands] to scores [1, hops, 3] and embedding [1, hops, EMBEDDING]."""
        window = self.network.window
        embedding = self.network.embed(log_mel)
        logits = self.network.classes(embedding).squeeze(2).transpose(1, 2)
        given = slice(window.first_hop, window.first_hop + window.hops)
        kitten, puppy = torch.softmax(logits[:, given], -1)[..., 1:3].unbind(-1)
        scores = torch.stack([1 - kitten - puppy, kitten, puppy], -1)
        return scores, embedding.squeeze(2).transpose(1, 2)[:, given]


def pre_emphasis_tilt(front_end: FrontEnd) -> Tensor:
    """What mn04's pre-emphasis adds to the logarithm of each band's power: [bands]."""
    turn = np.exp(-2j * np.pi * band_centres(front_end) / MN04_RATE_HZ)
    return torch.tensor(np.log(np.abs(1 - PRE_EMPHASIS * turn) ** 2), dtype=torch.float32)


def start_from_mn04(network: CryNet, weights: Path) -> None:
    """Copy mn04's weights (ONNX, batch norm folded) into the trunk and the hidden layer."""
    graph = onnx.load(str(weights)).graph
    order = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    arrays = [
        order[name]
        for node in graph.node
        if node.op_type in ("Conv", "Gemm")
        for name in node.input
        if name in order
    ]
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)][:-2]
    assert len(arrays) >= 2 * len(layers), "these are not mn04's weights"
    with torch.no_grad():
        for i, layer in enumerate(layers):
            assert layer.bias is not None
            for parameter, values in zip(
                (layer.weight, layer.bias), arrays[2 * i : 2 * i + 2], strict=True
            ):
                parameter.copy_(torch.from_numpy(values.copy()).view(parameter.shape))
