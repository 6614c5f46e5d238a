# SPDX-License-Identifier: MIT
"""A driver of labgrid for the pump at one of labgrid's own ports; see bench/RECIPES.md.

`imports: [pumpbench.labgrid_driver]` in an environment makes `PumpDriver` known there. It has no
resource of its own: a serial port is labgrid's RawSerialPort or USBSerialPort, one that an
exporter shares is its NetworkSerialPort, and so is a console behind a plain socket, with
`protocol: raw`.
"""

from typing import Any

import attr  # pyright: ignore[reportMissingImports]
from labgrid import target_factory  # pyright: ignore[reportMissingImports]
from labgrid.driver import Driver  # pyright: ignore[reportMissingImports]
from labgrid.driver.exception import ExecutionError  # pyright: ignore[reportMissingImports]
from labgrid.resource import SerialPort  # pyright: ignore[reportMissingImports]
from labgrid.util.proxy import proxymanager  # pyright: ignore[reportMissingImports]

from pumpbench.client.lines import REOPEN_S, TIMEOUT_S, PumpError
from pumpbench.client.pump import NotAPump, Pump
from pumpbench.commands.command_line import NoPort, opened

_SILENT = "A board whose firmware has ended waits at its REPL and does not answer: reset it."
# Without ign_set_control a server of serial ports without control lines causes a timeout.
_ADDRESSES = {"raw": "socket://{}:{}", "rfc2217": "rfc2217://{}:{}?ign_set_control"}


@target_factory.reg_driver
@attr.s(eq=False)
class PumpDriver(Driver):
    """The pump at a port, open while the driver is active, and stopped when it is deactivated.

    timeout_s, reopen_s: as in `Pump.open`.
    """

    bindings = {"port": {"SerialPort", "NetworkSerialPort"}}  # noqa: RUF012
    timeout_s: float = attr.ib(default=TIMEOUT_S, converter=float)
    reopen_s: float = attr.ib(default=REOPEN_S, converter=float)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.port: Any  # the bound resource
        self._pump: Pump | None = None

    @property
    @Driver.check_active
    def pump(self) -> Pump:
        """The pump; StateError while the driver is not active."""
        assert self._pump is not None
        return self._pump

    def on_activate(self) -> None:
        """Open the pump; ExecutionError if there is none."""
        self._pump = self._opened(address_of(self.port))

    def on_deactivate(self) -> None:
        """Stop the pump and close it; ExecutionError if it could not be stopped."""
        pump, self._pump = self._pump, None
        if pump is None:  # it could not be stopped, which was reported
            return
        try:
            pump.stop()
        except (OSError, PumpError) as error:
            why = str(error).rstrip(".")
            where = address_of(self.port)
            raise _failure(f"The pump at {where} was not stopped: {why}.") from error
        finally:
            pump.close()

    def _opened(self, where: str) -> Pump:
        try:
            return opened(where, self.timeout_s, self.reopen_s)
        except NoPort as why:
            raise _failure(str(why)) from why
        except NotAPump as why:
            is_silent = "nothing answers" in str(why)
            raise _failure(f"{why} {_SILENT}" if is_silent else str(why)) from why
        except TimeoutError as error:
            raise _failure(f"The pump at {where} fell silent: {error}.") from error


def address_of(port: Any) -> str:
    """The address of a labgrid port for `Pump.open`."""
    if isinstance(port, SerialPort):
        return port.port
    if port.protocol not in _ADDRESSES:
        raise _failure(f"A port has protocol raw or rfc2217, not {port.protocol}.")
    return _ADDRESSES[port.protocol].format(*proxymanager.get_host_and_port(port))


def _failure(sentence: str) -> Exception:
    """The exception that labgrid takes for a failure of a driver."""
    return ExecutionError(sentence)  # pyright: ignore[reportCallIssue]
