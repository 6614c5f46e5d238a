# SPDX-License-Identifier: MIT
"""Reports: what all pages and plots of the bench have alike."""
