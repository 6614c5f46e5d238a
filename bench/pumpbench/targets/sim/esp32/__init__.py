# SPDX-License-Identifier: MIT
"""The esp32 port: fakes of its modules, and of the parts of the chip behind them.

Written from ports/esp32 of MicroPython 1.29-preview and ESP-IDF 5.5; never compared with a chip.
"""
