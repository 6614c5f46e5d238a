# SPDX-License-Identifier: MIT
"""The hardware, one module per port; nothing outside this folder imports machine, rp2 or esp32.

The members of a port module; `board` is a board's data. Importing it touches no hardware. A part
that is not fitted is None.

    check(board)             ValueError if the board's data cannot be run at all
    make_safe(board)         sets every output inactive: the first call after any reset
    is_held(board, button)   whether a button is certainly held down
    cry(board)               the pump cannot run: safe outputs, lamp on, a second of sound
    console_port(board, clock)  `read_into`, `write`, `has_input`, `close`, see `console`
    Rest(clock, port)        `until(due_us)`, `end()`, `doze()`: idles the processor
    step_engine(board, clock)  finite runs of steps and a witness, see `rp2_steps`, `esp32_steps`
    rotor(board)             a counter of the rotor's pulses, or None
    speaker(board)           the buzzer, or None
    lamps(board)             (lamp of HIGH, lamp of the others), None each
    button_lines(board, rest)  of stop, silence and bolus, None each
    stopwatch()              a timer that shares no counter with the clock
    scratch()                words that survive a reset with power on, or None
    watchdog_timer()         `start(ms)`, `feed()`, `is_running()`, `stop()`, or None
    rtc(board)               a clock with a battery, or None
    unique_id()              the chip's serial number, as text
    random_bytes(count)      unpredictable bytes
    reset_cause()            POWER, WATCHDOG or OTHER
"""
