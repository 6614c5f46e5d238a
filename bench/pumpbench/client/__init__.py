# SPDX-License-Identifier: MIT
"""The client: a pump as scripts drive it, by the lines of its console."""
