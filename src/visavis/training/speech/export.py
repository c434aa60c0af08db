"""`visavis train speech export`: the network as ONNX, built operator by operator, with what it was made from written into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from visavis.motion.mel import FEATURES
from visavis.motion.phone_groups import GROUPS
from visavis.motion.voice_layout import CHANNELS, KINDS, OUTPUTS, PAIR, STACK
from visavis.training.speech.network import LAYERS, VoiceNetwork
from visavis.types import F32


def export(network: VoiceNetwork, path: Path, notes: Mapping[str, str]) -> None:
    """Write `network` to `path`: inputs `stacked` [1, steps, 246] and `state` [2, 1, width]; outputs `said` [1, steps, 126] as
    probabilities and weights, and `state_after`.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = {name: value.detach().numpy().astype(np.float32) for name, value in network.state_dict().items()}
    width = network.width
    made: dict[str, Any] = {}
    nodes: list[Any] = []

    def constant(name: str, value: np.ndarray[Any, Any]) -> str:
        made[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0]

    product = node("MatMul", ["stacked", constant("enter_w", weights["enter.0.weight"].T)], ["enter_product"])
    entered = node("Gelu", [node("Add", [product, constant("enter_b", weights["enter.0.bias"])], ["enter_sum"])], ["entered"])
    heard = node("Transpose", [entered], ["time_first"], perm=[1, 0, 2])
    states = [f"state_{i}" for i in range(LAYERS)]
    node("Split", ["state"], states, axis=0, num_outputs=LAYERS)
    after = []
    for i, state in enumerate(states):
        w, r, b = (constant(f"{kind}_{i}", value) for kind, value in zip("wrb", _gru(weights, i, width), strict=True))
        node("GRU", [heard, w, r, b, "", state], [f"gru_{i}", f"after_{i}"], hidden_size=width, linear_before_reset=1)
        heard = node("Squeeze", [f"gru_{i}", constant(f"direction_{i}", np.array([1], np.int64))], [f"heard_{i}"])
        after.append(f"after_{i}")
    node("Concat", after, ["state_after"], axis=0)
    heard = node("Transpose", [heard], ["stream_first"], perm=[1, 0, 2])
    both = node("Concat", [heard, entered], ["both"], axis=-1)
    product = node("MatMul", [both, constant("say_w", weights["say.weight"].T)], ["say_product"])
    logits = node("Add", [product, constant("say_b", weights["say.bias"])], ["logits"])
    frames = node("Reshape", [logits, constant("frame_shape", np.array([1, -1, OUTPUTS], np.int64))], ["frames"])
    sizes = np.array([len(GROUPS), len(CHANNELS) + 3, len(KINDS)], np.int64)
    node("Split", [frames, constant("sizes", sizes)], ["group_logits", "level_logits", "kind_logits"], axis=-1)
    node("Softmax", ["group_logits"], ["groups"], axis=-1)
    node("Sigmoid", ["level_logits"], ["levels"])
    node("Softmax", ["kind_logits"], ["kinds"], axis=-1)
    node("Concat", ["groups", "levels", "kinds"], ["said"], axis=-1)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "speech to face",
        [value("stacked", TensorProto.FLOAT, [1, "steps", STACK * PAIR * FEATURES]), value("state", TensorProto.FLOAT, [LAYERS, 1, width])],
        [value("said", TensorProto.FLOAT, [1, "frames", OUTPUTS]), value("state_after", TensorProto.FLOAT, [LAYERS, 1, width])],
        list(made.values()),
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], producer_name="visavis", ir_version=9)
    for key, text in notes.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    onnx.checker.check_model(model)
    part = path.with_suffix(".part")
    onnx.save(model, str(part))
    part.replace(path)


def _gru(weights: Mapping[str, F32], layer: int, width: int) -> tuple[F32, F32, F32]:
    """PyTorch's gates (reset, update, new) in ONNX's order (update, reset, new), a direction in front."""
    order = np.concatenate([np.arange(width, 2 * width), np.arange(width), np.arange(2 * width, 3 * width)])
    w, r, wb, rb = (weights[f"listen.{kind}_l{layer}"][order] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return w[None], r[None], np.concatenate([wb, rb])[None]


def load_network(checkpoint: Path) -> tuple[VoiceNetwork, int]:
    """The network of a run, and the step it was saved at."""
    network = VoiceNetwork()
    saved = torch.load(checkpoint, weights_only=True)
    network.load_state_dict(saved["network"])
    return network.eval(), int(saved["step"])
