"""The worker process that touches the system's sound: microphone, loudspeakers, sound files.

It uses Qt Multimedia without a window. A sound server that goes away takes Qt down with it (PulseAudio's own assertions do), and
the window must not die with either, so this is a process of its own, told what to do by `core/sound/`.
"""

from core.immortal import keep_constants

keep_constants()
