"""What the scripts that test a running `thimble serve` share. The standard library only."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"


class Service:
    """`thimble serve` on a port that the system chooses."""

    def __init__(self, program, arguments=(), models=None, start_seconds=60):
        self.output = tempfile.TemporaryFile()
        command = [str(word) for word in (program, "serve", "--port", 0, *arguments,
                                          *(models or [ROOT / "models" / "cnn.safetensors"]))]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        deadline = time.monotonic() + start_seconds
        while True:
            found = re.search(r"https?://[^\s/]*:(\d+)", self.text())
            if found:
                self.port = int(found.group(1))
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(signal.SIGKILL)
                raise RuntimeError(f"{' '.join(command)} does not serve:\n{self.text()}")
            time.sleep(0.01)

    pid = property(lambda self: self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)

    def text(self):
        """What it has printed so far."""
        return os.pread(self.output.fileno(), 1 << 24, 0).decode(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=60):
        """Ends it. Returns its exit status, negative if a signal ended it."""
        if self.alive():
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def connection(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, target, body=None, headers=None):
        """(status, headers, body) of one request on a connection of its own."""
        connection = self.connection()
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def classify(self, picture, query="", content_type="application/octet-stream"):
        """The JSON of an answer that must be 200."""
        status, _, body = self.ask("POST", "/v1/classify" + query, picture,
                                   {"Content-Type": content_type})
        if status != 200:
            raise AssertionError(f"/v1/classify{query}: {status} {body[:500]!r}")
        return json.loads(body)

    def memory_kilobytes(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1))

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixels, color_type=0):
    """A PNG file of 8-bit pixels, rows one after the other; color_type 0 grey, 2 RGB, 6 RGBA."""
    stride = len(pixels) // height
    rows = b"".join(b"\0" + pixels[y * stride:(y + 1) * stride] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" +
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)) +
            png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))


def drawn_garment(rng, side=28):
    """Grey pixels of a light shape on black, not like any other: a rough T-shirt or trousers."""
    pixels = bytearray(side * side)
    width, sleeve, light = rng.uniform(.4, .8), rng.uniform(.1, .5), rng.randint(90, 200)
    legs = rng.random() < .5
    for y in range(side):
        for x in range(side):
            across, down = abs(x - (side - 1) / 2) / (side / 2), y / side
            inside = across < width or (down < sleeve and not legs)
            if legs and down > .3 and across < .08:
                inside = False
            if inside:
                pixels[y * side + x] = min(255, light + rng.randint(0, 40))
    return bytes(pixels)


def drawn_png(rng, side=28):
    return png(side, side, drawn_garment(rng, side))


def corpus(kind):
    """The kept pictures of a format, by name: png, jpeg or webp."""
    return [path.read_bytes() for path in sorted((CORPUS / kind).iterdir())]


def multipart(parts, boundary="thimble-boundary"):
    """(content type, body). A part: (field, file name or None, bytes)."""
    body = b""
    for field, name, data in parts:
        file_name = f'; filename="{name}"' if name else ""
        kind = "Content-Type: application/octet-stream\r\n" if name else ""
        body += (f"--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"{file_name}\r\n"
                 f"{kind}\r\n").encode() + data + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
