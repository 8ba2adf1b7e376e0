#!/usr/bin/env python3
"""Holds the answers of a running `thimble serve` against its own /openapi.json. By hand only: needs
the PyPI packages openapi-spec-validator and jsonschema.

    tests/serve/openapi_answers.py --program build/release/thimble
"""

import argparse
import base64
import json
import random

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from served import Service, drawn_png, multipart


def requests():
    """(method, path template, target, body, headers)."""
    picture = drawn_png(random.Random(1))
    listed = {"pictures": [{"name": "a", "data": base64.b64encode(picture).decode()},
                           {"data": "AAAA"}], "top": 2, "seen": True}
    kind, form = multipart([("picture", "a.png", picture), ("top", None, b"10")])
    as_json = {"Content-Type": "application/json"}
    yield "post", "/v1/classify", "/v1/classify", picture, {}
    yield "post", "/v1/classify", "/v1/classify?seen=true", form, {"Content-Type": kind}
    yield "post", "/v1/classify", "/v1/classify", json.dumps(listed), as_json
    yield "post", "/v1/classify", "/v1/classify", '{"pictures": [{"data": ""}, {"data": ""}]}', as_json
    yield "post", "/v1/classify", "/v1/classify?model=none", picture, {}
    yield "post", "/v1/classify", "/v1/classify", "text", {"Content-Type": "text/plain"}
    yield "post", "/v1/classify", "/v1/classify", "{", as_json
    yield "get", "/v1/models", "/v1/models", None, {}
    yield "get", "/v1/models/{name}", "/v1/models/cnn", None, {}
    yield "get", "/v1/models/{name}", "/v1/models/none", None, {}
    yield "get", "/v1/models/{name}/report", "/v1/models/cnn/report", None, {}
    yield "get", "/v1/samples", "/v1/samples", None, {}
    yield "get", "/v1/samples/{id}.png", "/v1/samples/0.png", None, {}
    yield "get", "/v1/samples/{id}.png", "/v1/samples/99.png", None, {}
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/", "/form"):
        yield "get", path, path, None, {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/release/thimble")
    arguments = parser.parse_args()
    with Service(arguments.program) as service:
        openapi = json.loads(service.ask("GET", "/openapi.json")[2])
        validate(openapi)
        for method, template, target, body, headers in requests():
            status, answered, content = service.ask(method.upper(), target, body, headers)
            described = openapi["paths"][template][method]["responses"][str(status)]
            if "$ref" in described:
                described = openapi["components"]["responses"][described["$ref"].split("/")[-1]]
            kind = answered["Content-Type"].split(";")[0]
            schema = described["content"][kind]["schema"]
            if kind.endswith("json"):
                schema = {**schema, "components": openapi["components"]}
                Draft202012Validator(schema).validate(json.loads(content))
            print(f"{method.upper()} {target}: {status} {kind}, as described")
        service.stop()


if __name__ == "__main__":
    main()
