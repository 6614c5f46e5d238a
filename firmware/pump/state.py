# SPDX-License-Identifier: MIT
"""The states of the whole pump, as `SYSTem:STATe?` names them."""

STOPPED = "STOPPED"  # nothing moves; the state after any reset
RUNNING = "RUNNING"  # something is being delivered
FAULT = "FAULT"  # a fault has stopped the pump; only a reset leaves this state
SELFTEST = "SELFTEST"  # the power-on self-test is under way
SERVICE = "SERVICE"  # the application ends and gives the REPL away
