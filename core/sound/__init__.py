"""Microphone and loudspeakers, through a process that alone touches the system's sound."""
