# SPDX-License-Identifier: MIT
"""The console page shows what the pump really answers."""

import re

from pumpbench.images.image import FIRMWARE

UNIQUE_ID = re.compile(r"[0-9a-f]{16}")
LATER_S = re.compile(r" +\((\d+) s later\)$")


def test_the_session_at_the_top_of_the_console_page_is_what_the_pump_answers(pump):
    page = (FIRMWARE / "CONSOLE.md").read_text().partition("\n## ")[0]
    shown = re.findall(r"^    [<>] .*$", page, flags=re.MULTILINE)
    assert len(shown) >= 8
    told = []
    for line in shown:
        if line.startswith("    > "):
            later = LATER_S.search(line)
            pump.run(int(later[1]) if later else 0)
            command = LATER_S.sub("", line).removeprefix("    > ")
            told.append(line)
            if "?" in command:
                told.append("    < " + pump.ask(command))
            else:
                pump.tell(command)
    assert masked(told) == masked(shown)
    assert pump.ask("SYST:ERR?") == '0,"No error"'


def masked(lines):
    return [UNIQUE_ID.sub("<unique id>", line) for line in lines]
