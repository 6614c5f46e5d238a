# SPDX-License-Identifier: MIT
"""The client: lets scripts drive a pump, by the lines of its console."""
