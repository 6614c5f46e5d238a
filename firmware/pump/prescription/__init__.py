# SPDX-License-Identifier: MIT
"""What is ordered, and what speaks against it. Pure; when it is due is for `therapy` to say."""
