"""The service's peer: FastAPI, uvicorn and PyTorch, with the same network and the same weights.

    THIMBLE_PEER_MODEL=run/model.safetensors uvicorn --workers 2 fastapi_peer:app

What is good practice is done: the picture is the raw body (no multipart), one thread of PyTorch a
worker, a traced and frozen network in inference mode, pictures decoded and classified right in the
handler (a thread pool costs more than it gives with one core a worker), answers written without
FastAPI's validation. THIMBLE_PEER_DRAFT=1: JPEGs are decoded at an eighth of their size, which
Pillow can do and hardly anybody asks it for.
"""

import io
import json
import os
import struct

import numpy as np
import torch
from fastapi import FastAPI, Request, Response
from PIL import Image

from pytorch_models import keras_cnn


def read_safetensors(path):
    """(tensors by name, metadata) of a model file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        if name.startswith("novelty."):
            continue  # the detector's, some of them not floats
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, metadata


def load_keras_cnn(path):
    """(network, classes) of a model file of the recipe keras-cnn."""
    tensors, metadata = read_safetensors(path)
    network = keras_cnn().eval()
    layers = [layer for layer in network if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))]
    names = sorted({name.split(".")[0] for name in tensors})  # conv1, conv2, dense1, dense2
    with torch.no_grad():
        for name, layer in zip(names, layers, strict=True):
            layer.weight.copy_(tensors[f"{name}.weight"])
            layer.bias.copy_(tensors[f"{name}.bias"])
    return network, json.loads(metadata["thimble.description"])["classes"]


torch.set_num_threads(1)
NETWORK, CLASSES = load_keras_cnn(os.environ["THIMBLE_PEER_MODEL"])
NETWORK = torch.jit.freeze(torch.jit.trace(NETWORK, torch.zeros(1, 1, 28, 28)))
DRAFT = os.environ.get("THIMBLE_PEER_DRAFT") == "1"

app = FastAPI()


@app.post("/v1/classify")
async def classify(request: Request):
    picture = Image.open(io.BytesIO(await request.body()))
    if DRAFT:
        picture.draft("L", (picture.width // 8, picture.height // 8))
    picture = picture.convert("L")
    if picture.size != (28, 28):
        # White around the garment becomes black, as in the data set.
        picture = Image.eval(picture.resize((28, 28), Image.BILINEAR), lambda value: 255 - value)
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32)[None, None] / 255)
    with torch.inference_mode():
        probabilities = torch.softmax(NETWORK(pixels)[0], 0).tolist()
    top = sorted(range(len(CLASSES)), key=probabilities.__getitem__, reverse=True)[:3]
    answer = {"results": [{
        "class": CLASSES[top[0]], "confidence": probabilities[top[0]],
        "top": [{"class": CLASSES[i], "index": i, "probability": probabilities[i]} for i in top]}]}
    return Response(json.dumps(answer), media_type="application/json")
