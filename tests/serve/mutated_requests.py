#!/usr/bin/env python3
"""Sends damaged requests and pictures to a running `thimble serve`.

Request number i of a seed is always the same bytes: a valid request of some kind, whose picture,
body, header, chunks or raw bytes were damaged in one to three ways. The server must live, answer or
close each within --patience seconds, with well-formed answers, none of them a 5xx but 501 (another
transfer coding), 503 (busy) and 505 (another version of HTTP). Valid requests in between must be
answered as at the beginning.

    tests/serve/mutated_requests.py --program build/release/thimble --count 100000
    tests/serve/mutated_requests.py --program build/release/thimble --seed 1 --only 4711
"""

import argparse
import gzip
import itertools
import json
import pathlib
import random
import re
import socket
import struct
import sys
import threading
import time

from mutations import damaged_request
from served import Service, drawn_png

# 501: a transfer coding that is not known.
ALLOWED_5XX = (501, 503, 505)
# So often a valid request is sent instead of a damaged one.
VALID_EVERY = 100


class Finding(Exception):
    pass


def parse_answers(data, may_be_head):
    """The statuses of the answers in `data`; raises Finding where they are not HTTP."""
    statuses = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        match = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
        if not separator or not match:
            raise Finding(f"not an HTTP answer: {data[:200]!r}")
        status = int(match.group(1))
        if status == 100:
            data = rest
            continue
        statuses.append(status)
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        size = int(length.group(1)) if length else 0
        if may_be_head and (not rest or rest.startswith(b"HTTP/1.")):
            data = rest
            continue
        if size > len(rest):
            raise Finding(f"status {status}: {len(rest)} of {size} bytes of the body came")
        body = rest[:size]
        if re.search(rb"\r\ncontent-encoding: *gzip", head, re.IGNORECASE):
            body = gzip.decompress(body)
        if re.search(rb"\r\ncontent-type: application/(problem\+)?json", head, re.IGNORECASE):
            try:
                document = json.loads(body.decode("utf-8"))
            except ValueError as error:
                raise Finding(f"status {status}: not JSON ({error}): {body[:200]!r}") from None
            if status >= 400 and document.get("status") != status:
                raise Finding(f"status {status}: the body says another: {body[:200]!r}")
        data = rest[size:]
    return statuses


def exchange(port, request, patience, abort):
    """What came back for these bytes before the server closed. abort: leaves without reading."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        try:
            connection.sendall(request)
            if abort:
                # Closing with a reset, as a program that died does.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return b""
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it closed before all was sent; what it said may still be there
        deadline = time.monotonic() + patience
        pieces = []
        while True:
            try:
                piece = connection.recv(1 << 20)
            except ConnectionError:
                break
            except TimeoutError:
                raise Finding(f"neither answered nor closed within {patience:.0f} s; so far "
                              f"{b''.join(pieces)[:200]!r}") from None
            if not piece:
                break
            pieces.append(piece)
            if time.monotonic() > deadline:
                raise Finding(f"still sending after {patience:.0f} s")
        return b"".join(pieces)


class Run:
    def __init__(self, service, options):
        self.service = service
        self.options = options
        self.lock = threading.Lock()
        self.indices = iter([options.only] if options.only is not None
                            else range(options.first, options.first + options.count))
        self.under_way = {}
        self.statuses = {}
        self.findings = []
        picture = drawn_png(random.Random(1))
        self.valid = (b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
                      b"Content-Length: %d\r\n\r\n%s" % (len(picture), picture))
        self.right_class = self.answer_to_valid()

    def answer_to_valid(self):
        data = exchange(self.service.port, self.valid, self.options.patience, False)
        statuses = parse_answers(data, False)
        if statuses == [503]:
            return None
        if statuses != [200]:
            raise Finding(f"a valid request was answered {statuses}: {data[:300]!r}")
        return json.loads(data.partition(b"\r\n\r\n")[2])["results"][0]["class"]

    def one(self, index):
        request, abort = damaged_request(self.options.seed, index)
        data = exchange(self.service.port, request, self.options.patience, abort)
        statuses = parse_answers(data, b"HEAD " in request)
        for status in statuses:
            if status >= 500 and status not in ALLOWED_5XX:
                raise Finding(f"status {status}: {data[-300:]!r}")
        with self.lock:
            for status in statuses or ["closed"]:
                self.statuses[status] = self.statuses.get(status, 0) + 1
        if index % VALID_EVERY == 0:
            found = self.answer_to_valid()
            if found not in (self.right_class, None):
                raise Finding(f"the valid picture is a {self.right_class}, now a {found}")

    def work(self):
        name = threading.get_ident()
        while not self.findings:
            with self.lock:
                index = next(self.indices, None)
                self.under_way[name] = index
            if index is None:
                return
            try:
                self.one(index)
            except (Finding, OSError) as finding:
                # A server that has died is noticed by all threads; the list tells who it may be.
                with self.lock:
                    self.findings.append((index, finding, sorted(
                        i for i in self.under_way.values() if i is not None)))

    def report(self):
        print(", ".join(f"{self.statuses[status]} x {status}"
                        for status in sorted(self.statuses, key=str)))
        for index, finding, under_way in itertools.islice(self.findings, 3):
            print(f"\nrequest {index} of seed {self.options.seed}: {finding}\n"
                  f"  under way: {' '.join(map(str, under_way))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--model", help="instead of models/cnn.safetensors")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="INDEX", help="send this one alone")
    parser.add_argument("--print", action="store_true",
                        help="with --only: print it, do not send it")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--patience", type=float, default=10)
    options = parser.parse_args()
    if options.print:
        sys.stdout.buffer.write(damaged_request(options.seed, options.only)[0])
        return 0

    # Small limits, so that requests at and over them are among the damaged ones.
    with Service(options.program, ["--max-body", "2000000"],
                 [options.model] if options.model else None) as service:
        run = Run(service, options)
        started = time.monotonic()
        threads = [threading.Thread(target=run.work) for _ in range(options.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.report()
        if not service.alive():
            print(f"\nthe server ended with status {service.process.returncode}:\n{service.text()}")
            return 1
        if run.findings:
            print(f"\n{service.text()[-4000:]}")
            return 1
        healthy = service.ask("GET", "/healthz")[0]
        ended = service.stop()
        print(f"seed {options.seed}: {time.monotonic() - started:.1f} s, /healthz {healthy}, exit "
              f"status {ended}")
        if healthy != 200 or ended != 0:
            print(service.text()[-4000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
