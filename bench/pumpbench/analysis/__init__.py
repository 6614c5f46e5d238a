# SPDX-License-Identifier: MIT
"""Analysis: what was seen on pins and in the beaker, against what was due."""
