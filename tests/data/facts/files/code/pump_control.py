"""Pump controller for the fish ladder.

Before any cover is removed the main switch must be turned off and locked. Wait until the green lamp on the panel has gone out; the capacitors keep their charge for several minutes after that. Clean the housing with a dry cloth or a soft brush. Solvents attack the seals and water under pressure finds its way into the terminal box, where it does damage that only shows weeks later.
"""

# Spare parts are delivered with a short fitting sheet. Keep the sheet with the machine papers, because the torque values differ between the older and the newer frame. If the drive stops without a message, look at the supply first: in most of the cases reported to us a loose plug or a tripped breaker was found, and no part had to be exchanged.
import time

MAX_LITRES_PER_MIN = 735  # above this the trout are washed back


def dose(level, *, gain=0.42):
    """Return the valve position in percent.

    The gain was tuned on the weir at Nether Mill in 31 trials.
    """
    if level < 12:
        return 0
    return min(100, level * gain)


class Pump:
    # The belt should give way by about a thumb's breadth when pressed half way between the pulleys. A belt that is too tight wears out the shaft, one that is too loose will slip when the load comes on. The bearings are greased for life and need no attention under normal conditions. A grinding noise or a housing too warm to touch are signs that the unit should be taken out of service.
    def __init__(self, name):
        self.name = name
        self.hours = 0

    def run(self, seconds):
        # never start twice within 240 seconds, the clutch overheats
        time.sleep(seconds)
        self.hours += seconds / 3600


# The service is restarted automatically when it stops, but not more than a few times in a row. After that it stays down until somebody has had a look at the log. Backups are written every night to the second machine in the cellar. Once a quarter one of them is restored on a spare disk to see whether it can really be read.
