"""The floor: Flask reads the body, orjson parses it, nothing else; stock garbage collector. Beside it: only reading."""

from __future__ import annotations

import orjson
from flask import Flask, Response, request

app = Flask(__name__)


@app.get("/readyz")
def ready() -> str:
    """Tell the bench that the server is up."""
    return "ready"


@app.post("/floor")
def parse() -> Response:
    """Parse the body and answer as an empty card list."""
    orjson.loads(request.get_data())
    return Response(b'{"cards":[]}', content_type="application/json")


@app.post("/read")
def read() -> Response:
    """Read the body and look at nothing: what web server and framework cost by themselves."""
    request.get_data()
    return Response(b'{"cards":[]}', content_type="application/json")
