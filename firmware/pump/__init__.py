# SPDX-License-Identifier: MIT
"""A bench model of a programmable intrathecal baclofen pump. Never for use on a person.

The path of a dose: prescription -> schedule -> planner -> dispenser -> step engine -> pins.

Every quantity with a dimension has its unit in its name:

    _nl _pl      nanolitres, picolitres             _steps     microsteps of the motor
    _nl_d        nanolitres per day                 _us _ms _s micro-, milliseconds, seconds
    _ng _fg      nanograms, femtograms              _hz        per second
    _ng_d        nanograms per day                  _pct       percent
    _ng_ml       nanograms per millilitre

All of them are integers; no dose, volume or time passes through a float.
"""

VERSION = "0.1.0"
