# SPDX-License-Identifier: MIT
"""The host end of the emulated board's USB serial line: bytes in, bytes out.

rp2040py answers an idle OUT endpoint with empty packets, each an interrupt that keeps the
processor awake. A real host sends nothing while it has no data; nor does this one.
"""

from collections.abc import Callable

from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.fifo import FIFO

QUEUE_BYTES = 1 << 16
CONTROL_ENDPOINT = 0


class UsbConsole:
    """output: grows by the output of the board. `write` sends to it."""

    def __init__(self, cdc: USBCDC, output: bytearray):
        self.is_connected = False
        self._cdc = cdc
        assert cdc.usb.on_endpoint_read is not None and cdc.usb.on_reset is not None
        self._answer: Callable[[int, int], None] = cdc.usb.on_endpoint_read
        self._unplug: Callable[[], None] = cdc.usb.on_reset
        self._unanswered: tuple[int, int] | None = None
        cdc.tx_fifo = FIFO(QUEUE_BYTES)
        cdc.on_serial_data = output.extend
        cdc.on_device_connected = self._connected
        cdc.usb.on_endpoint_read = self._endpoint_read
        cdc.usb.on_reset = self._reset

    @property
    def free_bytes(self) -> int:
        """The number of bytes that `write` accepts now."""
        return self._cdc.tx_fifo.size - self._cdc.tx_fifo.item_count

    def write(self, data: bytes) -> None:
        """Queue bytes for the board; BufferError when it reads too slowly."""
        if len(data) > self.free_bytes:
            raise BufferError(f"the board reads too slowly for {len(data)} bytes more")
        for byte in data:
            self._cdc.send_serial_byte(byte)
        self._answer_read()

    def _connected(self) -> None:
        self.is_connected = True

    def _reset(self) -> None:
        self.is_connected = False
        self._unanswered = None
        self._unplug()

    def _endpoint_read(self, endpoint: int, size: int) -> None:
        if endpoint == CONTROL_ENDPOINT:
            self._answer(endpoint, size)
            return
        self._unanswered = endpoint, size
        self._answer_read()

    def _answer_read(self) -> None:
        if self._unanswered is None or self._cdc.tx_fifo.empty:
            return
        unanswered, self._unanswered = self._unanswered, None
        self._answer(*unanswered)
