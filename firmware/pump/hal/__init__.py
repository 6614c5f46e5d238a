# SPDX-License-Identifier: MIT
"""The hardware, one module per port; nothing outside this folder imports machine, rp2 or esp32."""
