# SPDX-License-Identifier: MIT
"""Finds STOP commands in text that is dropped or still waiting: by character, or whole lines.

A STOP counts at any place, also behind noise or the rest of another line, when it is written with
its full header, short or long: `BOL:STATTHER:STOP` has one. Not inside a string; but a string ends
with its line at the latest, so a STOP behind a quote that is never closed counts.
"""

_QUOTES = "\"'"
_BETWEEN = ";, \n"


class Stray:
    """header: the pattern of the command, `THERapy:STOP`."""

    def __init__(self, header):
        short = "".join([letter for letter in header if letter == ":" or letter.isupper()])
        self.spellings = (short, header.upper())
        self._word = ""  # the last characters of the present word, as many as a header has
        self._quote = ""
        self._is_hidden = False  # a STOP stands behind the quote that is open

    def take(self, character):
        """Take the next character, LF at the end of a line. True when it ends a STOP."""
        if character in _QUOTES and self._quote in ("", character):
            self._quote = "" if self._quote else character
            self._word, self._is_hidden = "", False
            return False
        if character not in _BETWEEN:
            self._word = (self._word + character.upper())[-len(self.spellings[1]) :]
            return False
        is_found = self._is_stop(self._word)
        self._word = ""
        if self._quote and character != "\n":
            self._is_hidden = self._is_hidden or is_found
            return False
        is_found = is_found or self._is_hidden
        if character == "\n":
            self._quote, self._is_hidden = "", False
        return is_found

    def is_in(self, text):
        """Whether `text`, in upper case, may contain a STOP."""
        return self.spellings[0] in text or self.spellings[1] in text

    def count(self, text, first=0):
        """The number of STOPs in lines of text, in the first line from command number `first` on.

        The first line continues the state of `take`. Lines are searched word by word: on a board
        each character that is examined alone takes a millisecond.
        """
        found = 0
        lines = text.upper().split("\n")
        if self._word or self._quote:
            line = lines.pop(0)
            for character in line + "\n" if lines else line:
                found += self.take(character)
        for index, line in enumerate(lines):
            if self.is_in(line):
                found += self._count_in(line, first, index + 1 < len(lines))
            first = 0
        self.take("\n")
        return found

    def _count_in(self, line, first, is_whole):
        """The number of STOPs in a line, in upper case, from command number `first` on.

        is_whole: the line is complete.
        """
        found = number = 0
        while True:
            start = _quote_in(line)
            commands = line[:start].split(";")
            if start < len(line) or not is_whole:  # the last word does not end there
                commands[-1] = " ".join(_words(commands[-1])[:-1])
            for command in commands:
                if number >= first:
                    found += self._stops_in(command)
                number += 1
            if start == len(line):
                return found
            number -= 1  # the command goes on behind the string
            end = line.find(line[start], start + 1)
            if end < 0:
                is_hidden = is_whole and self._stops_in(line[start + 1 :]) > 0
                return found + (is_hidden and number >= first)
            line = line[end + 1 :]

    def _stops_in(self, command):
        return len([word for word in _words(command) if self._is_stop(word)])

    def _is_stop(self, word):
        short, long = self.spellings
        return word.endswith(short) or word.endswith(long)  # noqa: PIE810 - no tuple on a board


def _words(text):
    return text.replace(";", " ").replace(",", " ").split(" ")


def _quote_in(line):
    """Index of the first quote of a line, or the length of the line."""
    places = [place for place in (line.find(quote) for quote in _QUOTES) if place >= 0]
    return min(places) if places else len(line)
