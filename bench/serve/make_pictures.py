#!/usr/bin/env python3
"""Makes the pictures that the service is loaded with, from the local Fashion-MNIST.

    make_pictures.py --data FOLDER --out FOLDER [--count N]

Writes out/png/0000.png and on (28x28 pictures of the test set as they are) and out/jpeg/0000.jpg
and on (the same garments as 800x800 product photos on a light background, quality 85).
"""

import argparse
import gzip
import pathlib

import numpy as np
from PIL import Image, ImageFilter

SIDE = 800


def product_photo(pixels, rng):
    """A garment of the data set, enlarged and coloured, on a light, slightly uneven background."""
    side = int(SIDE * rng.uniform(0.6, 0.9))
    grey = np.asarray(Image.fromarray(pixels).resize((side, side), Image.BICUBIC), np.float32) / 255
    # What the data set's pipeline darkened comes back: it shows garments negated.
    color = rng.uniform(40, 220, 3)
    garment = (1 - grey[..., None]) * color + grey[..., None] * color * 0.25
    mask = Image.fromarray((grey > 0.04).astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(2))
    mask = np.asarray(mask, np.float32)[..., None] / 255
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    light = 250 - 12 * rng.uniform() * rows - 12 * rng.uniform() * columns
    photo = np.repeat(light[..., None], 3, axis=2)
    top, left = (int(rng.uniform(0.2, 0.8) * (SIDE - side)) for _ in range(2))
    place = photo[top:top + side, left:left + side]
    place[:] = mask * garment + (1 - mask) * place
    # The grain of a camera: without it the files would be smaller than photos are.
    photo += rng.normal(0, 2.5, photo.shape[:2])[..., None]
    return Image.fromarray(photo.clip(0, 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1000, help="28x28 pictures")
    parser.add_argument("--photos", type=int, default=60)
    options = parser.parse_args()

    raw = gzip.open(options.data / "t10k-images-idx3-ubyte.gz").read()
    pictures = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)
    for kind in ("png", "jpeg"):
        (options.out / kind).mkdir(parents=True)
    for i in range(options.count):
        Image.fromarray(pictures[i]).save(options.out / "png" / f"{i:04}.png")
    rng = np.random.default_rng(1)
    for i in range(options.photos):
        product_photo(pictures[i], rng).save(options.out / "jpeg" / f"{i:04}.jpg", quality=85)


if __name__ == "__main__":
    main()
