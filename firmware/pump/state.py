# SPDX-License-Identifier: MIT
"""The states of the whole pump, and of what it delivers, by the names the console uses."""

# SYSTem:STATe?
STOPPED = "STOPPED"  # nothing moves; the state after any reset
RUNNING = "RUNNING"  # something is being delivered
FAULT = "FAULT"  # a fault has stopped the pump; only a reset leaves this state
SELFTEST = "SELFTEST"  # the power-on self-test is under way
SERVICE = "SERVICE"  # the application ends and gives the REPL away

# THERapy:STATe?, besides STOPPED, and RUNNING for the regular therapy with or without a bolus
BRIDGE = "BRIDGE"  # the old drug is on its way out; the regular therapy follows by itself
BOLUS = "BOLUS"  # a bolus alone; stopped afterwards
TRIAL = "TRIAL"  # the dose of a trial alone; an observation follows
OBSERVATION = "OBSERVATION"  # nothing moves, and nothing may start
PRIME = "PRIME"  # the line is being filled
JOG = "JOG"  # the motor turns
