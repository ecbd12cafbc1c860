"""Fine-tuning: chunks of fresh mixtures, one pass each, a moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import swa_utils
from tqdm import tqdm

from models.card import Window
from models.front_end import FrontEnd
from models.training.mixtures import Mixer
from models.training.network import CryNet
from models.training.windows import Labels, Windows, make_windows

CONTEXT_WEIGHT = 0.4  # of the hops that a window does not give out
KINDS_WEIGHT = 0.3  # of telling the other sounds apart


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn."""

    chunks: int = 20
    mixtures: int = 256  # a chunk
    batch: int = 64  # windows
    trunk_rate: float = 3e-4
    head_rate: float = 1.5e-3
    warm_up: float = 0.03  # of the steps
    decay: float = 0.01  # of the weights
    average: float = 0.998  # of the moving average, a step
    seed: int = 1


Parts = dict[str, nn.Module | torch.optim.Optimizer]


def fit(network: CryNet, mixer: Mixer, plan: Plan, work: Path) -> CryNet:
    """Train, from the last checkpoint in `work` where there is one; return the averaged network."""
    average = swa_utils.AveragedModel(network, avg_fn=moving_average(plan.average))
    optimiser = torch.optim.AdamW(groups(network, plan), weight_decay=plan.decay)
    parts: Parts = {"network": network, "average": average, "optimiser": optimiser}
    checkpoint = work / "checkpoint.pt"
    first = restore(checkpoint, parts)
    chunks = read_ahead(network, mixer, plan, first)
    progress = tqdm(chunks, initial=first, total=plan.chunks, unit="chunk", mininterval=10)
    for number, (windows, labels) in enumerate(progress, first):
        torch.manual_seed(plan.seed * 1_000_003 + number)  # so that a resumed run is the same run
        network.train()
        losses = []
        x, y = torch.from_numpy(windows), torch.from_numpy(labels).long()
        order = torch.randperm(len(x))
        for start in range(0, len(x), plan.batch):
            batch = order[start : start + plan.batch]
            done = (number + start / len(x)) / plan.chunks
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * schedule(done, plan.warm_up)
            loss = loss_of(network(x[batch]), y[batch], network.window)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            average.update_parameters(network)
            losses.append(loss.item())
        progress.set_postfix(loss=f"{sum(losses) / len(losses):.4f}")
        if number % 5 == 4 or number == plan.chunks - 1:
            save(checkpoint, parts, number + 1)
    averaged = average.module
    assert isinstance(averaged, CryNet)
    return averaged.eval()


def moving_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """How the average takes in new weights."""

    def update(average: Tensor, new: Tensor, _: Tensor | int) -> Tensor:
        return average.lerp(new, 1 - decay)

    return update


def groups(network: CryNet, plan: Plan) -> list[dict[str, object]]:
    """The trunk learns slowly, the head fast."""
    head = [*network.head.parameters(), *network.classes.parameters()]
    known = {id(p) for p in head}
    trunk = [p for p in network.parameters() if id(p) not in known]
    return [
        {"params": trunk, "peak": plan.trunk_rate, "lr": plan.trunk_rate},
        {"params": head, "peak": plan.head_rate, "lr": plan.head_rate},
    ]


def schedule(done: float, warm_up: float) -> float:
    """Share of the peak rate: a short rise, then half a cosine to nearly nothing."""
    if done < warm_up:
        return done / warm_up
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def loss_of(logits: Tensor, labels: Tensor, window: Window) -> Tensor:
    """Cross-entropy over the hops that are not open; those given out count most.

    What counts is other, kitten or puppy; to tell the others apart is learned beside it.
    logits: [n, hops, SOUNDS]; labels: [n, hops], places in SOUNDS, -1 open.
    """
    weight = torch.full(labels.shape, CONTEXT_WEIGHT)
    weight[:, window.first_hop : window.first_hop + window.hops] = 1.0
    weight = weight * (labels >= 0)
    cry = (labels == 1) | (labels == 2)
    merged = torch.stack(
        [
            torch.cat([logits[..., :1], logits[..., 3:]], -1).logsumexp(-1),
            *logits[..., 1:3].unbind(-1),
        ],
        -1,
    )
    counts = labels.where(cry | (labels < 0), torch.zeros_like(labels))
    each = cross_entropy(merged, counts) + KINDS_WEIGHT * cross_entropy(logits, labels)
    return (each * weight).sum() / weight.sum()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """[n, hops, classes] and [n, hops] to [n, hops]; 0 where a label is -1."""
    return functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=-1, reduction="none"
    ).view(labels.shape)


def read_ahead(
    network: CryNet, mixer: Mixer, plan: Plan, first: int
) -> Iterator[tuple[Windows, Labels]]:
    """The chunks from `first` on, each made in another process while the last one is learned."""

    def order(pool: ProcessPoolExecutor, number: int) -> Future[tuple[Windows, Labels]]:
        seed = (plan.seed, number)
        return pool.submit(_work, network.front_end, network.window, seed, plan.mixtures)

    with ProcessPoolExecutor(1, get_context("spawn"), _begin, (mixer,)) as pool:
        waiting = order(pool, first)
        for number in range(first, plan.chunks):
            chunk = waiting.result()
            if number + 1 < plan.chunks:
                waiting = order(pool, number + 1)
            yield chunk


_worker: list[Mixer] = []  # the worker process's own mixer, given to it once at its start


def _begin(mixer: Mixer) -> None:
    _worker.append(mixer)


def _work(
    front_end: FrontEnd, window: Window, seed: tuple[int, ...], mixtures: int
) -> tuple[Windows, Labels]:
    return make_windows(_worker[0], front_end, window, seed, mixtures)


def save(path: Path, parts: Parts, done: int) -> None:
    """Write a checkpoint whole or not at all."""
    part = path.with_suffix(".part")
    torch.save({"done": done, **{name: p.state_dict() for name, p in parts.items()}}, part)
    part.replace(path)


def restore(path: Path, parts: Parts) -> int:
    """Read a checkpoint back where there is one; return the number of chunks done."""
    if not path.exists():
        return 0
    stored = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    return int(stored["done"])
