# SPDX-License-Identifier: MIT
"""The first program of the interpreter: installs the chip's modules, then runs main.py.

boot.py READS WRITES FOLDER: two file descriptors, and the folder of main.py and board.py. The
package `pump` is in the current folder, so that its modules have the same paths as on a board.
"""

import builtins
import io
import sys

_NAMES = ("time", "micropython", "machine", "rp2", "select", "os", "io", "gc", "sys")


def _traceback(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


def _run(path):
    with open(path) as file:
        text = file.read()
    stand_ins = {name: __import__("chip_" + name) for name in _NAMES}
    sys.modules.update(stand_ins)
    builtins.print = stand_ins["sys"].print
    builtins.open = stand_ins["io"].open
    try:
        exec(text, {"__name__": "__main__"})
    except BaseException as error:
        link.tell("ended", type(error).__name__, str(error), _traceback(error))
    else:
        link.tell("ended", None, "", "")


reads, writes, folder = sys.argv[1:]
sys.path.insert(0, "")
sys.path.insert(0, folder)
import link

link.open_line(int(reads), int(writes))
_run(folder + "/main.py")
