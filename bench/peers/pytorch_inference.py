#!/usr/bin/env python3
"""Times one of the peers' networks at prediction: pictures as float tensors in, probabilities out.

plain: NCHW, in inference mode, as people write it. eager: channels-last. traced: the same traced,
frozen and, in fp32, optimised for inference by torch.jit. compiled: torch.compile with frozen
weights, which chooses its layouts itself, one compilation for each size of batch. bf16 converts the
pictures within the time.
"""

import warnings

import torch

from prediction import measure, parse
from pytorch_models import MODELS, read_pictures

MODES = ("plain", "eager", "traced", "compiled")
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def traced(model, example):
    """optimize_for_inference knows fp32 only."""
    frozen = torch.jit.freeze(torch.jit.trace(model, example))
    return torch.jit.optimize_for_inference(frozen) if example.dtype == torch.float32 else frozen


def compiled(model):
    import torch._inductor.config

    torch._inductor.config.freezing = True
    return torch.compile(model, dynamic=False)


def make_predict(options, example):
    """A function from float32 pictures to probabilities."""
    precision = PRECISIONS[options.precision]
    model = MODELS[options.model]().eval().to(precision)
    layout = torch.preserve_format
    if options.mode in ("eager", "traced"):
        layout = torch.channels_last
        model = model.to(memory_format=layout)
    if options.mode == "traced":
        model = traced(model, example.to(precision, memory_format=layout))
    if options.mode == "compiled":
        model = compiled(model)

    def predict(pictures):
        logits = model(pictures.to(precision, memory_format=layout))
        return torch.softmax(logits.float(), 1)

    return predict


def main():
    options = parse(__doc__, model={"choices": list(MODELS), "default": "keras-cnn"},
                    mode={"choices": MODES, "default": "plain"},
                    precision={"choices": list(PRECISIONS), "default": "fp32"})
    warnings.filterwarnings("ignore")  # torch.jit's of its age
    torch.set_num_threads(options.threads)
    pictures = read_pictures(options.data, "t10k")[0][:options.limit]
    with torch.inference_mode():
        predict = make_predict(options, pictures[:4])
        measure(predict, pictures, options, version=torch.__version__)


if __name__ == "__main__":
    main()
