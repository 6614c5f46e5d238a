# SPDX-License-Identifier: MIT
"""Analysis: the signals recorded on pins and the volume in the beaker, against those due."""
