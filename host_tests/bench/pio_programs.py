# SPDX-License-Identifier: MIT
"""PIO programs of the tests: the step engine's three machines, as the firmware has them."""

# The names inside the programs are the assembler's.
# ruff: noqa: F821

from pumpbench.sim import asm


def step_program(pulse_us):
    @asm.asm_pio(sideset_init=asm.OUT_LOW, out_shiftdir=asm.SHIFT_RIGHT)
    def program():
        wrap_target()
        label("fetch")
        pull().side(0)
        out(y, 12).side(0)
        label("interval")
        mov(x, osr).side(0)
        label("wait")
        jmp(x_dec, "wait").side(0)
        jmp(not_y, "fetch").side(0)
        irq(4).side(1)[pulse_us - 1]
        jmp(y_dec, "next").side(0)
        label("next")
        jmp(not_y, "fetch").side(0)
        jmp("interval").side(0)[1]
        wrap()

    return program


@asm.asm_pio()
def count_flags():
    label("next")
    wait(1, irq, 4)
    jmp(x_dec, "next")


@asm.asm_pio()
def count_edges():
    label("next")
    wait(0, pin, 0)
    wait(1, pin, 0)
    jmp(x_dec, "next")
