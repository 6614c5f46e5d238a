# SPDX-License-Identifier: MIT
"""A board file with a mistake is refused, in a sentence with its line, before anything is made."""

import shutil

import pytest

from pumpbench.__main__ import main
from pumpbench.boards import catalog
from pumpbench.boards.catalog import BOARDS_DIR, board_names, checked, mistakes

GOOD = checked("RPI_PICO").decode()
FITTED = GOOD[GOOD.index("HAS = ()") : GOOD.index("# STEP/DIR driver")]  # with the line of I2C
ROTOR = '"rotor": "^GP16",\n}\nROTOR = {"steps_per_pulse": 400}\n'

# what stands in the file, what stands there instead, what is said of it: parts of each sentence
MISTAKES = {
    "equal pins": ('"dir": "GP3"', '"dir": "GP2"', "GP2 is both step and dir"),
    "a pin twice, written in two ways": ('"!GP4"', '"^!GP14"', "GP14 is both enable and stop_"),
    "a pin the board has not": ('"GP15"', '"GP99"', "PINS buzzer: the board has no pin GP99"),
    "a pin inside the board": ('"GP15"', '"GP23"', "PINS buzzer: the board has no pin GP23"),
    "a pin that is none": ('"GP15"', '"P15"', "PINS buzzer: 'P15' is not a pin"),
    "a pin as a number": ('"GP15"', "15", "PINS buzzer: input should be a valid string, not 15"),
    "marks in the wrong order": ('"^!GP14"', '"!^GP14"', "'!^GP14' is not a pin"),
    "a misspelt function": ('"stop_button"', '"stop_buton"', "is it stop_button?"),
    "no step pin": ('"step": "GP2",', "", "PINS step: is missing"),
    "a function twice": ('"dir": "GP3"', '"step": "GP3"', "PINS step is there twice"),
    "a name twice": ("HAS = ()", 'HAS = ()\nBUZZER = "active"', "BUZZER is there twice"),
    "one lamp of two": ('"lamp":', '"lamp_red":', "lamp_red and lamp_yellow go together"),
    "three lamps": (
        '"lamp": "GP25"',
        '"lamp": "GP25", "lamp_red": "GP17", "lamp_yellow": "GP18"',
        "there is lamp, or lamp_red and lamp_yellow, not all of them",
    ),
    "no section": ("DRIVER = {", "DRIVERS = {", "DRIVERS: is nothing that a board file has"),
    "a section too few": ("BUZZER", "BUZZERS", "BUZZERS: is nothing that a board file has"),
    "another port": ('"rp2"', '"esp32"', "PORT is 'esp32'; the chip of this board has 'rp2'"),
    "another board's name": ('NAME = "RPI_PICO"', 'NAME = "PICO"', "NAME is 'PICO', its folder"),
    "a name with a comma": ('NAME = "RPI_PICO"', 'NAME = "RPI,PICO"', "NAME: string should match"),
    "a syntax error": ("HAS = ()", "HAS = (", "'(' was never closed"),
    "a null byte": ("HAS = ()", "HAS = ()\0", "null bytes"),
    "an import": ("HAS = ()", "import os\nHAS = ()", "a board file is data"),
    "logic": ("HAS = ()", "HAS = tuple()", "HAS is not plain data"),
    "a buzzer of a third kind": ('= "passive"', '= "loud"', "BUZZER: input should be 'pa"),
    "a console of a third kind": ('CONSOLE = "usb"', 'CONSOLE = "bluetooth"', "CONSOLE"),
    "a UART on pins that it cannot have": (
        'CONSOLE = "usb"',
        'CONSOLE = ("uart", 0, "GP8", "GP9", 115200)',
        "UART0 cannot have TX on GP8, RX on GP9",
    ),
    "a UART on the buttons' pins": (
        'CONSOLE = "usb"',
        'CONSOLE = ("uart", 0, "GP12", "GP13", 115200)',
        "GP12 is both bolus_button and the console's TX",
    ),
    "a UART on a pin in use, written in another way": (
        'CONSOLE = "usb"',
        'CONSOLE = ("uart", 0, "^GP12", "GP13", 115200)',
        "GP12 is both bolus_button and the console's TX",
    ),
    "a key that is a list": ("PINS = {", 'PINS = {["lamp"]: "GP5",', "PINS is not plain data"),
    "a number twice": ("PINS = {", 'PINS = {1: "GP5", 1: "GP6",', "1 is there twice"),
    "a capability that is unknown": ("HAS = ()", 'HAS = ("ds1307",)', "HAS 0: input should be"),
    "a capability as a text": ("HAS = ()", 'HAS = "rotor"', "HAS: input should be a valid tuple"),
    "a sensor without its pin": ("HAS = ()", 'HAS = ("rotor",)', "a rotor's sensor is in HAS, PI"),
    "a pin without its sensor": ('"step": "GP2",', '"step": "GP2", "rotor": "GP16",', "a rotor's"),
    "a sensor of no steps": (
        "HAS = ()",
        'HAS = ("rotor",)\nROTOR = {"steps_per_pulse": 0}',
        "ROTOR steps_per_pulse: input should be greater than or equal to 2, not 0",
    ),
    "a clock without a bus": (
        FITTED,
        'HAS = ("ds3231",)\n',
        "HAS names 'ds3231', and there is no I2C",
    ),
    "a clock on the wrong bus": (
        FITTED,
        'HAS = ("ds3231",)\nI2C = (1, "GP20", "GP21")\n',
        "I2C1 cannot have SDA on GP20, SCL on GP21",
    ),
    "a pulse too long": (
        '"step_high_us": 3',
        '"step_high_us": 30',
        "a step pulse of 30 us is more than half of the 50 us between two at 20000 steps",
    ),
    "a pulse of no length": ('"step_high_us": 3', '"step_high_us": 0', "than or equal to 1"),
    "a fraction": ('"setup_us": 1000', '"setup_us": 1000.5', "valid integer, not 1000.5"),
    "a number as a text": ('"setup_us": 1000', '"setup_us": "1000"', "integer, not '1000'"),
    "no motor": ('"full_steps": 200', '"full_steps": 0', "PUMP full_steps: input"),
    "microsteps of no driver": ('"microsteps": 16', '"microsteps": 15', "PUMP microsteps: input"),
    "rates the wrong way round": (
        '"min_rate_nl_d": 6_000',
        '"min_rate_nl_d": 30_000_000_000',
        "min_rate_nl_d is not below max_rate_nl_d",
    ),
    "a reservoir that is all dead volume": (
        '"dead_nl": 500_000',
        '"dead_nl": 20_000_000',
        "dead_nl, what stays in the reservoir, is all that it takes, or more",
    ),
    "a negative volume": ('"pl_per_rev": 200_000_000', '"pl_per_rev": -1', "PUMP pl_per_rev: "),
    "a key too many": ('"dead_nl"', '"colour": 1, "dead_nl"', "PUMP colour: is nothing"),
}  # fmt: skip


def line_of(text, old, new):
    """The line on which the mistake was made: the first that is another one."""
    pairs = zip(text.splitlines(), text.replace(old, new, 1).splitlines(), strict=False)
    return next(number for number, (before, now) in enumerate(pairs, 1) if before != now)


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """Makes boards/RPI_PICO a board with a mistake; its text."""

    def wrong(name):
        old, new, said = MISTAKES[name]
        assert old in GOOD
        shutil.copytree(BOARDS_DIR / "RPI_PICO", tmp_path / "RPI_PICO")
        (tmp_path / "RPI_PICO" / "board.py").write_text(GOOD.replace(old, new, 1))
        monkeypatch.setattr(catalog, "BOARDS_DIR", tmp_path)
        return said

    return wrong


@pytest.mark.hazard("wrong-board-file")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_by_every_command_in_the_same_words(name, wrong, capsys, tmp_path):
    said = wrong(name)
    told = []
    for command in (
        ["boards"],
        ["image", "--output", str(tmp_path / "image")],
        ["emulate", "--link", str(tmp_path / "console")],
        ["deploy", "--port", str(tmp_path / "no port")],
    ):
        assert main(command) == 2
        told.append(capsys.readouterr().err)
    assert said in told[0]
    assert set(told) == {told[0]}
    assert not (tmp_path / "image").exists()


@pytest.mark.parametrize("name", ["equal pins", "a misspelt function", "a fraction", "an import"])
def test_a_mistake_is_told_with_its_line(name, wrong, tmp_path):
    old, new, _ = MISTAKES[name]
    wrong(name)
    path = tmp_path / "RPI_PICO" / "board.py"
    number = 1 if name == "equal pins" else line_of(GOOD, old, new)
    assert mistakes(path.read_bytes(), path)[0].startswith(f"{path}:{number}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "board.json:1: Expecting property name"),
        ("{}", "board.json: vendor, product, mcu: is missing"),
        ('{"vendor": "A", "product": "B", "mcu": "z80"}', "board.json: no chip 'z80'"),
    ],
)
def test_what_describes_a_board_is_read_as_strictly(text, said, tmp_path, monkeypatch, capsys):
    shutil.copytree(BOARDS_DIR / "RPI_PICO", tmp_path / "RPI_PICO")
    (tmp_path / "RPI_PICO" / "board.json").write_text(text)
    monkeypatch.setattr(catalog, "BOARDS_DIR", tmp_path)
    assert main(["boards"]) == 2
    assert said in capsys.readouterr().err


def test_mistakes_in_several_sections_are_told_together(tmp_path):
    shutil.copytree(BOARDS_DIR / "RPI_PICO", tmp_path / "RPI_PICO")
    path = tmp_path / "RPI_PICO" / "board.py"
    source = GOOD.replace('"GP15"', '"GP99"').replace('"microsteps": 16', '"microsteps": 3')
    told = mistakes(source.encode(), path)
    assert [line.split(": ")[1] for line in told] == ["PINS buzzer", "PUMP microsteps"]


def test_what_may_be_fitted_is_taken(tmp_path):
    source = GOOD.replace('"lamp": "GP25"', '"lamp_red": "GP17", "lamp_yellow": "GP18"')
    source = source.replace("HAS = ()", 'HAS = ("ds3231", "rotor")')
    source = source.replace(
        '"bolus_button": "^!GP12",\n}\n', '"bolus_button": "^!GP12",\n' + ROTOR
    )
    source = source.replace('CONSOLE = "usb"', 'CONSOLE = ("uart", 0, "GP0", "GP1", 115200)')
    assert mistakes(source.encode(), BOARDS_DIR / "RPI_PICO" / "board.py") == []


@pytest.mark.parametrize("name", board_names())
def test_every_board_is_without_a_mistake(name):
    assert checked(name)


ESP32_MISTAKES = {
    "an output on a pin that can only be read": (
        '"step": "GP18"',
        '"step": "GP34"',
        "step is an output, and GP34 can only be read",
    ),
    "a console that is not the REPL's UART": ('"GP1", "GP3"', '"GP16", "GP17"', "UART0 cannot"),
    "another baud rate than that of the REPL": ("115_200", "9_600", "the REPL has 115200 baud"),
    "a pin of the flash": ('"dir": "GP19"', '"dir": "GP6"', "the board has no pin GP6"),
    "the port of a Pico": ('"esp32"', '"rp2"', "the chip of this board has 'esp32'"),
}


@pytest.mark.parametrize("what", ESP32_MISTAKES)
def test_a_mistake_that_is_one_on_an_esp32_is_found(what):
    before, after, said = ESP32_MISTAKES[what]
    source = checked("ESP32_GENERIC").decode()
    assert before in source
    found = mistakes(source.replace(before, after).encode(), catalog.board_path("ESP32_GENERIC"))
    assert any(said in sentence for sentence in found), found


def test_an_esp32_has_i2c_on_any_two_pins_that_drive():
    source = checked("ESP32_GENERIC").decode().replace("HAS = ()", 'HAS = ("ds3231",)')
    path = catalog.board_path("ESP32_GENERIC")
    assert mistakes(source.encode(), path) == []
    assert mistakes(source.replace('"GP22", "GP23"', '"GP4", "GP13"').encode(), path) == []
    found = mistakes(source.replace('"GP22", "GP23"', '"GP34", "GP13"').encode(), path)
    assert "I2C0 cannot have SDA on GP34" in found[0]
