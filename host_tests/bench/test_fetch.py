# SPDX-License-Identifier: MIT
"""Images of MicroPython are found by version or path, and downloaded whole or not at all."""

import hashlib
import http.server
import io
import struct
import threading
import time

import pytest
from rich.console import Console

from pumpbench.images import fetch, uf2

VERSION = "1.25.0"
NAME = "RPI_PICO-20250415-v1.25.0.uf2"
RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59


def uf2_of(count, family=RP2040):
    """A UF2 file of so many blocks."""
    blocks = []
    for number in range(count):
        head = (
            0x0A324655,
            0x9E5D5157,
            0x2000,
            0x10000000 + 256 * number,
            256,
            number,
            count,
            family,
        )
        blocks.append(struct.pack("<8I476sI", *head, b"", 0x0AB16F30))
    return b"".join(blocks)


CONTENT = uf2_of(100)


class Server:
    """micropython.org on this machine: it answers `reply` to everything."""

    def __init__(self):
        self.reply = (200, {}, CONTENT)
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                status, headers, body = outer.reply
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                """Nothing is said."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/resources/firmware/{NAME}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server = Server()
    monkeypatch.setattr(uf2, "releases", lambda: {VERSION: server.address})
    yield server
    server.close()


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), width=200)


def test_every_release_is_at_its_official_address_and_has_an_official_name():
    releases = uf2.releases()
    assert list(releases)[-1] == "1.22.0"
    assert {"1.22.0", "1.28.0", "1.29.0"} <= releases.keys()
    assert not any("preview" in version for version in releases)
    for version, address in releases.items():
        assert address.startswith("https://micropython.org/resources/firmware/RPI_PICO-")
        assert address.endswith(f"-v{version}.uf2")
        assert address.rsplit("/", 1)[1] == uf2.name_of(version)


def test_an_image_is_downloaded_once_and_its_unknown_sum_is_told(server, screen, tmp_path):
    folder = tmp_path / "cache"
    path = fetch.fetch(VERSION, folder, screen)
    assert path == folder / NAME
    assert path.read_bytes() == CONTENT
    assert hashlib.sha256(CONTENT).hexdigest() in screen.file.getvalue()
    assert fetch.fetch(VERSION, folder, screen) == path
    assert len(server.asked) == 1
    assert list(folder.iterdir()) == [path]


def test_a_known_sum_is_held_against_what_came(server, screen, tmp_path, monkeypatch):
    monkeypatch.setitem(uf2.SHA256, VERSION, hashlib.sha256(CONTENT).hexdigest())
    assert fetch.fetch(VERSION, tmp_path, screen).read_bytes() == CONTENT
    assert "SHA" not in screen.file.getvalue()


def test_what_lies_there_already_is_held_against_its_sum_too(
    server, screen, tmp_path, monkeypatch
):
    monkeypatch.setitem(uf2.SHA256, VERSION, hashlib.sha256(CONTENT).hexdigest())
    (tmp_path / NAME).write_bytes(uf2_of(99))
    with pytest.raises(uf2.MissingImage, match="is not the image that was published"):
        fetch.fetch(VERSION, tmp_path, screen)
    assert server.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        (200, {}, uf2_of(99)),
        (200, {}, CONTENT[:-1]),
        (404, {}, b"no such file"),
        (302, {"Location": "http://127.0.0.1:1/elsewhere.uf2"}, b""),
        (200, {"Content-Length": "99999999"}, CONTENT),
    ],
    ids=["another", "cut", "not there", "elsewhere", "shorter than told"],
)
def test_what_is_not_the_image_is_not_kept(server, screen, tmp_path, monkeypatch, reply):
    monkeypatch.setitem(uf2.SHA256, VERSION, hashlib.sha256(CONTENT).hexdigest())
    server.reply = reply
    with pytest.raises(uf2.FetchError, match=NAME):
        fetch.fetch(VERSION, tmp_path, screen)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [b"<html>sign in</html>", CONTENT[:-512], CONTENT[:-1], uf2_of(100, RP2350), b""],
    ids=["a page", "a block less", "a byte less", "of another chip", "nothing"],
)
def test_without_a_sum_only_a_whole_image_for_the_chip_is_kept(server, screen, tmp_path, body):
    server.reply = (200, {}, body)
    with pytest.raises(uf2.FetchError, match=NAME):
        fetch.fetch(VERSION, tmp_path, screen)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_network_one_sentence_says_what_to_do_within_five_seconds(
    server, screen, tmp_path, monkeypatch
):
    def never_answer(*_):
        time.sleep(60)
        raise TimeoutError

    monkeypatch.setattr(fetch.socket, "create_connection", never_answer)
    start_s = time.monotonic()
    with pytest.raises(uf2.FetchError) as raised:
        fetch.fetch(VERSION, tmp_path, screen)
    assert time.monotonic() - start_s < 5
    assert str(raised.value) == (
        f"127.0.0.1 cannot be reached: put {NAME} (from {uf2.SOURCE}) into {tmp_path}."
    )


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_asked_for(
    server, screen, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    with pytest.raises(uf2.FetchError, match=r"file.cache cannot be written to: Not a dir"):
        fetch.fetch(VERSION, tmp_path / "file" / "cache", screen)

    def refuse(**_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fetch.tempfile, "TemporaryFile", refuse)
    with pytest.raises(uf2.FetchError, match="cannot be written to: Permission denied"):
        fetch.fetch(VERSION, tmp_path, screen)
    assert server.asked == []


def test_the_newest_that_is_there_is_the_first(tmp_path):
    assert uf2.present(tmp_path) == []
    for version in ("1.22.0", "1.28.0", "1.23.0"):
        (tmp_path / uf2.name_of(version)).touch()
    (tmp_path / "RPI_PICO-20270101-v9.9.9.uf2").touch()
    assert uf2.present(tmp_path) == ["1.28.0", "1.23.0", "1.22.0"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "There is no file"),
        (b"", "is no whole UF2 file"),
        (b"\x7fELF" * 128, "is no whole UF2 file"),
        (uf2_of(3)[:-512], "is no whole UF2 file"),
        (uf2_of(3, RP2350), "is not for an RP2040"),
    ],
)
def test_a_file_that_is_no_image_is_told(tmp_path, content, text):
    path = tmp_path / "mine.UF2"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(uf2.MissingImage, match=text):
        uf2.find_uf2(str(path))


def test_an_image_may_be_any_file(tmp_path):
    path = tmp_path / "mine.uf2"
    path.write_bytes(uf2_of(3))
    assert uf2.find_uf2(str(path)) == path
