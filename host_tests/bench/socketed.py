# SPDX-License-Identifier: MIT
"""A serial port behind a plain socket, for one client, as a server of serial ports has it."""

import contextlib
import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def socketed(port: str) -> Iterator[int]:
    """The number of a TCP port of this machine where a serial port is served."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        carrier = threading.Thread(target=_carry, args=(server, port), daemon=True)
        carrier.start()
        yield server.getsockname()[1]
        carrier.join(10)


def _carry(server: socket.socket, port: str) -> None:
    """Carry bytes both ways until the client goes."""
    client, _ = server.accept()
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    ways = {line: client.fileno(), client.fileno(): line}
    with client, contextlib.suppress(OSError):
        while True:
            for source in select.select(list(ways), [], [])[0]:
                data = os.read(source, 1000)
                if not data:
                    os.close(line)
                    return
                os.write(ways[source], data)
