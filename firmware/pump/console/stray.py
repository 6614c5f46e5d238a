# SPDX-License-Identifier: MIT
"""Finds the STOP in text that is not run, or not yet: character by character, or whole lines.

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
        """Whether there may be one in text in upper case."""
        return self.spellings[0] in text or self.spellings[1] in text

    def count(self, text, first=0):
        """How many end in lines of text, the first from its command number `first` on.

        The first line goes on where `take` is. Lines are gone through word by word: a board needs
        a millisecond for each character that it looks at by itself.
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
        """How many there are in a line, in upper case, from a command number on.

        is_whole: it has its end.
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
    """Where the first quote of a line stands, or its end."""
    places = [place for place in (line.find(quote) for quote in _QUOTES) if place >= 0]
    return min(places) if places else len(line)
