# SPDX-License-Identifier: MIT
"""What a test of alarms does with a bench: listen to the pin, look at the lamp."""

from host_tests.support.console.alarm_answers import shown
from host_tests.support.sessions.bench import main_with_task
from pump.alarm import conditions
from pump.alarm.conditions import LOW
from pumpbench.analysis import sound, standard
from pumpbench.boards.catalog import board_of, checked
from pumpbench.client.pump import Pump

BITS = {"HIGH": 1024, "MEDIUM": 2048, "LOW": 4096}
ONCE = {303, 312, 325}  # over when somebody has taken note
ACTING_PIN = 10  # nothing of the board is on it
PRESSED = """
button = hal.Input("^!GP10")
was_active = [False]

def act():
{action}

def extra(now_us):
    is_active = button.is_active()
    if is_active and not was_active[0]:
        act()
    was_active[0] = is_active
    return app.clock.now_us() + 50_000
"""


LAMP_LINE = '    "lamp": "GP25",\n'
ROTOR = (  # for `with_board`: a sensor of the rotor
    ("HAS = ()\n", 'HAS = ("rotor",)\nROTOR = {"steps_per_pulse": 400}\n'),
    (LAMP_LINE, LAMP_LINE + '    "rotor": "^GP16",\n'),
)


def pressing(action):
    """A main.py in which a pin of its own does something while the pump runs."""
    return main_with_task(PRESSED.format(action="    " + action.replace("\n", "\n    ")))


def press(bench):
    pin = bench.target.pin(ACTING_PIN)
    pin.drive(0)
    bench.run(0.2)
    pin.drive(1)
    bench.run(0.1)


def with_board(power_up, *changes):
    """A board whose data differs, (old text, new text) each."""
    text = checked("RPI_PICO").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    if power_up.name != "emulator":
        return power_up(board_of(text))
    return power_up(extra_files={"/board.py": text.encode()})


class Later:
    """The board of a bench after a reset that loses its power; nothing has been set up on it.

    main: the one that it has. The flash of an emulated board holds it already.
    """

    def __init__(self, power_up, bench, main):
        options = {"main": main} if power_up.name != "emulator" else {}
        self.target = power_up(flash=bench.target.flash, **options)
        self.plant, self.run = self.target.plant, self.target.run
        pump = Pump(self.target)
        self.ask, self.tell = pump.ask, pump.tell
        self.ask("*CLS;*OPC?")


def filled(bench):
    """A bench with a full reservoir, after the tone of its power-up."""
    bench.tell("RES:REF 20 ML")
    bench.run(1)
    listen(bench)
    return bench


def states(bench):
    return shown(bench.ask("ALAR:ACT?"))


def listen(bench):
    """What sounds from here on counts."""
    bench.plant.buzzer.clear()


def heard(bench, seconds):
    """The bursts since `listen`, and in a while from now on."""
    bench.run(seconds)
    return sound.bursts(sound.tones(bench.plant.buzzer.pulses()))


def assert_sounds(bench, priority, seconds):
    """One burst at least is as it has to be; the first and last may be cut off."""
    found = heard(bench, seconds)
    assert found, f"nothing of {priority} is heard"
    faults = [standard.problems(burst, priority) for burst in found]
    assert [] in faults, faults
    listen(bench)


def assert_silent(bench, seconds):
    listen(bench)
    assert heard(bench, seconds) == []
    assert not bench.plant.buzzer.is_on


def assert_seen(bench, priority):
    """The lamp shows the priority, whether it sounds or not."""
    lamp = bench.plant.lamps["lamp"]
    lamp.clear()
    bench.run(4.0)
    if priority == LOW:
        assert lamp.is_on
        assert lamp.changes == []
    else:
        assert standard.lamp_problems(lamp.changes, priority) == []


def send(bench, messages):
    for message in messages:
        if message == "COMMIT":
            token, *names = bench.ask("PRES:VAL?").split(",")[1:]
            soft = [name.split(":")[0].strip('"') for name in names if "LIMit" in name]
            bench.tell("PRES:COMM " + ",".join([token, *soft]))
        elif message == "WAIT":
            bench.run(2)
        else:
            bench.tell(message)


def assert_answered(bench, code, end=()):
    """An alarm that has just come is shown, seen, heard, paused, heard again, acknowledged.

    end: messages that end its cause; it is gone then.
    """
    row = conditions.row(code)
    assert states(bench)[code] == "ACTIVE"
    assert int(bench.ask("STAT:QUES?")) & BITS[row.priority]
    assert int(bench.ask("STAT:QUES:COND?")) & BITS[row.priority]
    assert_sounds(bench, row.priority, 4)
    assert_seen(bench, row.priority)
    bench.tell("ALAR:PAUS 18 S")
    assert states(bench)[code] == "PAUSED"
    assert_silent(bench, 17.5)
    assert_sounds(bench, row.priority, 5)
    assert states(bench)[code] == "ACTIVE"
    bench.tell(f"ALAR:ACKN {code}")
    assert_silent(bench, 3)
    if code in ONCE:
        assert code not in states(bench)
    else:
        assert states(bench)[code] == "ACKNOWLEDGED"
        assert_seen(bench, row.priority)
    events = logged(bench)
    for text in (f"ALARM_ON {code}", "AUDIO_PAUSED 18.000 s", "AUDIO_RESUMED"):
        assert text in events
    assert f"ALARM_ACKNOWLEDGED {code}" in events
    send(bench, end)
    if end or code in ONCE:
        assert code not in states(bench)
        assert f"ALARM_OFF {code}" in logged(bench)


def logged(bench):
    """The texts of the last events."""
    count, first = map(int, bench.ask("LOG:COUN?").split(","))
    answer = bench.ask(f"LOG:READ? {max(first + count - 16, first)},16")
    return answer.split('"')[1::2]
