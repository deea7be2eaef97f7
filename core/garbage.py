"""Collects cyclic garbage where its process says, and not on whichever thread happens to make the next object.

Beside Qt, Python's own collector ends the process now and then, as soon as other threads run Python too:

- While PySide6 6.12 destroys a Qt object it lets other threads run, with the object's wrapper half taken apart and still known
  to the collector, which then follows pointers to memory that is free (of 500 starts of the window three ended so: a widget
  was being deleted while another thread imported a module).
- A QObject in a cycle is destroyed on the thread that collects, unless it is a widget. Its own thread's event loop may be
  using it (https://doc.qt.io/qt-6/threads-qobject.html); a timer that is destroyed so ends the process at its next tick.
"""

from __future__ import annotations

import gc


def keep_to_this_thread() -> None:
    """From now on nothing is collected but by `collect`, and what is there now never, as it lives as long as the process."""
    gc.disable()
    gc.freeze()


def collect() -> None:
    """Collect what is due by Python's own thresholds (`gc.set_threshold`); to be called again and again, on the one thread that
    destroys Qt's objects, and not while it does.

    Without Python's further rule for the oldest, that they must have grown by a quarter: they are few, since
    `keep_to_this_thread` has left out the many that were there before.
    """
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return
