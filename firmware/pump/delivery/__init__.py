# SPDX-License-Identifier: MIT
"""How it gets out, and what did: from a schedule to exact steps, and back to an account."""
