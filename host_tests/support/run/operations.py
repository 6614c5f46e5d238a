# SPDX-License-Identifier: MIT
"""How much work something is, where a clock would tell of the machine and its other work."""

import sys


def operations(action):
    """Bytecodes that CPython runs in `action`; MicroPython runs about as many."""
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count
