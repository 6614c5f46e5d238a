# SPDX-License-Identifier: MIT
"""The events of the log, each with a permanent number and a name.

Numbers are never reused or changed: logs depend on them. Faults, refusals and alarms have theirs
in `pump.faults` and `pump.alarm.conditions`.
"""

from micropython import const

RESET = const(401)  # text: its cause
STARTED = const(402)
STOPPED = const(403)
COMMITTED = const(404)
DOSE_BEGAN = const(405)
DOSE_ENDED = const(406)
PATIENT_REFUSED = const(407)
REFILLED = const(408)
CALIBRATED = const(409)
CLOCK_SET = const(410)
ALARM_ON = const(411)
ALARM_OFF = const(412)
FAULT = const(413)
STORE_MENDED = const(414)
STORE_LOST = const(415)
CONFIRMED = const(416)
SETTING = const(417)
EVENTS_LOST = const(418)  # text: how many, for want of room in the queue
DAMAGED = const(419)  # in place of a record that cannot be read
COMMAND = const(420)
INTERRUPTED = const(421)
ALARM_ACKNOWLEDGED = const(422)
AUDIO_PAUSED = const(423)  # text: for how long
AUDIO_RESUMED = const(424)
ROTOR_STALLED = const(425)  # text: missed steps and volume
ROTOR_RECOVERED = const(426)  # text: the same, since power-up
ROTOR_SLIPPED = const(427)  # text: missed steps and volume
ROTOR_OVERRAN = const(428)  # text: pulses and steps since power-up
TASK_LATE = const(429)  # text: task and milliseconds
SELF_TEST_FAILED = const(430)  # text: number of the part, see `faults`
UNLOCKED = const(431)
PIN_REFUSED = const(432)  # text: wrong PINs since the last right one
PIN_CHANGED = const(433)  # text: SET, REMOVED or FORGOTTEN
PERIODIC_MISSED = const(434)  # text: how many, or MOVED: the instants have changed

NAMES = """
401 RESET
402 STARTED
403 STOPPED
404 COMMITTED
405 DOSE_BEGAN
406 DOSE_ENDED
407 PATIENT_REFUSED
408 REFILLED
409 CALIBRATED
410 CLOCK_SET
411 ALARM_ON
412 ALARM_OFF
413 FAULT
414 STORE_MENDED
415 STORE_LOST
416 CONFIRMED
417 SETTING
418 EVENTS_LOST
419 DAMAGED
420 COMMAND
421 INTERRUPTED
422 ALARM_ACKNOWLEDGED
423 AUDIO_PAUSED
424 AUDIO_RESUMED
425 ROTOR_STALLED
426 ROTOR_RECOVERED
427 ROTOR_SLIPPED
428 ROTOR_OVERRAN
429 TASK_LATE
430 SELF_TEST_FAILED
431 UNLOCKED
432 PIN_REFUSED
433 PIN_CHANGED
434 PERIODIC_MISSED
"""  # see `faults.name_in`
