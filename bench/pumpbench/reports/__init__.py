# SPDX-License-Identifier: MIT
"""Reports: shared by all pages and plots of the bench."""
