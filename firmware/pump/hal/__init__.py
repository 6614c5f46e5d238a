# SPDX-License-Identifier: MIT
"""The hardware, one module per port; nothing outside this folder imports machine, rp2 or esp32.

What a port has, `board` being a board's data. Importing it touches nothing; what is not there is
None.

    check(board)             ValueError where the board cannot be run at all
    make_safe(board)         every output at its inactive level: the first thing after any reset
    is_held(board, button)   whether a button is down for sure
    cry(board)               safe outputs, the lamp on, a second of sound: the pump cannot run
    console_port(board, clock)  `read_into`, `write`, `has_input`, `close`, see `console`
    Rest(clock, port)        `until(due_us)`, `end()`, `doze()`: where the processor waits
    step_engine(board, clock)  finite runs of steps and a witness, see `rp2_steps`, `esp32_steps`
    rotor(board)             a counter of the rotor's pulses, or None
    speaker(board)           the buzzer, or None
    lamps(board)             (of HIGH, of the others), None each
    button_lines(board, rest)  of stop, silence and bolus, None each
    stopwatch()              shares no counter with the clock
    scratch()                words that survive a reset without power, or None
    watchdog_timer()         `start(ms)`, `feed()`, `is_running()`, `stop()`, or None
    rtc(board)               a clock with a battery, or None
    unique_id()              the chip's own number, as text
    random_bytes(count)      that nobody can foresee
    reset_cause()            POWER, WATCHDOG or OTHER
"""
