"""From a trained network to the two files that are shipped: the ONNX graph and its card."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import onnx
import torch

from models.card import Card
from models.cry_model import EMBEDDING, INPUT, SCORES
from models.training.network import CryNet, Exported


def write_weights(network: CryNet, card: Card, path: Path) -> str:
    """Write the graph with fixed shapes; return its sha256."""
    example = torch.zeros(1, card.window.frames, card.front_end.bands)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # the older exporter needs no onnxscript
        torch.onnx.export(
            Exported(network).eval(),
            (example,),
            str(path),
            input_names=[INPUT],
            output_names=[SCORES, EMBEDDING],
            opset_version=18,
            dynamo=False,
        )
    graph = onnx.load(str(path))
    for item in graph.graph.node:
        item.doc_string = ""
        item.name = ""
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, str(path))
    return hashlib.sha256(path.read_bytes()).hexdigest()
