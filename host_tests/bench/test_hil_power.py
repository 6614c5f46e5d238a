# SPDX-License-Identifier: MIT
"""Power switches: what they are told, and a sentence where one is not there or does not obey."""

import os
import sys
import tty

import pytest

from pumpbench.hil.power import NoSwitch, switch_of

UHUBCTL = """#!/bin/sh
echo "$@" >> {log}
{then}
"""


@pytest.fixture
def uhubctl(tmp_path, monkeypatch):
    """uhubctl(then): puts one on the path that writes down what it is told; that file."""

    def put(then="exit 0"):
        log = tmp_path / "told"
        tool = tmp_path / "uhubctl"
        tool.write_text(UHUBCTL.format(log=log, then=then))
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return log

    return put


@pytest.fixture
def relay():
    """(master, path of the port) of a pseudo-terminal."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def test_without_a_switch_there_is_none():
    assert switch_of("none") is None


def test_uhubctl_is_told_location_port_and_action(uhubctl):
    log = uhubctl()
    switch = switch_of("uhubctl:1-1.4/2")
    assert str(switch) == "uhubctl:1-1.4/2"
    switch.turn(False)
    switch.turn(True)
    assert log.read_text().splitlines() == ["-l 1-1.4 -p 2 -a off", "-l 1-1.4 -p 2 -a on"]


def test_a_uhubctl_that_fails_is_quoted(uhubctl):
    uhubctl("echo No compatible devices detected at location 1-1! >&2; exit 1")
    with pytest.raises(NoSwitch, match="-a off failed and said: No compatible devices"):
        switch_of("uhubctl:1-1/2").turn(False)


def test_a_missing_uhubctl_is_told_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSwitch, match="uhubctl is not installed"):
        switch_of("uhubctl:1-1/2").turn(True)


def test_a_relay_is_told_lines_of_0_and_1(relay):
    master, port = relay
    switch = switch_of(f"relay:{port}")
    assert str(switch) == f"relay:{port}"
    switch.turn(False)
    assert os.read(master, 10) == b"0\n"
    switch.turn(True)
    assert os.read(master, 10) == b"1\n"
    switch.close()


def test_a_relay_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(NoSwitch, match="The relay cannot be opened"):
        switch_of(f"relay:{tmp_path / 'nothing'}")


def test_without_labgrid_its_switch_says_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "pumpbench.hil.labgrid_power", raising=False)
    monkeypatch.setitem(sys.modules, "labgrid", None)
    with pytest.raises(NoSwitch, match=r"labgrid is not installed: .*pip install"):
        switch_of("labgrid:env.yaml")


@pytest.mark.parametrize(
    "text", ["", "relay", "relay:", "uhubctl:1-1", "uhubctl:1-1/x", "labgrid:", "mains:1"]
)
def test_what_is_no_switch_is_told_with_those_there_are(text):
    with pytest.raises(NoSwitch, match=r"is no power switch; name a switch.*uhubctl.*relay"):
        switch_of(text)
