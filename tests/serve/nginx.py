#!/usr/bin/env python3
"""examples/nginx/thimble.conf in front of a running `thimble serve`, with a certificate of its own.

    tests/serve/nginx.py --program build/release/thimble

Ends with status 77 where nginx or openssl is not installed.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zlib

from served import ROOT, Service, drawn_png, free_port, multipart, png_chunk

SKIPPED = 77
LIMIT_BYTES = 32_000_000


def adapted(text, folder, plain_port, tls_port, service_port):
    """The example with this test's ports and files in the place of a server's."""
    text = re.sub(r"(?m)^\s*listen\s+\[::\].*\n", "", text)
    # Spelled in one way by every nginx; the example's own may be newer.
    for pattern, replacement in (
            (r"listen\s+80\b", f"listen 127.0.0.1:{plain_port}"),
            (r"listen\s+443\b", f"listen 127.0.0.1:{tls_port}"),
            (r"ssl_certificate\s+[^;]+;", f"ssl_certificate {folder}/certificate.pem;"),
            (r"ssl_certificate_key\s+[^;]+;", f"ssl_certificate_key {folder}/key.pem;"),
            (r"server\s+127\.0\.0\.1:8080", f"server 127.0.0.1:{service_port}"),
            (r"server_name\s+[^;]+;", "server_name localhost;")):
        text, count = re.subn(pattern, replacement, text)
        assert count, f"{pattern} is not in the example"
    return text


class Nginx:
    def __init__(self, folder, service_port):
        self.plain_port, self.tls_port = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                       check=True, capture_output=True)
        example = (ROOT / "examples" / "nginx" / "thimble.conf").read_text(encoding="utf-8")
        (folder / "thimble.conf").write_text(
            adapted(example, folder, self.plain_port, self.tls_port, service_port),
            encoding="utf-8")
        paths = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # Its workers would otherwise become another user, who cannot enter the folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
            f"events {{ worker_connections 256; }}\nhttp {{\n  access_log off;\n{paths}"
            f"  include {folder}/thimble.conf;\n}}\n", encoding="utf-8")
        self.process = subprocess.Popen(["nginx", "-p", folder, "-e", "stderr", "-c",
                                         folder / "nginx.conf"], stdin=subprocess.DEVNULL)
        self.trust = ssl.create_default_context(cafile=folder / "certificate.pem")
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port)).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("nginx does not start") from None
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def ask(self, method, target, body=None, headers=None):
        connection = http.client.HTTPSConnection("localhost", self.tls_port, timeout=60,
                                                 context=self.trust)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def large_png(side=4000):
    """16 MB that do not get smaller."""
    rows = random.Random(2).randbytes(side) + b"\0"
    header = side.to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) +
            png_chunk(b"IDAT", zlib.compress(b"\0" + rows * side, 0)[:]) + png_chunk(b"IEND", b""))


def check_redirect(nginx):
    connection = http.client.HTTPConnection("127.0.0.1", nginx.plain_port, timeout=20)
    connection.request("GET", "/docs?x=1", headers={"Host": "localhost"})
    answer = connection.getresponse()
    assert answer.status in (301, 308), answer.status
    assert answer.headers["Location"] == "https://localhost/docs?x=1", answer.headers["Location"]


def check_answers(nginx, service, picture):
    direct = service.classify(picture)["results"]
    status, headers, body = nginx.ask("POST", "/v1/classify", picture)
    assert status == 200, (status, body)
    assert json.loads(body)["results"] == direct, (body, direct)
    for name in ("X-Request-Id", "X-Content-Type-Options", "Strict-Transport-Security",
                 "Content-Security-Policy"):
        assert len(headers.get_all(name, [])) == 1, (name, headers.items())
    kind, body = multipart([("file", "a.png", picture), ("file", "b.png", picture)])
    status, _, body = nginx.ask("POST", "/v1/classify", body, {"Content-Type": kind})
    assert status == 200 and len(json.loads(body)["results"]) == 2, (status, body)
    for target in ("/", "/docs", "/healthz", "/v1/models"):
        assert nginx.ask("GET", target)[0] == 200, target


def check_metrics(nginx, service):
    """The service's figures are its operator's."""
    assert service.ask("GET", "/metrics")[0] == 200
    assert nginx.ask("GET", "/metrics")[0] in (403, 404)


def check_sizes(nginx, service, large):
    status, _, body = nginx.ask("POST", "/v1/classify", large)
    assert status == 200, (status, body)
    too_large = bytes(LIMIT_BYTES + 1)
    answers = []
    for ask in (service.ask, nginx.ask):
        try:
            answers.append(ask("POST", "/v1/classify", too_large))
        except ConnectionError:
            # Who refuses a body at its head may cut the connection while it is being sent. What it
            # answers then shows with the head alone.
            answers.append(ask("POST", "/v1/classify", None,
                               {"Content-Length": str(LIMIT_BYTES + 1)}))
    for status, headers, body in answers:
        assert status == 413, (status, body)
        assert headers["Content-Type"] == "application/problem+json", headers["Content-Type"]
        assert json.loads(body)["status"] == 413, body
    assert json.loads(answers[0][2])["title"] == json.loads(answers[1][2])["title"], answers


def check_drain(nginx, service, large):
    """SIGTERM: what is under way is answered, what comes later is told to come again."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(nginx.ask("POST", "/v1/classify",
                                                                        large)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    # Until the service has all of them: nginx hands an upload on when it has it in full.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not answers:
        time.sleep(0.01)
    ended = service.stop(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert ended == 0, (ended, service.text())
    statuses = sorted(status for status, _, _ in answers)
    assert statuses[0] == 200 and set(statuses) <= {200, 502, 503}, statuses
    status, headers, body = nginx.ask("GET", "/v1/models")
    assert status in (502, 503), (status, body)
    assert headers["Content-Type"] == "application/problem+json", headers["Content-Type"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    options = parser.parse_args()
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    for program in ("nginx", "openssl"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed")
            return SKIPPED

    with tempfile.TemporaryDirectory() as folder, Service(options.program) as service:
        nginx = Nginx(pathlib.Path(folder), service.port)
        try:
            large = large_png()
            check_redirect(nginx)
            check_answers(nginx, service, drawn_png(random.Random(1)))
            check_metrics(nginx, service)
            check_sizes(nginx, service, large)
            check_drain(nginx, service, large)
        finally:
            nginx.stop()
    print("nginx hands everything on as it should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
