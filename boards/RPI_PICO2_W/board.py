# SPDX-License-Identifier: MIT
"""Raspberry Pi Pico 2 W (RP2350) with a STEP/DIR driver and the reference peristaltic head.

Data only: read by the firmware's HAL, by the emulated board and by the fake hardware. A pin is
written `GPn`; a leading `!` means active low, a leading `^` means with the internal pull-up.
Times are microseconds, volumes picolitres, rates nanolitres per day.
"""

NAME = "RPI_PICO2_W"
PORT = "rp2"

# function -> pin. The LED on the board hangs on the radio's chip, so the lamp is one of its own.
# In place of "lamp" there can be "lamp_red" and "lamp_yellow".
PINS = {
    "step": "GP2",
    "dir": "GP3",
    "enable": "!GP4",
    "buzzer": "GP15",
    "lamp": "GP22",
    "stop_button": "^!GP14",
    "silence_button": "^!GP13",
    "bolus_button": "^!GP12",
}

# A "passive" buzzer gets every cycle of a tone; an "active" one makes its own tone while on.
BUZZER = "passive"

# Console: "usb", or ("uart", id, tx pin, rx pin, baud).
CONSOLE = "usb"

# Fitted besides the parts above: "ds3231", a clock with a battery at the pins of I2C;
# "rotor", a sensor of the pump head's rotor: it needs "rotor": "^GP16" in PINS, too, and a line
# ROTOR = {"steps_per_pulse": 400}, the motor's steps from one pulse to the next.
HAS = ()

# (number of the bus, sda, scl). Used only if HAS names a part with I2C.
I2C = (0, "GP20", "GP21")

# STEP/DIR driver, worst case of A4988, DRV8825 and TMC2209: the step pulse is high for 3 us,
# DIR is stable 2 us before a step, outputs are on 1 ms after ENABLE; max_steps_s is the motor's.
DRIVER = {
    "step_high_us": 3,
    "setup_us": 1000,
    "max_steps_s": 20_000,
}

# The reference pump: 0.2 mL a revolution, 200 full steps, 16 microsteps: 62.5 nL a step.
PUMP = {
    "pl_per_rev": 200_000_000,
    "full_steps": 200,
    "microsteps": 16,
    "min_rate_nl_d": 6_000,  # 0.006 mL a day
    "max_rate_nl_d": 24_000_000_000,  # 1000 mL an hour
    "reservoir_nl": 20_000_000,  # volume of the full reservoir
    "dead_nl": 500_000,  # never delivered: the pump stops before
}
