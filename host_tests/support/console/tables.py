# SPDX-License-Identifier: MIT
"""Tables of the firmware as tests read them: names by number, and the headers of all commands."""

from itertools import product


def names_of(table):
    """{number: name} of a table as `pump.faults.name_in` searches it."""
    rows = [line.split(" ", 1) for line in table.strip("\n").split("\n")]
    return {int(number): name for number, name in rows}


def headers_of(pattern):
    """Every header, in upper case, that a pattern of the command tree stands for."""
    query = "?" * pattern.endswith("?")
    spelled = [product(*map(_forms, words)) for words in _paths(pattern)]
    return {":".join(words) + query for each in spelled for words in each}


def clashes(patterns):
    """What is wrong with patterns that stand in one tree: a header that two have, or a word.

    Below the same words, a form of a word stands for one word alone, spelled in one way.
    """
    taken, words_of = set(), {}
    for pattern in patterns:
        for path in _paths(pattern):
            if (path, pattern.endswith("?")) in taken:
                yield f"{pattern}: stands twice"
            taken.add((path, pattern.endswith("?")))
            for index, word in enumerate(path):
                for form in _forms(word):
                    if words_of.setdefault((path[:index], form), word) != word:
                        yield f"{pattern}: {form} stands for something else"


def _paths(pattern):
    """The words of a pattern as they are written, with and without its optional ones."""
    before, bracket, rest = pattern.removesuffix("?").partition("[")
    if not bracket:
        return [tuple(before.split(":"))]
    optional, _, after = rest.partition("]")
    return _paths(before + after) + _paths(before + optional + after)


def _forms(written):
    """The short and the long form of a word written `SYSTem`; `A|B` has those of both."""
    words = written.split("|")
    return {"".join(c for c in word if not c.islower()) for word in words} | {
        word.upper() for word in words
    }
