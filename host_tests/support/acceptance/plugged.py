# SPDX-License-Identifier: MIT
"""A pump under acceptance whose cable is watched: what is pulled ends all of it, not one test."""

from pumpbench import Pump


class Unplugged(Exception):
    """The line to the pump is cut; the acceptance cannot go on."""


class PluggedPump(Pump):
    """A pump whose port is never opened again by itself. is_cut: it is there no more."""

    is_cut = False

    def _reopen(self, error):
        self.is_cut = True
        raise Unplugged(str(error)) from error
