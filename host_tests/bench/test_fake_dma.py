# SPDX-License-Identifier: MIT
"""DMA feeds a state machine without the processor: the fake chip is held to the emulated one."""

import pytest

from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.not_on_unix

PIN = 15
FIRST = "(3, 100, 250), (1, 5, 700), (4, 1, 1), (2, 1234, 77)"
SECOND = "(2, 40, 60), (5, 3, 9), (1, 0, 0), (3, 500, 20)"
LONG = "(200, 100, 250), (1, 5, 700), (4, 1, 1), (2, 1234, 77)"

# A word says how many pulses follow, the next how long each is, the third how long its pause.
MAIN = """
import rp2
import time
from array import array

@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW)
def pulses():
    pull().side(0)
    mov(y, osr).side(0)
    pull().side(0)
    mov(isr, osr).side(0)
    pull().side(0)
    label("pulse")
    mov(x, isr).side(1)
    label("high")
    jmp(x_dec, "high").side(1)
    mov(x, osr).side(0)
    label("low")
    jmp(x_dec, "low").side(0)
    jmp(y_dec, "pulse").side(0)

def words_of(trains):
    return array("I", [word for count, high, low in trains for word in (count - 1, high, low)])

def play(words):
    control = dma.pack_ctrl(inc_write=0, treq_sel=8)
    dma.config(read=words, write=0x50300010, count=len(words), ctrl=control, trigger=True)

def stop():
    dma.active(0)
    sm.active(0)
    sm.restart()
    sm.exec("set(y, 0).side(0)")
    while sm.tx_fifo():
        sm.exec("pull(noblock).side(0)")
    sm.active(1)

sm = rp2.StateMachine(4, pulses, freq=1_000_000, sideset_base=PIN)
sm.active(1)
dma = rp2.DMA()
"""

HANGS = {
    "sim": "time.sleep(3600)",
    "emulator": "import machine; machine.disable_irq()\nwhile True: pass",
}


def main_of(body):
    return MAIN.replace("PIN", str(PIN)) + body


def edges_of(trains, start_us=0):
    """The edges of trains that follow each other, in us, the first one at `start_us`."""
    edges, t_us = [], start_us
    for count, high, low in trains:
        for _ in range(count):
            edges += (t_us, 1), (t_us + high + 2, 0)
            t_us += high + low + 5
        t_us += 5
    return edges


def heard(target):
    """What the pin did, in ns from its first edge."""
    changes = target.pin(PIN).changes
    return [(t_ns - changes[0][0], level) for t_ns, level in changes]


def expected(text):
    return [(t_us * 1_000, level) for t_us, level in edges_of(eval(f"[{text}]"))]


def test_a_burst_of_twelve_words_is_played_while_python_hangs(power_up):
    body = f"words = words_of([{FIRST}])\nplay(words)\n"
    target = power_up(main=main_of(body) + HANGS["sim" if power_up is SimTarget else "emulator"])
    target.run_until(lambda: target.pin(PIN).changes, timeout_s=20)
    target.run(0.1)
    assert heard(target) == expected(FIRST)


def test_an_aborted_burst_leaves_the_pin_low_and_the_next_one_is_whole(power_up):
    body = f"""
play(words_of([{LONG}]))
time.sleep_ms(5)
was_active, left = dma.active(), dma.count
stop()
print(was_active, left, dma.active(), sm.tx_fifo())
time.sleep_ms(100)
print("again")
play(words_of([{SECOND}]))
while dma.active():
    time.sleep_ms(1)
print(dma.count, dma.active())
time.sleep_ms(100)
print("end")
"""
    target = power_up(main=main_of(body))
    assert target.read_line(20) == "True 5 False 0"
    target.run(0.05)
    first = target.pin(PIN).changes[:]
    assert first[-1][1] == 0
    assert 2 < len(first) < 400
    assert target.read_line() == "again"
    assert target.read_line() == "0 False"
    assert target.read_line() == "end"
    second = target.pin(PIN).changes[len(first) :]
    assert [(t_ns - second[0][0], level) for t_ns, level in second] == expected(SECOND)


def test_a_pull_by_the_processor_takes_one_word_and_dma_brings_the_next(power_up):
    body = f"""
sm.active(0)
sm.restart()  # no pull waits
play(words_of([{FIRST}]))
print(sm.tx_fifo(), dma.count)
sm.exec("pull(noblock).side(0)")
print(sm.tx_fifo(), dma.count)
for _ in range(8):
    sm.exec("pull(noblock).side(0)")
print(sm.tx_fifo(), dma.count, dma.active())
for _ in range(3):
    sm.exec("pull(noblock).side(0)")
sm.exec("mov(isr, osr)")
sm.exec("push(noblock)")
print(sm.tx_fifo(), sm.get())
"""
    target = power_up(main=main_of(body))
    lines = [target.read_line(20) for _ in range(4)]
    assert lines == ["4 8", "4 7", "3 0 False", "0 77"]


def test_autopull_is_fed_too(power_up):
    body = """
@rp2.asm_pio(out_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT, autopull=True)
def bits():
    out(pins, 1)

sm.init(bits, freq=1_000_000, out_base=PIN)
words = array("I", [0x55555555] * 11 + [5])
play(words)
sm.active(1)
time.sleep_ms(2)
print(dma.active(), sm.tx_fifo())
""".replace("PIN", str(PIN))
    target = power_up(main=main_of(body))
    assert target.read_line(20) == "False 0"
    assert heard(target) == [(i * 1_000, 1 - i % 2) for i in range(11 * 32 + 4)]


def test_words_are_read_when_they_are_transferred_and_memory_may_be_bytes(power_up):
    body = """
sm.active(0)
sm.restart()
words = bytearray(range(32))
dma.config(read=memoryview(words), write=0x50300010, count=8)
dma.config(ctrl=dma.pack_ctrl(inc_write=0, treq_sel=8))
print(dma.active(), sm.tx_fifo())
dma.config(trigger=True)
for i in range(32):
    words[i] = 255
for _ in range(5):
    sm.exec("pull(noblock).side(0)")
    sm.exec("mov(isr, osr)")
    sm.exec("push(noblock)")
    print(hex(sm.get()))
"""
    target = power_up(main=main_of(body))
    lines = [target.read_line(20) for _ in range(6)]
    words = ["0x3020100", "0x7060504", "0xb0a0908", "0xf0e0d0c", "0xffffffff"]
    assert lines == ["False 0", *words]


def test_channels_are_claimed_closed_and_described_by_a_control_word(power_up):
    body = """
others = []
try:
    while True:
        others.append(rp2.DMA())
except OSError as error:
    print(error.errno)
other = others[-1]
print(hex(other.pack_ctrl()), other.channel == dma.channel + len(others))
print(hex(other.pack_ctrl(default=0, treq_sel=9, high_pri=1, bswap=1, busy=1)))
print(other.unpack_ctrl(other.pack_ctrl())["treq_sel"])
for bad in ({"size": 4}, {"speed": 1}):
    try:
        other.pack_ctrl(**bad)
    except (ValueError, TypeError) as error:
        print(type(error).__name__)
other.close()
other.close()
try:
    other.active()
except ValueError:
    print("closed")
print(rp2.DMA().channel == dma.channel + len(others))
"""
    target = power_up(main=main_of(body))
    lines = [target.read_line(20) for _ in range(8)]
    number = 11
    word = hex(1 << 21 | 0x3F << 15 | number << 11 | 0b111001)
    packed = hex(1 << 22 | 9 << 15 | 2)
    described = ["16", f"{word} True", packed, "63"]
    assert lines == [*described, "ValueError", "TypeError", "closed", "True"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("size=1", "size=1"),
        ("inc_read=0", "inc_read=0"),
        ("inc_write=1", "inc_write=1"),
        ("ring_size=4", "ring_size=4"),
        ("chain_to=5", "chain_to=5"),
        ("treq_sel=9", "treq_sel=9"),
        ("treq_sel=0x3f", "treq_sel=63"),
    ],
)
def test_what_is_not_simulated_is_refused(change, text):
    body = f"""
settings = dict(inc_write=0, treq_sel=8)
settings.update({change})
ctrl = dma.pack_ctrl(**settings)
dma.config(read=bytes(4), write=0x50300010, count=1, ctrl=ctrl, trigger=True)
"""
    target = SimTarget(main=main_of(body))
    target.run(0.1)
    assert isinstance(target.ended.error, NotImplementedError)
    assert text in str(target.ended.error)


@pytest.mark.parametrize("change", ["write=words", "read=0x20000000", "count=3"])
def test_other_addresses_and_reads_beyond_the_end_are_refused(change):
    body = f"""
words = bytearray(8)
settings = dict(read=words, write=0x50300010, count=2, trigger=True)
settings.update({change})
dma.config(ctrl=dma.pack_ctrl(inc_write=0, treq_sel=8), **settings)
"""
    target = SimTarget(main=main_of(body))
    target.run(0.1)
    assert isinstance(target.ended.error, NotImplementedError)


def test_a_reset_ends_the_transfer_and_frees_the_channels():
    body = f"play(words_of([{LONG}]))\ntime.sleep_ms(5)\nimport machine\nmachine.reset()"
    target = SimTarget(main=main_of(body))
    target.run(1)
    count = len(target.pin(PIN).changes)
    assert 2 < count < 400
    machine = target.world.pio.machines[4]
    assert machine.feed is None
    assert target.world.dma.claim().number == 0


def test_an_instruction_that_the_processor_executes_sets_its_pin_at_once(power_up):
    body = """
sm.active(0)
for level in (1, 0, 1, 0):
    sm.exec("nop().side(%d)" % level)
    time.sleep_ms(5)
print("end")
"""
    target = power_up(main=main_of(body))
    assert target.read_line(20) == "end"
    assert [level for _, level in target.pin(PIN).changes] == [1, 0, 1, 0]
