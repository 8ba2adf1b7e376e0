#!/usr/bin/python3
"""Writes tests/data_files/imaging_resize.json: pictures resized by PyTorch.

torch.nn.functional.interpolate(mode="bilinear", antialias=True) is the triangle filter that Pillow
uses, in floating point. Run from the repository's root; needs PyTorch 1.11 or newer.
"""

import json

import torch
import torch.nn.functional as F

CASES = [  # height, width, channels, new height, new width
    (9, 13, 1, 4, 5),
    (28, 28, 1, 7, 14),
    (16, 11, 3, 28, 28),
    (40, 30, 3, 28, 28),
]


def main():
    torch.manual_seed(1)
    cases = []
    for height, width, channels, new_height, new_width in CASES:
        picture = torch.randint(0, 256, (height, width, channels), dtype=torch.uint8)
        planes = picture.permute(2, 0, 1).unsqueeze(0).float()
        resized = F.interpolate(planes, size=(new_height, new_width), mode="bilinear",
                                antialias=True, align_corners=False)
        pixels = resized.squeeze(0).permute(1, 2, 0)
        cases.append({
            "from": [height, width, channels],
            "pixels": picture.flatten().tolist(),
            "to": [new_height, new_width],
            "expected": [round(value, 3) for value in pixels.flatten().tolist()],
        })
    with open("tests/data_files/imaging_resize.json", "w", encoding="ascii") as file:
        json.dump({"torch": torch.__version__, "cases": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
