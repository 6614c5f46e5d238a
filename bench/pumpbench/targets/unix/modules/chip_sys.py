# SPDX-License-Identifier: MIT
"""`sys` of the chip: the interpreter's own, except the name of the port and the streams."""

import io
import sys as _own

import link

implementation = _own.implementation
version = _own.version
version_info = _own.version_info
byteorder = _own.byteorder
maxsize = _own.maxsize
modules = _own.modules
path = _own.path
argv = []
platform = "rp2"
exit = _own.exit


class _Bytes(link.Remote):
    """`sys.stdin.buffer` and `sys.stdout.buffer`."""

    def read(self, count=1):
        return link.call("stdin", "read", count)

    def readinto(self, buffer, count=None):
        data = self.read(len(buffer) if count is None else count)
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        return link.call("stdout", "write", link.hexed(data))


class _Text:
    """`sys.stdin` and `sys.stdout`: characters, with LF sent as CR LF."""

    def __init__(self, number):
        self.number = number
        self.buffer = _Bytes(number)

    def read(self, count=1):
        return "".join([chr(byte) for byte in self.buffer.read(count)])

    def readline(self):
        line = ""
        while line[-1:] != "\n":
            line += self.read(1)
        return line

    def write(self, text):
        data = text.encode() if isinstance(text, str) else bytes(text)
        self.buffer.write(data.replace(b"\n", b"\r\n"))
        return len(text)


stdin = _Text("stdin")
stdout = stderr = _Text("stdout")


def is_console(stream):
    return isinstance(stream, (_Text, _Bytes))


def print_exception(error, file=stdout):
    text = io.StringIO()
    _own.print_exception(error, text)
    file.write(text.getvalue())


def print(*values, sep=" ", end="\n", file=None):
    (file or stdout).write(sep.join([str(value) for value in values]) + end)
