# SPDX-License-Identifier: MIT
"""`os` of the chip, over the filesystem in its flash."""

from collections import namedtuple

import link

_Uname = namedtuple("_Uname", ("sysname", "nodename", "release", "version", "machine"))


def mkdir(path):
    link.call("os", "mkdir", path)


def remove(path):
    link.call("os", "remove", path)


unlink = rmdir = remove


def rename(old, new):
    link.call("os", "rename", old, new)


def stat(path):
    return link.call("os", "stat", path)


def statvfs(path):
    return link.call("os", "statvfs", path)


def listdir(path=""):
    return list(link.call("os", "listdir", path))


def ilistdir(path=""):
    for name in listdir(path):
        entry = stat((path + "/" if path else "") + name)
        yield (name, entry[0], 0, entry[6])


def chdir(path):
    link.call("os", "chdir", path)


def getcwd():
    return link.call("os", "getcwd")


def urandom(count):
    return link.call("os", "urandom", count)


def uname():
    return _Uname(*link.call("os", "uname"))


def sync():
    pass
