# SPDX-License-Identifier: MIT
"""Finds the STOP in text that is not run, or not yet, character by character, in bounded memory.

It counts wherever it stands, also behind noise or the rest of another line, written with its full
header, short or long: `BOL:STATTHER:STOP` has one. In a string it does not; but a string ends
before its line does, so behind a quote that nobody closed it counts.
"""

_QUOTES = "\"'"
_BETWEEN = ";, \n"


class Stray:
    """header: the pattern of the command, `THERapy:STOP`."""

    def __init__(self, header):
        short = "".join([letter for letter in header if letter == ":" or letter.isupper()])
        self.spellings = (short, header.upper())
        self._word = ""  # as much of the present one as can matter
        self._quote = ""
        self._is_hidden = False  # there was one behind the quote that is open

    def take(self, character):
        """Take the next character, LF at the end of a line. True when it ends the command."""
        if character in _QUOTES and self._quote in ("", character):
            self._quote = "" if self._quote else character
            self._word, self._is_hidden = "", False
            return False
        if character not in _BETWEEN:
            self._word = (self._word + character.upper())[-len(self.spellings[1]) :]
            return False
        is_found = self._word.endswith(self.spellings[0]) or self._word == self.spellings[1]
        self._word = ""
        if self._quote and character != "\n":
            self._is_hidden = self._is_hidden or is_found
            return False
        is_found = is_found or self._is_hidden
        if character == "\n":
            self._quote, self._is_hidden = "", False
        return is_found

    def count(self, text, first=0):
        """How many there are in text that begins a line, from its command number `first` on."""
        number = found = 0
        for character in text:
            is_outside = not self._quote
            if self.take(character) and number >= first:
                found += 1
            number += character == ";" and is_outside
        self.take("\n")
        return found
