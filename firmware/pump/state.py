# SPDX-License-Identifier: MIT
"""The states of the whole pump, and of its delivery, by the names that the console uses."""

from micropython import const

# SYSTem:STATe?
STOPPED = const("STOPPED")  # nothing moves; the state after any reset
RUNNING = const("RUNNING")  # something is being delivered
FAULT = const("FAULT")  # a fault has stopped the pump; only a reset leaves this state
SELFTEST = const("SELFTEST")  # the power-on self-test is under way
SERVICE = const("SERVICE")  # the application ends and hands over to the REPL

# THERapy:STATe?, besides STOPPED, and RUNNING for the regular therapy with or without a bolus
BRIDGE = const("BRIDGE")  # the old drug is delivered from the line; the regular therapy follows
BOLUS = const("BOLUS")  # a bolus alone; stopped afterwards
TRIAL = const("TRIAL")  # the dose of a trial alone; an observation follows
OBSERVATION = const("OBSERVATION")  # nothing moves, and nothing may start
PRIME = const("PRIME")  # the line is being filled
JOG = const("JOG")  # the motor turns
