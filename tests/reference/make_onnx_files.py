#!/usr/bin/python3
"""Writes tests/data_files/onnx/*.onnx, small ONNX files as other programs make them, good ones and
bad ones, and tests/data_files/onnx_reference.json, what the good ones answer.

All good ones are the same linear classifier of three classes, wrapped differently. Needs numpy and
onnx (made with 1.24 and 1.12). Run from anywhere.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

DATA = pathlib.Path(__file__).parent.parent / "data_files"
FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8
RNG = np.random.default_rng(6)
WEIGHTS = {pixels: RNG.normal(0, 2, (pixels, 3)).astype(np.float32) for pixels in (4, 12)}
BIAS = np.array([0.5, -0.25, 0], np.float32)


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, values):
    values = np.asarray(values)
    kind = helper.mapping.NP_TYPE_TO_TENSOR_TYPE[values.dtype]
    return helper.make_tensor(name, kind, values.shape, values.tobytes(), raw=True)


def save(name, nodes, inputs, outputs, constants, metadata=None, ml=False, data=None):
    graph = helper.make_graph(nodes, "test", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 13)] + ([helper.make_opsetid("ai.onnx.ml", 2)] if ml else [])
    model = helper.make_model(graph, producer_name="make_onnx_files", opset_imports=opsets)
    model.ir_version = 7
    helper.set_model_props(model, metadata or {})
    if data:
        model.graph.initializer[0].ClearField("raw_data")
        model.graph.initializer[0].data_location = TensorProto.EXTERNAL
        model.graph.initializer[0].external_data.add(key="location", value=data)
    else:
        onnx.checker.check_model(model)
    (DATA / "onnx" / f"{name}.onnx").write_bytes(model.SerializeToString())


def linear(name, kind, shape, factor=1.0, to_last=None, output="logits", softmax=False,
           batch="batch", **options):
    """Flattens the input, in the order of channels last, multiplies it by WEIGHTS and `factor`."""
    pixels = int(np.prod(shape))
    nodes, value = [], "input"
    if kind == BYTE:
        nodes.append(helper.make_node("Cast", [value], ["floats"], to=FLOAT))
        value = "floats"
    if to_last:
        nodes.append(helper.make_node("Transpose", [value], ["last"], perm=to_last))
        value = "last"
    nodes.append(helper.make_node("Reshape", [value, "flat"], ["pixels"]))
    scores = "scores" if softmax else output
    nodes.append(helper.make_node("Gemm", ["pixels", "weights", "bias"], [scores], alpha=factor))
    if softmax:
        nodes.append(helper.make_node("Softmax", [scores], [output], axis=1))
    constants = [constant("weights", WEIGHTS[pixels]), constant("bias", BIAS),
                 constant("flat", np.array([-1, pixels], np.int64))]
    save(name, nodes, [tensor("input", kind, [batch, *shape])], [tensor(output, FLOAT, [batch, 3])],
         constants, **options)


def description(shape, classes):
    """As Thimble writes it (docs/file-formats.md)."""
    data = {"name": "toys", "split": "train", "fingerprint": "0123", "synthetic": False}
    return json.dumps({
        "family": "neural", "name": "toy-net",
        "input": dict(zip(("height", "width", "channels"), shape)), "classes": classes,
        "trained_on": data, "recipe": {"training": {"seed": 3}},
        "metrics": {"test": {"accuracy": 0.5}}, "style": {"kind": "cut_out", "extent": 0.75},
        "temperature": 1.5, "unsure_below": 0.4, "program_version": "0.1.0"})


def maps_type():
    """A sequence of maps from numbers to probabilities, as skl2onnx gives by default."""
    kind = onnx.TypeProto()
    entry = kind.sequence_type.elem_type.map_type
    entry.key_type = TensorProto.INT64
    entry.value_type.tensor_type.elem_type = FLOAT
    return kind


def good():
    names = ["ape", "bee", "cat"]
    linear("exported", BYTE, (2, 2, 1), 1 / 255, softmax=True, output="probabilities",
           metadata={"thimble.classes": json.dumps(names),
                     "thimble.description": description((2, 2, 1), names)})
    linear("channels_first", FLOAT, (3, 2, 2), to_last=(0, 2, 3, 1))
    linear("channels_first_bytes", BYTE, (3, 2, 2), 1 / 255, to_last=(0, 2, 3, 1))
    linear("channels_last", FLOAT, (2, 2, 3), softmax=True,
           metadata={"thimble.classes": json.dumps(names)})
    linear("grey", FLOAT, (2, 2))
    linear("flat", FLOAT, (4,), 1 / 255, metadata={"thimble.input_scale": "1"})
    linear("fixed_batch", FLOAT, (1, 2, 2), batch=3)


def bad():
    x, y = tensor("input", FLOAT, ["batch", 4]), tensor("scores", FLOAT, ["batch", 3])
    weights = constant("weights", WEIGHTS[4])
    product = helper.make_node("MatMul", ["input", "weights"], ["scores"])
    save("two_inputs", [helper.make_node("Add", ["input", "other"], ["sum"]),
                        helper.make_node("MatMul", ["sum", "weights"], ["scores"])],
         [x, tensor("other", FLOAT, ["batch", 4])], [y], [weights])
    save("text", [helper.make_node("LabelEncoder", ["input"], ["scores"], domain="ai.onnx.ml",
                                   keys_strings=["a", "b"], values_floats=[0.0, 1.0])],
         [tensor("input", TensorProto.STRING, ["batch", 4])],
         [tensor("scores", FLOAT, ["batch", 4])], [], ml=True)
    pool = helper.make_node("GlobalAveragePool", ["input"], ["scores"])
    save("any_size", [pool], [tensor("input", FLOAT, ["batch", 3, "height", "width"])],
         [tensor("scores", FLOAT, ["batch", 3, 1, 1])], [])
    save("rank_five", [helper.make_node("Flatten", ["input"], ["scores"])],
         [tensor("input", FLOAT, ["batch", 1, 1, 2, 2])],
         [tensor("scores", FLOAT, ["batch", 4])], [])
    save("not_square", [helper.make_node("Identity", ["input"], ["scores"])],
         [tensor("input", FLOAT, ["batch", 5])], [tensor("scores", FLOAT, ["batch", 5])], [])
    save("maps", [product, helper.make_node("ZipMap", ["scores"], ["output_probability"],
                                            domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2])],
         [x], [helper.make_value_info("output_probability", maps_type())], [weights], ml=True)
    save("labels", [product, helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)],
         [x], [tensor("label", TensorProto.INT64, ["batch"])], [weights])
    save("two_outputs", [product, helper.make_node("Exp", ["scores"], ["others"])], [x],
         [y, tensor("others", FLOAT, ["batch", 3])], [weights])
    save("one_value", [helper.make_node("ReduceSum", ["input", "axes"], ["scores"])], [x],
         [tensor("scores", FLOAT, ["batch", 1])], [constant("axes", np.array([1], np.int64))])
    save("not_finite", [helper.make_node("Log", ["input"], ["scores"])], [x],
         [tensor("scores", FLOAT, ["batch", 4])], [])
    save("elsewhere", [product], [x], [y], [weights], data="weights.bin")
    linear("names", FLOAT, (4,), metadata={"thimble.classes": '["ape", "bee"]'})
    linear("scale", FLOAT, (4,), metadata={"thimble.input_scale": "bright"})


def softmax(scores):
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def answers(pixels):
    pictures = RNG.integers(0, 256, (5, pixels))
    scores = pictures / 255 @ WEIGHTS[pixels].astype(float) + BIAS
    return {"pictures": pictures.ravel().tolist(),
            "probabilities": softmax(scores).round(7).ravel().tolist()}


(DATA / "onnx").mkdir(exist_ok=True)
good()
bad()
(DATA / "onnx_reference.json").write_text(
    json.dumps({"grey": answers(4), "rgb": answers(12)}, indent=1) + "\n")
