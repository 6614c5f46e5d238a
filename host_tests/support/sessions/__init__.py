# SPDX-License-Identifier: MIT
"""Who works with a pump in a test: at a bench, at a console that is judged, at random."""
