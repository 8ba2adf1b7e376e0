#!/usr/bin/env python3
"""Writes the PyTorch values that tests/nn compares Thimble with.

    python3 tests/reference/make_nn_reference.py [FOLDER]     (default: tests/data_files)

Needs PyTorch (made with 1.13) and numpy. Everything is computed in float64 from inputs that are
exact in float32 (most of them in bfloat16 too); the same PyTorch version gives the same files.

Five files, each an object of named cases:

    nn_layers.json, nn_networks.json    {case: {layers, mode, tensors}}
        mode      "train" or "eval" (batch norm, nothing else differs)
        layers    in order of execution, each {name, kind, inputs, options}; `inputs` are names of
                  earlier layers or "input"; the last layer's output is the case's
        kinds     conv2d {in_channels, out_channels, kernel [h, w], stride [h, w],
                  padding [h, w], groups, bias}; dense {in_features, out_features, bias};
                  batch_norm {channels, momentum, epsilon}; max_pool and avg_pool {kernel, stride,
                  padding} (avg_pool does not count padding); global_max_pool, global_avg_pool,
                  relu, gelu (with erf), flatten, add {}
        tensors   "input" and "output"; "output_gradient" (given) and "input_gradient";
                  per layer L with parameters "L.weight", "L.bias" and their gradients
                  "L.weight_gradient", "L.bias_gradient"; batch norm also "L.running_mean",
                  "L.running_var" before and "L.running_mean_after", "L.running_var_after"
        layout    NCHW; convolution weights [out, in / groups, h, w]; dense weights [out, in];
                  global pools give [n, c, 1, 1]; flatten keeps the order c, h, w
    nn_loss.json                        {case: {options: {label_smoothing}, tensors}}
        tensors   "logits" [n, classes], "labels" [n], "class_weights" [classes] where used,
                  "loss" [1], "gradient" [n, classes]
    nn_optimizers.json                  {case: {options, tensors}}
        options   named as in nn/optimizer.hpp
        tensors   "weights" [size], "gradients" [steps, size], "decays" [size], "learning_rates"
                  [steps], "trajectory" [steps, size]: the weights after each step; with clipping
                  "clipped" [steps, size]: the gradients that the rule saw
    nn_schedules.json                   {case: {options, tensors}}
        options   named as in nn/schedule.hpp, and `epochs`
        tensors   "fractions" [epochs]: learning rate / peak during each epoch; reduce-on-plateau
                  also "losses" [epochs]: told at the end of each epoch

A tensor is {shape, values}, row-major; with "scale" the values are integers to be multiplied by it.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


# ---- tensors -------------------------------------------------------------------------------------


def given(values, scale):
    """A given tensor: integers times a power of two, so exact in float32."""
    integers = np.rint(np.asarray(values)).astype(np.int64)
    return torch.tensor(integers * scale), {
        "shape": list(integers.shape),
        "scale": scale,
        "values": integers.ravel().tolist(),
    }


def result(tensor):
    array = tensor.detach().numpy() if torch.is_tensor(tensor) else np.asarray(tensor)
    return {"shape": list(array.shape), "values": [float(f"{v:.9g}") for v in array.ravel()]}


def normal(random, shape, scale, deviation=1.0, limit=255):
    """Normal values on a grid; at most 8 significant bits, so exact in bfloat16."""
    integers = np.clip(np.rint(random.normal(0, deviation, shape) / scale), -limit, limit)
    return given(integers, scale)


def distinct(random, shape, scale):
    """All values differ, so that every maximum is unique; none is 0."""
    size = int(np.prod(shape))
    integers = random.permutation(size) - size // 2
    integers[integers >= 0] += 1
    return given(integers.reshape(shape), scale)


# ---- layers --------------------------------------------------------------------------------------


def layer(name, kind, inputs=None, **options):
    return {"name": name, "kind": kind, "inputs": inputs, "options": options}


def conv(name, in_channels, out_channels, kernel, stride=(1, 1), padding=(0, 0), groups=1,
         bias=True, inputs=None):
    return layer(name, "conv2d", inputs, in_channels=in_channels, out_channels=out_channels,
                 kernel=list(kernel), stride=list(stride), padding=list(padding), groups=groups,
                 bias=bias)


def dense(name, in_features, out_features, bias=True, inputs=None):
    return layer(name, "dense", inputs, in_features=in_features, out_features=out_features,
                 bias=bias)


def batch_norm(name, channels, inputs=None):
    return layer(name, "batch_norm", inputs, channels=channels, momentum=0.1, epsilon=1e-5)


def pool(name, kind, kernel, stride, padding=(0, 0), inputs=None):
    return layer(name, kind, inputs, kernel=list(kernel), stride=list(stride),
                 padding=list(padding))


def parameter_values(random, spec):
    """Given parameters of a layer: name -> (tensor, its JSON)."""
    o = spec["options"]
    name = spec["name"]
    values = {}
    if spec["kind"] == "conv2d":
        shape = (o["out_channels"], o["in_channels"] // o["groups"], *o["kernel"])
        values[f"{name}.weight"] = normal(random, shape, 2**-7, 0.5)
        if o["bias"]:
            values[f"{name}.bias"] = normal(random, o["out_channels"], 2**-7, 0.5)
    elif spec["kind"] == "dense":
        values[f"{name}.weight"] = normal(random, (o["out_features"], o["in_features"]), 2**-7, 0.5)
        if o["bias"]:
            values[f"{name}.bias"] = normal(random, o["out_features"], 2**-7, 0.5)
    elif spec["kind"] == "batch_norm":
        c = o["channels"]
        values[f"{name}.weight"] = given(128 + random.integers(-64, 65, c), 2**-7)
        values[f"{name}.bias"] = normal(random, c, 2**-7, 0.5)
        values[f"{name}.running_mean"] = normal(random, c, 2**-7, 0.5)
        values[f"{name}.running_var"] = given(128 + random.integers(-64, 65, c), 2**-7)
    return values


def apply(spec, inputs, p, mode, tensors, margins):
    """Output of one layer; `margins` collects how near ReLU and max come to a kink."""
    kind, o, name, x = spec["kind"], spec["options"], spec["name"], inputs[0]
    if kind == "conv2d":
        return F.conv2d(x, p[f"{name}.weight"], p.get(f"{name}.bias"), o["stride"], o["padding"],
                        groups=o["groups"])
    if kind == "dense":
        return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))
    if kind == "batch_norm":
        mean = p[f"{name}.running_mean"].detach().clone()
        var = p[f"{name}.running_var"].detach().clone()
        y = F.batch_norm(x, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], mode == "train",
                         o["momentum"], o["epsilon"])
        tensors[f"{name}.running_mean_after"] = result(mean)
        tensors[f"{name}.running_var_after"] = result(var)
        return y
    if kind == "max_pool":
        padded = F.pad(x, (o["padding"][1], o["padding"][1], o["padding"][0], o["padding"][0]),
                       value=-1e9)
        windows = F.unfold(padded.flatten(0, 1)[:, None], o["kernel"], stride=o["stride"])
        top = windows.topk(2, dim=1).values
        margins.append(float((top[:, 0] - top[:, 1])[top[:, 0] > 0].min()))
        return F.max_pool2d(x, o["kernel"], o["stride"], o["padding"])
    if kind == "avg_pool":
        return F.avg_pool2d(x, o["kernel"], o["stride"], o["padding"], count_include_pad=False)
    if kind == "global_max_pool":
        top = x.flatten(2).topk(2, dim=2).values
        margins.append(float((top[..., 0] - top[..., 1]).min()))
        return x.amax((2, 3), keepdim=True)
    if kind == "global_avg_pool":
        return x.mean((2, 3), keepdim=True)
    if kind == "relu":
        margins.append(float(x.abs().min()))
        return F.relu(x)
    if kind == "gelu":
        return F.gelu(x)
    if kind == "flatten":
        return x.flatten(1)
    if kind == "add":
        return x + inputs[1]
    raise ValueError(kind)


def graph_case(random, layers, input_shape, mode="train", unique=False):
    """Runs a list of layers; None where a kink is too near for float32 to decide."""
    x, x_json = distinct(random, input_shape, 2**-6) if unique else normal(random, input_shape,
                                                                          2**-5)
    given_values = {}
    for spec in layers:
        given_values.update(parameter_values(random, spec))
    tensors = {"input": x_json}
    for name, (_, as_json) in given_values.items():
        tensors[name] = as_json
    parameters = {name: value.clone().requires_grad_("running" not in name)
                  for name, (value, _) in given_values.items()}
    x.requires_grad_(True)

    outputs, margins, previous = {"input": x}, [], "input"
    for spec in layers:
        spec["inputs"] = spec["inputs"] or [previous]
        previous = spec["name"]
        outputs[previous] = apply(spec, [outputs[i] for i in spec["inputs"]], parameters, mode,
                                  tensors, margins)
    y = outputs[previous]
    if margins and min(margins) < 1e-3:
        return None
    dy, dy_json = normal(random, tuple(y.shape), 2**-5)
    y.backward(dy)

    tensors["output"] = result(y)
    tensors["output_gradient"] = dy_json
    tensors["input_gradient"] = result(x.grad)
    for name, parameter in parameters.items():
        if parameter.requires_grad:
            tensors[f"{name}_gradient"] = result(parameter.grad)
    return {"layers": layers, "mode": mode, "tensors": tensors}


def graph(seed, make_layers, input_shape, **options):
    """The first seed whose case keeps clear of kinks."""
    for attempt in range(2000):
        case = graph_case(np.random.default_rng([seed, attempt]), make_layers(), input_shape,
                          **options)
        if case:
            return case
    raise RuntimeError("no seed keeps clear of the kinks")


def layer_cases():
    def one(spec):
        return lambda: [json.loads(json.dumps(spec))]

    def residual():
        return [conv("conv", 4, 4, (3, 3), padding=(1, 1)),
                layer("add", "add", ["conv", "input"]), layer("relu", "relu")]

    cases = {
        "conv2d_3x3": (one(conv("conv", 3, 4, (3, 3))), (2, 3, 6, 6)),
        "conv2d_3x3_padded": (one(conv("conv", 16, 32, (3, 3), padding=(1, 1))), (2, 16, 5, 5)),
        "conv2d_5x5_strided": (one(conv("conv", 3, 4, (5, 5), (2, 2), (2, 2))), (2, 3, 7, 7)),
        "conv2d_groups": (one(conv("conv", 4, 6, (3, 3), padding=(1, 1), groups=2)), (2, 4, 5, 5)),
        "conv2d_depthwise": (one(conv("conv", 16, 16, (3, 3), padding=(1, 1), groups=16)),
                             (2, 16, 4, 4)),
        "conv2d_1x1": (one(conv("conv", 8, 5, (1, 1))), (2, 8, 4, 4)),
        "conv2d_one_channel": (one(conv("conv", 1, 8, (3, 3))), (3, 1, 7, 7)),
        "conv2d_non_square_input": (one(conv("conv", 2, 3, (3, 3), padding=(1, 1))), (2, 2, 9, 7)),
        "conv2d_rectangular_kernel": (one(conv("conv", 2, 3, (3, 5), (2, 1), (1, 2))),
                                      (2, 2, 7, 6)),
        "conv2d_without_bias": (one(conv("conv", 3, 16, (3, 3), padding=(1, 1), bias=False)),
                                (2, 3, 4, 4)),
        "dense": (one(dense("dense", 10, 7)), (3, 10)),
        "dense_without_bias": (one(dense("dense", 5, 16, bias=False)), (3, 5)),
        "batch_norm_train": (one(batch_norm("norm", 5)), (3, 5, 4, 3)),
        "batch_norm_train_16_channels": (one(batch_norm("norm", 16)), (2, 16, 3, 3)),
        "batch_norm_eval": (one(batch_norm("norm", 5)), (3, 5, 4, 3), dict(mode="eval")),
        "max_pool_2x2": (one(pool("pool", "max_pool", (2, 2), (2, 2))), (2, 3, 6, 6),
                         dict(unique=True)),
        "max_pool_2x2_odd_input": (one(pool("pool", "max_pool", (2, 2), (2, 2))), (2, 16, 5, 3),
                                   dict(unique=True)),
        "max_pool_3x3_stride2_padded": (one(pool("pool", "max_pool", (3, 3), (2, 2), (1, 1))),
                                        (2, 3, 7, 6), dict(unique=True)),
        "avg_pool_2x2": (one(pool("pool", "avg_pool", (2, 2), (2, 2))), (2, 3, 6, 6)),
        "avg_pool_3x3_stride2_padded": (one(pool("pool", "avg_pool", (3, 3), (2, 2), (1, 1))),
                                        (2, 3, 7, 6)),
        "global_max_pool": (one(layer("pool", "global_max_pool")), (2, 5, 4, 3),
                            dict(unique=True)),
        "global_avg_pool": (one(layer("pool", "global_avg_pool")), (2, 5, 4, 3)),
        "relu": (one(layer("relu", "relu")), (2, 3, 4, 5), dict(unique=True)),
        "gelu": (one(layer("gelu", "gelu")), (2, 3, 4, 5)),
        "flatten_dense": (lambda: [layer("flatten", "flatten"), dense("dense", 36, 4)],
                          (2, 3, 4, 3)),
        "residual": (residual, (2, 4, 4, 4)),
    }
    return {name: graph(seed, make, shape, **(rest[0] if rest else {}))
            for seed, (name, (make, shape, *rest)) in enumerate(cases.items())}


def network_cases():
    def plain():
        return [conv("conv1", 1, 4, (3, 3)), layer("relu1", "relu"),
                pool("pool1", "max_pool", (2, 2), (2, 2)),
                conv("conv2", 4, 8, (3, 3)), layer("relu2", "relu"),
                pool("pool2", "max_pool", (2, 2), (2, 2)),
                layer("flatten", "flatten"),
                dense("dense1", 8, 12), layer("relu3", "relu"), dense("dense2", 12, 10)]

    def residual():
        return [conv("conv1", 1, 8, (3, 3), padding=(1, 1), bias=False), batch_norm("norm1", 8),
                layer("relu1", "relu"), pool("pool1", "max_pool", (2, 2), (2, 2)),
                conv("conv2", 8, 8, (3, 3), padding=(1, 1), bias=False), batch_norm("norm2", 8),
                layer("relu2", "relu"), layer("add", "add", ["relu2", "pool1"]),
                layer("pool2", "global_max_pool"), layer("flatten", "flatten"),
                dense("dense", 8, 10)]

    return {
        "plain": graph(1, plain, (2, 1, 12, 12)),
        "residual_train": graph(2, residual, (3, 1, 8, 8)),
        "residual_eval": graph(3, residual, (2, 1, 8, 8), mode="eval"),
    }


# ---- loss ----------------------------------------------------------------------------------------


def loss_case(seed, n, classes, smoothing=0.0, weighted=False, deviation=1.0):
    random = np.random.default_rng([100, seed])
    scale = 2.0**-5 * deviation
    logits, logits_json = normal(random, (n, classes), scale, deviation)
    labels = random.integers(0, classes, n)
    tensors = {"logits": logits_json,
               "labels": {"shape": [n], "values": labels.tolist()}}
    weights = None
    if weighted:
        weights, tensors["class_weights"] = given(random.integers(0, 129, classes), 2**-6)
    logits.requires_grad_(True)
    loss = F.cross_entropy(logits, torch.tensor(labels), weight=weights, label_smoothing=smoothing)
    loss.backward()
    tensors["loss"] = result(loss.reshape(1))
    tensors["gradient"] = result(logits.grad)
    return {"options": {"label_smoothing": smoothing}, "tensors": tensors}


def loss_cases():
    return {
        "plain": loss_case(0, 6, 10),
        "smoothed": loss_case(1, 6, 10, smoothing=0.1),
        "weighted": loss_case(2, 6, 10, weighted=True),
        "smoothed_weighted": loss_case(3, 6, 10, smoothing=0.25, weighted=True),
        "large_logits": loss_case(4, 5, 7, smoothing=0.125, weighted=True, deviation=64.0),
        "two_classes": loss_case(5, 4, 2, smoothing=0.1, weighted=True),
        "one_class": loss_case(6, 3, 1, smoothing=0.1),
        "one_sample": loss_case(7, 1, 62, smoothing=0.1, weighted=True),
        "62_classes": loss_case(8, 3, 62),
        "1000_classes": loss_case(9, 1, 1000, smoothing=0.1),
    }


# ---- optimizers ----------------------------------------------------------------------------------

STEPS, SIZE = 20, 11


def optimizer_case(seed, name, varying_rate=False, learning_rate=0.0625, slow=0, slow_factor=1.0,
                   joined=0, **options):
    """The first `slow` weights learn at `slow_factor` of the rate, and join at step `joined`."""
    random = np.random.default_rng([200, seed])
    weights, weights_json = normal(random, SIZE, 2**-6)
    gradients, gradients_json = normal(random, (STEPS, SIZE), 2**-6)
    decays, decays_json = given(random.permutation(SIZE) % 2, 1)
    factors = 0.5 ** (np.arange(STEPS) // 5 if varying_rate else np.zeros(STEPS))
    _, rates_json = given(factors * learning_rate * 2**13, 2**-13)

    # Groups of parameters, because weight decay belongs to weights alone.
    is_slow = torch.arange(SIZE) < slow
    masks = [decays == 1, decays == 0]
    factors_of = [1.0, 1.0]
    if slow:
        masks = [m & s for s in (~is_slow, is_slow) for m in masks]
        factors_of += [slow_factor, slow_factor]
    groups = [torch.nn.Parameter(weights[mask].clone()) for mask in masks]
    decay = options.get("weight_decay", 0)
    groups_options = [{"params": [group], "weight_decay": decay * (1 - i % 2)}
                      for i, group in enumerate(groups)]
    beta = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    epsilon = options.get("epsilon", 1e-8)
    if name == "sgd":
        optimizer = torch.optim.SGD(groups_options, lr=1, momentum=options["momentum"],
                                    nesterov=options.get("nesterov", False))
    elif name == "rmsprop":
        optimizer = torch.optim.RMSprop(groups_options, alpha=options.get("rho", 0.9), eps=epsilon,
                                        momentum=options["momentum"])
    elif name == "adam":
        optimizer = torch.optim.Adam(groups_options, betas=beta, eps=epsilon)
    else:
        optimizer = torch.optim.AdamW(groups_options, betas=beta, eps=epsilon)

    trajectory, clipped = np.zeros((STEPS, SIZE)), np.zeros((STEPS, SIZE))
    for step in range(STEPS):
        for group, mask in zip(groups, masks):
            group.grad = gradients[step][mask].clone()
        if step < joined:
            for group in groups[2:]:
                group.grad = None  # no step, no momentum, no decay
        if "clip_value" in options:
            torch.nn.utils.clip_grad_value_(groups, options["clip_value"])
        if "clip_norm" in options:
            torch.nn.utils.clip_grad_norm_(groups, options["clip_norm"])
        for options_group, factor in zip(optimizer.param_groups, factors_of):
            options_group["lr"] = learning_rate * factors[step] * factor
        for group, mask in zip(groups, masks):
            if group.grad is not None:
                clipped[step, mask.numpy()] = group.grad.numpy()
        optimizer.step()
        for group, mask in zip(groups, masks):
            trajectory[step, mask.numpy()] = group.detach().numpy()

    tensors = {"weights": weights_json, "gradients": gradients_json, "decays": decays_json,
               "learning_rates": rates_json, "trajectory": result(trajectory)}
    if "clip_value" in options or "clip_norm" in options:
        tensors["clipped"] = result(clipped)
    if slow:
        options.update(slow=slow, slow_factor=slow_factor, joined=joined)
    return {"options": {"name": name, **options}, "tensors": tensors}


def optimizer_cases():
    cases = {
        "sgd": dict(name="sgd", momentum=0.0),
        "sgd_decay": dict(name="sgd", momentum=0.0, weight_decay=0.01),
        "sgd_momentum": dict(name="sgd", momentum=0.9),
        "sgd_momentum_decay": dict(name="sgd", momentum=0.9, weight_decay=0.01, varying_rate=True),
        "sgd_nesterov": dict(name="sgd", momentum=0.85, nesterov=True, varying_rate=True),
        "sgd_nesterov_decay_clip_norm": dict(name="sgd", momentum=0.9, nesterov=True,
                                             weight_decay=0.05, clip_norm=2.5),
        "rmsprop": dict(name="rmsprop", momentum=0.0, learning_rate=2**-6),
        "rmsprop_momentum": dict(name="rmsprop", momentum=0.9, rho=0.99, epsilon=1e-3,
                                 learning_rate=2**-8, varying_rate=True),
        "rmsprop_momentum_decay": dict(name="rmsprop", momentum=0.5, weight_decay=0.01,
                                       learning_rate=2**-7),
        "adam": dict(name="adam"),
        "adam_decay": dict(name="adam", weight_decay=0.1, varying_rate=True),
        "adam_betas": dict(name="adam", beta1=0.5, beta2=0.75, epsilon=1e-3),
        "adam_no_first_moment": dict(name="adam", beta1=0.0, beta2=0.9),
        "adam_clip_value": dict(name="adam", clip_value=0.5),
        "adam_clip_both": dict(name="adam", clip_value=1.0, clip_norm=2.0),
        "adamw": dict(name="adamw"),
        "adamw_decay": dict(name="adamw", weight_decay=0.1),
        "adamw_decay_clip_norm": dict(name="adamw", weight_decay=0.5, clip_norm=1.0,
                                      varying_rate=True),
        "sgd_slow_backbone": dict(name="sgd", momentum=0.9, nesterov=True, weight_decay=0.01,
                                  slow=4, slow_factor=0.125, varying_rate=True),
        "rmsprop_slow_backbone": dict(name="rmsprop", momentum=0.0, learning_rate=2**-6, slow=5,
                                      slow_factor=0.25, joined=7),
        "adam_slow_backbone": dict(name="adam", slow=4, slow_factor=0.125, joined=6),
        "adamw_slow_backbone": dict(name="adamw", weight_decay=0.5, slow=7, slow_factor=0.25,
                                    joined=3, varying_rate=True),
        "sgd_unfrozen_late": dict(name="sgd", momentum=0.9, weight_decay=0.05, slow=6,
                                  slow_factor=0.5, joined=8, clip_norm=2.5),
    }
    return {name: optimizer_case(seed, **options)
            for seed, (name, options) in enumerate(cases.items())}


# ---- schedules -----------------------------------------------------------------------------------


def schedule_case(options, epochs, make, losses=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make(optimizer)
    fractions = []
    for epoch in range(epochs):
        fractions.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if losses is None:
            schedule.step()
        else:
            schedule.step(losses[epoch])
    tensors = {"fractions": result(fractions)}
    if losses is not None:
        tensors["losses"] = {"shape": [epochs], "values": list(losses)}
    return {"options": {**options, "epochs": epochs}, "tensors": tensors}


def schedule_cases():
    of = torch.optim.lr_scheduler
    # Improvements, a gain below the relative threshold of 1e-4, equal and worse values.
    losses = [1.0, 0.8, 0.81, 0.79999, 0.80, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.6, 0.65, 0.65, 0.65,
              0.65, 0.65, 0.65, 0.65, 0.65, 0.65, 0.65, 0.65, 0.1, 0.2, 0.2, 0.2]
    plateau = dict(name="reduce-on-plateau")
    return {
        "step": schedule_case(dict(name="step", step_epochs=3, gamma=0.5), 10,
                              lambda o: of.StepLR(o, 3, 0.5)),
        "exponential": schedule_case(dict(name="exponential", gamma=0.9), 8,
                                     lambda o: of.ExponentialLR(o, 0.9)),
        "cosine": schedule_case(dict(name="cosine"), 10, lambda o: of.CosineAnnealingLR(o, 10)),
        "cosine_floor": schedule_case(dict(name="cosine", final_fraction=0.125), 7,
                                      lambda o: of.CosineAnnealingLR(o, 7, eta_min=0.125)),
        "plateau": schedule_case(dict(plateau, factor=0.5, patience=3), len(losses),
                                 lambda o: of.ReduceLROnPlateau(o, factor=0.5, patience=3), losses),
        "plateau_impatient": schedule_case(
            dict(plateau, factor=0.25, patience=0), len(losses),
            lambda o: of.ReduceLROnPlateau(o, factor=0.25, patience=0), losses),
        "plateau_floor": schedule_case(
            dict(plateau, factor=0.5, patience=1, min_fraction=0.2), len(losses),
            lambda o: of.ReduceLROnPlateau(o, factor=0.5, patience=1, min_lr=0.2), losses),
    }


# ---- files ---------------------------------------------------------------------------------------


def write(path, cases):
    lines = [f" {json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}"
             for name, case in cases.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB")


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data_files"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "nn_layers.json", layer_cases())
    write(folder / "nn_networks.json", network_cases())
    write(folder / "nn_loss.json", loss_cases())
    write(folder / "nn_optimizers.json", optimizer_cases())
    write(folder / "nn_schedules.json", schedule_cases())


if __name__ == "__main__":
    main()
