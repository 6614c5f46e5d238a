# SPDX-License-Identifier: MIT
"""Status registers of IEEE 488.2 and SCPI, which a host reads to learn of events.

OPERation, QUEStionable: condition -> event (latched) -> enable -> one bit of the status byte ESR
(events)                                          -> ESE    -> one bit of the status byte status
byte                                           -> SRE    -> MSS
"""

from micropython import const

# Event status register (IEEE 488.2 11.5.1)
ESR_OPERATION_COMPLETE = const(1 << 0)
ESR_QUERY_ERROR = const(1 << 2)
ESR_DEVICE_ERROR = const(1 << 3)
ESR_EXECUTION_ERROR = const(1 << 4)
ESR_COMMAND_ERROR = const(1 << 5)
ESR_POWER_ON = const(1 << 7)

# Status byte. Bit 4, MAV, is always 0: a response is sent at once and never waits to be read.
_ERROR_AVAILABLE = const(1 << 2)
_QUESTIONABLE = const(1 << 3)
_EVENT_SUMMARY = const(1 << 5)
_MASTER_SUMMARY = const(1 << 6)
_OPERATION = const(1 << 7)


class Register:
    """One SCPI status register of 15 bits: conditions, and events latched since the last read."""

    def __init__(self):
        self.condition = 0
        self.enable = 0
        self._event = 0

    def update(self, bits, is_on):
        """Set or clear condition bits; a bit that goes from 0 to 1 is latched as an event."""
        if is_on:
            self._event |= bits & ~self.condition
            self.condition |= bits
        else:
            self.condition &= ~bits

    def signal(self, bits):
        """Latch event bits while their condition lasts: another event of the same kind."""
        self._event |= bits

    def set_enable(self, bits):
        self.enable = bits

    def take_event(self):
        """The latched events; reading clears them."""
        event, self._event = self._event, 0
        return event

    def has_summary(self):
        return (self._event & self.enable) != 0


class Status:
    """All registers of the instrument. At power-up all are 0 but the power-on bit of the ESR."""

    def __init__(self):
        self.operation = Register()
        self.questionable = Register()
        self.event_enable = 0  # ESE
        self.request_enable = 0  # SRE
        self._event = ESR_POWER_ON  # ESR

    def set_event(self, bits):
        self._event |= bits

    def take_event(self):
        """The ESR; reading clears it."""
        event, self._event = self._event, 0
        return event

    def set_event_enable(self, bits):
        self.event_enable = bits

    def set_request_enable(self, bits):
        """Set SRE without bit 6: the summary cannot request service for itself (488.2 11.3.2)."""
        self.request_enable = bits & ~_MASTER_SUMMARY

    def byte(self, has_errors):
        """The status byte as `*STB?` answers it, with bit 6 as MSS."""
        value = 0
        if has_errors:
            value |= _ERROR_AVAILABLE
        if self.questionable.has_summary():
            value |= _QUESTIONABLE
        if self._event & self.event_enable:
            value |= _EVENT_SUMMARY
        if self.operation.has_summary():
            value |= _OPERATION
        if value & self.request_enable:
            value |= _MASTER_SUMMARY
        return value

    def preset(self):
        """`STATus:PRESet`: neither register requests service any more (SCPI-1999 20.7)."""
        self.operation.set_enable(0)
        self.questionable.set_enable(0)

    def clear(self):
        """`*CLS`: forget all events; conditions and enables stay."""
        self.take_event()
        self.operation.take_event()
        self.questionable.take_event()
