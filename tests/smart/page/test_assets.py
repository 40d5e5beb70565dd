"""Static files: under their digest for ever, under their name for a while, packed on request, nothing beside them."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rpild_server import assets
from smart_app.packing import packed
from smart_app.rendering import SCRIPTS, STYLES


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(assets.create_assets_blueprint())
    return app.test_client()


@pytest.mark.parametrize("name", [*STYLES, *SCRIPTS, "logo.svg", "trends.js"])
def test_every_file_of_the_page_is_served_under_its_digest(client: FlaskClient, name: str) -> None:
    answer = client.get(assets.asset_url(name))
    assert answer.status_code == 200
    assert answer.data == assets.read_asset(name)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type.split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}


def test_a_browser_that_packs_gets_it_packed_and_asks_again_cheaply(client: FlaskClient) -> None:
    url = assets.asset_url("app.css")
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == assets.read_asset("app.css")
    again = client.get(url, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(url, headers={"Accept-Encoding": "gzip;q=0"}).headers.get("Content-Encoding") is None


def test_the_plain_name_is_kept_for_a_while_only(client: FlaskClient) -> None:
    assert client.get("/static/app.css").headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/none.css", "/static/000000000000/app.css", "/static/../pyproject.toml",
     "/static/%2e%2e/pyproject.toml", "/static/..%2fpyproject.toml", "/static/app.css%00", "/static/vendor"],
)  # fmt: skip
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {404, 308}


def test_a_missing_file_is_told_by_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"unheard\.css is missing"):
        assets.asset_url("unheard.css")


def test_a_wheel_holds_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assets.folder.cache_clear()
    monkeypatch.setattr(assets, "PACKAGED", assets.BESIDE / "vendor")
    assert assets.folder() == assets.BESIDE / "vendor"
    assets.folder.cache_clear()
    monkeypatch.undo()
    assert assets.folder() in {assets.PACKAGED, assets.BESIDE}
    assets.folder.cache_clear()


def test_a_page_travels_packed_where_the_browser_takes_it() -> None:
    app = Flask(__name__)
    with app.test_request_context(headers={"Accept-Encoding": "br, gzip"}):
        answer = packed("äöü" * 99, "text/html")
        assert gzip.decompress(answer.data).decode() == "äöü" * 99
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.content_type == "text/html; charset=utf-8"
    with app.test_request_context():
        assert packed("plain", "text/plain").data == b"plain"
