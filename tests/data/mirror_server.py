"""A mirror that misbehaves on request, for fetch_test.cpp.

Serves the files of a folder under several first path components, each with a habit of its own:

    good      as a web server should, with ranges
    norange   ignores ranges and sends everything
    cut       breaks off after 1000 bytes of each answer
    short     says less than there is, and sends that
    wrong     the right length, other content
    long      more than there is
    missing   404
    redirect  to good
    stall     sends half, of a range nothing, and falls silent

Prints its port on the first line, then one line a request: habit, file, Range header or "-".
"""

import http.server
import os
import sys
import time

FOLDER = sys.argv[1]
CUT_BYTES = 1000
STALL_SECONDS = 30


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        habit, name = self.path.strip("/").split("/", 1)
        wanted = self.headers.get("Range")
        print(habit, name, wanted or "-", flush=True)
        path = os.path.join(FOLDER, name)
        if habit == "missing" or not os.path.isfile(path):
            self.send_error(404)
            return
        if habit == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/good/{name}")
            self.end_headers()
            return
        with open(path, "rb") as file:
            content = file.read()
        if habit == "wrong":
            content = bytes(255 - byte for byte in content)
        if habit == "long":
            content += b"and more" * 1000
        if habit == "short":
            content = content[: len(content) // 2]
        self.answer(habit, content, wanted)

    def answer(self, habit, content, wanted):
        start = 0
        if wanted and habit != "norange":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if habit == "cut":
            rest = rest[:CUT_BYTES]
        if habit == "stall":
            if start == 0:
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
            time.sleep(STALL_SECONDS)
            return
        self.wfile.write(rest)


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
