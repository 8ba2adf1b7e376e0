"""Valid requests of every kind, and ways to damage them. Everything follows from seed and index."""

import base64
import functools
import json
import random
import struct
import zlib

from served import corpus, drawn_garment, drawn_png, multipart, png

TARGETS = ("/", "/form", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/v1/models",
           "/v1/models/cnn", "/v1/models/cnn/report", "/v1/samples", "/v1/samples/0.png",
           "/v1/samples/9.png", "/assets/app.js", "/v1/classify", "/v1/reload")
QUERIES = ("", "?top=10", "?top=1&seen=true", "?model=cnn", "?seen=true",
           "?top=3&model=cnn&seen=false")
ODD_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000,
               0xFFFFFFFF)


@functools.cache
def pictures():
    """Valid pictures, by format."""
    rng = random.Random(1)
    photo = bytes(drawn_garment(rng, 60))
    return {
        "png": [drawn_png(rng), drawn_png(rng, 60), png(20, 60, photo, 2), png(15, 60, photo, 6),
                png(1, 1, b"\0"), *corpus("png")],
        "jpeg": corpus("jpeg"),
        "webp": corpus("webp"),
    }


class Request:
    """A request in parts, so that each can be damaged alone."""

    def __init__(self, method, target, headers=(), body=b"", chunked=False):
        self.method = method
        self.target = target
        self.headers = [("Host", "localhost"), *headers]
        self.body = body
        self.chunk_sizes = [max(1, len(body) // 3)] * 4 if chunked else None
        self.length = None  # what Content-Length says, where it lies

    def to_bytes(self, rng, chunk_damage=None):
        headers = list(self.headers)
        if self.chunk_sizes is not None:
            headers.append(("Transfer-Encoding", "chunked"))
            body = self.in_chunks(rng, chunk_damage)
        else:
            body = self.body
            if self.length is not None or body or self.method == "POST":
                length = len(body) if self.length is None else self.length
                headers.append(("Content-Length", str(length)))
        lines = [f"{self.method} {self.target} HTTP/1.1"] + [f"{k}: {v}" for k, v in headers]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body

    def in_chunks(self, rng, damage):
        out, rest = [], self.body
        for size in self.chunk_sizes:
            piece, rest = rest[:size], rest[size:]
            if not piece:
                break
            said = b"%x" % len(piece)
            if damage and rng.random() < .5:
                said = damage(said)
            out.append(said + b"\r\n" + piece + b"\r\n")
        out.append(rng.choice((b"0\r\n\r\n", b"0\r\nTrailer: 1\r\n\r\n", b"0;x=y\r\n\r\n")))
        return b"".join(out)


# What damages plain bytes.


def flip_bits(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def cut(rng, data):
    return data[:rng.randrange(len(data) + 1)]


def cut_inside(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 4, 100)):]


def insert(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 16, 1000))) + data[at:]


def repeat(rng, data):
    at = rng.randrange(len(data) + 1)
    piece = data[at:at + rng.choice((1, 4, 50, 1000))]
    return data[:at] + piece * rng.choice((2, 3, 30)) + data[at:]


def odd_number(rng, data):
    """A number of 1, 2 or 4 bytes somewhere, in either order, becomes an odd one."""
    width, code = rng.choice(((1, "B"), (2, "H"), (4, "I")))
    if len(data) < width:
        return data
    at = rng.randrange(len(data) - width + 1)
    number = rng.choice(ODD_NUMBERS) & (1 << 8 * width) - 1
    return data[:at] + struct.pack(rng.choice("<>") + code, number) + data[at + width:]


PLAIN = (flip_bits, cut, cut_inside, insert, repeat, odd_number)


# What damages pictures.


def splice(rng, data):
    other = rng.choice(rng.choice(list(pictures().values())))
    return data[:rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1):]


def with_right_checksums(data):
    """A damaged PNG with its checksums put right, so that more than the first check is reached."""
    out, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = struct.unpack(">I", data[at:at + 4])[0]
        if at + 12 + size > len(data):
            break
        body = data[at + 4:at + 8 + size]
        out.append(data[at:at + 4] + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + size
    return b"".join(out) + data[at:]


def png_header_lies(rng, data):
    if len(data) < 33:
        return data
    head = bytearray(data[16:29])
    if rng.random() < .5:
        at = rng.choice((0, 4))
        head[at:at + 4] = struct.pack(">I", rng.choice((*ODD_NUMBERS, 6000, 20000, 20001)))
    else:
        head[rng.randrange(8, 13)] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
    return with_right_checksums(data[:16] + bytes(head) + data[29:])


def jpeg_frame_lies(rng, data):
    """Another size, sampling or number of components in the frame header."""
    for marker in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"):
        at = data.find(marker)
        if 0 <= at and at + 20 < len(data):
            data = bytearray(data)
            data[at + rng.randrange(2, 20)] = rng.choice((0, 1, 2, 3, 4, 0x11, 0x41, 0xFF))
            return bytes(data)
    return data


def damaged_picture(rng):
    kind = rng.choice(("png", "png", "jpeg", "webp"))
    data = rng.choice(pictures()[kind])
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        ways = [*PLAIN, splice]
        if kind == "png":
            ways += [png_header_lies] * 2
        elif kind == "jpeg":
            ways += [jpeg_frame_lies] * 2
        data = rng.choice(ways)(rng, data)
        if kind == "png" and rng.random() < .7:
            data = with_right_checksums(data)
    return data


# The valid requests, with pictures that may already be damaged.


def raw_request(rng):
    kind = rng.choice(("image/png", "image/jpeg", "image/webp", "image/gif",
                       "application/octet-stream", None, "text/plain", "application/json",
                       "application/x-www-form-urlencoded"))
    headers = [("Content-Type", kind)] if kind else []
    if rng.random() < .05:
        headers.append(("Expect", "100-continue"))
    return Request("POST", "/v1/classify" + rng.choice(QUERIES), headers, damaged_picture(rng),
                   chunked=rng.random() < .3)


def multipart_request(rng):
    parts = [(rng.choice(("file", "picture", "model")), f"garment {i}.png", damaged_picture(rng))
             for i in range(rng.choice((0, 1, 1, 2, 5, 70)))]
    parts += [field for field in (("model", None, b"cnn"), ("top", None, b"2"),
                                  ("seen", None, b"true")) if rng.random() < .4]
    kind, body = multipart(parts)
    if rng.random() < .6:
        boundary = b"--thimble-boundary"
        old, new = rng.choice(((boundary, b"--other"), (boundary + b"--", boundary),
                               (b"\r\n\r\n", b"\r\n"), (b"\r\n", b"\n"), (b'"', b""),
                               (b'"', b'\\"'),
                               (b"filename", b"filename*"), (b"form-data", b"x" * 5000),
                               (b"name=", b"name=" + b"a" * 20000), (b"; ", b";;;  "),
                               (b"garment", "\u00fc\u20ac\U0001f45f".encode()),
                               (b"garment", b"\xff\0"),
                               (boundary, boundary + b" \t "), (b": ", b""),
                               (b"2", b"99999999999999999999")))
        body = body.replace(old, new, rng.choice((1, 2, -1)))
    if rng.random() < .2:
        kind = rng.choice(("multipart/form-data", "multipart/form-data; boundary=",
                           'multipart/form-data; boundary="thimble-boundary"',
                           "multipart/form-data; boundary=" + "b" * 300,
                           "multipart/mixed; boundary=thimble-boundary",
                           'multipart/form-data; boundary="thimble',
                           "multipart/form-data; x=y; boundary"))
    target = rng.choice(("/v1/classify" + rng.choice(QUERIES), "/form"))
    return Request("POST", target, [("Content-Type", kind)], body, chunked=rng.random() < .2)


def odd_value(rng):
    return rng.choice((None, True, -1, 0, 1e308, 2**63, 2**70, 0.5, "", "x" * 5000, [], {}, [[[]]],
                       {"data": 1}, "\u0000", "\ud800", "cnn", "data:image/png;base64,",
                       "data:,", "====", "A", "AAA=A", "\u20ac"))


def json_request(rng):
    def picture():
        text = base64.b64encode(damaged_picture(rng)).decode()
        if rng.random() < .3:
            text = rng.choice(("data:image/png;base64,", "data:;base64,", "data:image/png,",
                               "data:",
                               "\n", "=")) + text
        if rng.random() < .1:
            text = rng.choice((text[:-1], text + "=", text.replace("A", "-"),
                               text.replace("B", "\n"),
                               text.replace("C", "\u20ac")))
        return {"name": rng.choice(("shoe.jpg", "", "\u20ac\ud83d\ude00", "a\"\\\n" * 50)),
                "data": text}

    document = {"pictures": [picture() for _ in range(rng.choice((0, 1, 1, 2, 5, 70)))],
                "model": "cnn", "top": rng.randrange(12), "seen": rng.random() < .5}
    for member in [*document, "further"]:
        if rng.random() < .15:
            document[member] = odd_value(rng)
    if rng.random() < .1 and document.get("pictures"):
        document["pictures"] = rng.choice((odd_value(rng), [odd_value(rng)],
                                           [{"name": odd_value(rng), "data": odd_value(rng)}]))
    text = json.dumps(document, ensure_ascii=rng.random() < .5).encode("utf-8", "surrogatepass")
    if rng.random() < .3:
        depth = rng.choice((10, 1000, 100_000))
        text = rng.choice((lambda: rng.choice(PLAIN)(rng, text), lambda: b"[" * depth,
                           lambda: b'{"pictures":' * depth, lambda: text + text,
                           lambda: b"\xef\xbb\xbf" + text,
                           lambda: text.decode("latin-1").encode("utf-16"),
                           lambda: b'{"top":1e999,' + text[1:], lambda: b"NaN", lambda: b"null"))()
    return Request("POST", "/v1/classify" + rng.choice(QUERIES), [("Content-Type", rng.choice(
        ("application/json", "application/json; charset=utf-8", "application/json;")))], text,
        chunked=rng.random() < .2)


def other_request(rng):
    headers = [("Accept", rng.choice(("*/*", "text/html", "application/json"))),
               ("Accept-Encoding", rng.choice(("gzip", "identity", "gzip;q=0",
                                               "br, gzip, *;q=0.1"))),
               ("If-None-Match", rng.choice(('"x"', "*", '"', "W/\"a\", \"b\"")))]
    return Request(rng.choice(("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST")),
                   rng.choice(TARGETS) + rng.choice(QUERIES), rng.sample(headers, rng.randrange(4)))


# What damages requests.


def odd_length(rng, request):
    size = len(request.body)
    request.chunk_sizes = None
    request.length = rng.choice((0, 1, size - 1, size + 1, size // 2, 2 * size, 1_999_999,
                                 2_000_001,
                                 2**31, 2**63, 2**64, 10**30, -1, "", "x", "1 1", f"{size},{size}",
                                 f"+{size}", f"0{size}", f"0x{size:x}", f" {size} "))


def odd_header(rng, request):
    size = len(request.body)
    request.headers.insert(rng.randrange(len(request.headers) + 1), rng.choice((
        ("Content-Length", str(rng.choice((size, size + 1, 0))), ),
        ("Transfer-Encoding", "chunked"),
        ("Transfer-Encoding", "gzip, chunked"), ("Transfer-Encoding", "identity"),
        ("Transfer-Encoding", "chunked, chunked"), ("transfer-encoding", " chunked"),
        ("Connection", "close"), ("Connection", "keep-alive, upgrade"), ("Upgrade", "h2c"),
        ("Host", "a"), ("Host", ""), ("Expect", "200-ok"), ("Content-Encoding", "gzip"),
        ("X-Long", "a" * rng.choice((100, 8000, 16_300, 70_000))), ("X\0", "a"), ("X", "a\0b"),
        ("X", "a\rb"), ("X", "a\nb"), ("", "a"), ("X Y", "a"), ("X", "\udcff\udc80"),
        ("X", "\t \u20ac"),
        ("X", "a\r\n folded"), ("Authorization", "Bearer x"),
        ("Authorization", "Basic " + "x" * 500),
        ("Origin", "http://elsewhere.example"), ("Range", "bytes=0-1"), ("X-Request-Id", "a\"b<c>"),
        ("X-Forwarded-For", "1.2.3.4, " * 20), ("Content-Type",
                                                "multipart/form-data; boundary=x"))))


def many_headers(rng, request):
    request.headers += [(f"X-{i}", "y") for i in range(rng.choice((50, 500, 5000)))]


def no_host(_, request):
    request.headers = request.headers[1:]


def odd_target(rng, request):
    request.target = rng.choice((
        "*", "", "//", "/%", "/%zz", "/%00", "/%ff%fe", "/../../etc/passwd", "/v1/../v1/models",
        "/v1/models/%2e%2e%2f", "/v1/models/" + "a" * 10_000, "/" + "a" * 70_000,
        "http://localhost/healthz",
        "localhost:80", "/v1/classify?top=-1", "/v1/classify?top=99999999999999999999",
        "/v1/classify?top=3&top=4", "/v1/classify?model=%ff", "/v1/classify?" + "a&" * 3000,
        "/v1/classify?seen=maybe", "/v1/classify?=%3d&&", "/v1/samples/-1.png",
        "/v1/samples/1e9.png",
        "/v1/samples/99999999999999999999.png", "/v1/models//report", "/v1/classify#x", "/ /",
        request.target + "/", request.target.upper(), request.target + "%20",
        request.target + "\x7f"))


def odd_method(rng, request):
    request.method = rng.choice(("get", "", "PATCH", "TRACE", "CONNECT", "PRI", "X" * 300, "GE T",
                                 "POST\0",
                                 "\u20ac", "PROPFIND", "BREW"))


REQUEST_WAYS = (odd_length, odd_length, odd_header, odd_header, many_headers, no_host, odd_target,
                odd_method)


def chunk_damage(rng):
    def damage(said):
        return rng.choice((b"", b"0", b"-1", b"x", b"ffffffff", b"7fffffffffffffff",
                           b"ffffffffffffffffff",
                           said + b"0", said + b";name=value", said + b";" + b"x" * 20_000,
                           b" " + said,
                           b"0x" + said, said.upper(), b"1", said + b"\n", said[:1]))
    return damage


def damaged_request(seed, index):
    """(bytes, whether the client leaves without reading) of a request."""
    rng = random.Random(f"{seed} {index}")
    kinds = (raw_request, raw_request, raw_request, multipart_request, json_request, other_request)
    request = rng.choice(kinds)(rng)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        rng.choice(REQUEST_WAYS)(rng, request)
    data = request.to_bytes(rng, chunk_damage(rng) if rng.random() < .5 else None)
    for _ in range(rng.choice((0, 0, 0, 0, 1, 2))):
        data = rng.choice(PLAIN)(rng, data)
    if rng.random() < .02:
        data = data.replace(b"HTTP/1.1", rng.choice((b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9",
                                                     b"HTTQ/1.1", b"")), 1)
    if rng.random() < .05:
        data += rng.choice(kinds)(rng).to_bytes(rng)
    return data, rng.random() < .03
