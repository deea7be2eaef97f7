"""Desks at which people sit: Japanese typed through Fcitx and IBus, Wayland, a microphone. Tried on clean systems by trial.py."""

from __future__ import annotations

# The pauses below are a person's: what they press goes to whatever has the keyboard by then, and tells nobody when it has. What
# came of it is waited for by `until`.
import time

from clean_systems import HOME, System, TrialFailed, picture, say, speech, until, xdotool

_FCITX_PROFILE = """\
[Groups/0]
Name=Default
Default Layout=us
DefaultIM=mozc

[Groups/0/Items/0]
Name=keyboard-us
Layout=

[Groups/0/Items/1]
Name=mozc
Layout=

[GroupOrder]
0=Default
"""
_BEGIN = """\
#!/bin/sh
export XDG_RUNTIME_DIR=$HOME/.run
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
"""
# Each waits for its input method: a session starts that before programs.
_FCITX = f"""{_BEGIN}
export LANG=ja_JP.UTF-8 QT_IM_MODULE=fcitx XMODIFIERS=@im=fcitx
fcitx5 -d -r >"$HOME/fcitx.log" 2>&1
for i in $(seq 100); do ls "$HOME"/.config/ibus/bus/* >/dev/null 2>&1 && break; sleep 0.2; done
sleep 2
exec tsukue
"""
_IBUS = f"""{_BEGIN}
export LANG=ja_JP.UTF-8 QT_IM_MODULE=ibus XMODIFIERS=@im=ibus
ibus-daemon -d -r -x --panel=/usr/libexec/ibus-ui-gtk3 >"$HOME/ibus.log" 2>&1
for i in $(seq 100); do ibus engine mozc-on >/dev/null 2>&1 && break; ibus engine mozc-jp >/dev/null 2>&1 && break; sleep 0.2; done
exec tsukue
"""
_WAYLAND = f"""{_BEGIN}
weston --backend=x11-backend.so --width=1240 --height=820 --idle-time=0 --socket=desk >"$HOME/weston.log" 2>&1 &
for i in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/desk" ] && break; sleep 0.2; done
export WAYLAND_DISPLAY=desk XDG_SESSION_TYPE=wayland
unset DISPLAY
tsukue
code=$?
exit $code
"""
_SOUND = f"""{_BEGIN}
pulseaudio --daemonize -n --exit-idle-time=-1 -L "module-null-sink sink_name=desk" \\
    -L "module-remap-source master=desk.monitor source_name=microphone" -L module-native-protocol-unix
pactl set-default-source microphone
exec tsukue
"""


def _install(system: System, *packages: str) -> None:
    system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)
    system.run("dbus-uuidgen", "--ensure=/etc/machine-id")


def _session(system: System, name: str, text: str) -> list[str]:
    """A session that starts like this; the command."""
    script = system.home / f"{name}.sh"
    script.write_text(text, encoding="utf-8")
    system.run("chown", "-R", "person:person", HOME)
    return ["dbus-run-session", "--", "sh", f"{HOME}/{name}.sh"]


def _said(system: System, text: str) -> bool:
    return any(text in str(title) for (title,) in system.rows("SELECT title FROM conversations"))


def _type_japanese(system: System, command: list[str], name: str, *, switch: bool) -> None:
    """日本語で入力する is written with a Latin keyboard, converted, taken and sent."""
    with system.window(*command) as window:
        time.sleep(4)  # as a person: an input method and a window that have just come are not yet talking
        xdotool("windowfocus", "--sync", window)
        if switch:
            xdotool("key", "ctrl+space")
            time.sleep(1)
        xdotool("type", "--delay", "120", "nihongodenyuuryokusuru")
        time.sleep(1.5)
        xdotool("key", "space")
        time.sleep(1.5)
        picture(f"{system.suite}-{name}-conversion")
        for _ in ("take it", "send it"):
            xdotool("key", "Return")
            time.sleep(1)
        until(lambda: _said(system, "入力する"), 20, f"Japanese through {name}")
    say(f"日本語で入力する, typed through {name}: see {system.suite}-{name}-conversion.png")


def japanese(system: System) -> None:
    """Typing Japanese through Fcitx 5 alone, then through IBus."""
    _install(system, "fcitx5", "fcitx5-mozc", "dbus")
    profile = system.home / ".config/fcitx5/profile"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(_FCITX_PROFILE)
    if (system.root / "usr/bin/ibus-daemon").exists():
        raise TrialFailed("this is to be tried where IBus is not installed")
    _type_japanese(system, _session(system, "fcitx", _FCITX), "fcitx", switch=True)
    system.run("apt-get", "remove", "-y", "-q", "fcitx5", "fcitx5-mozc")
    for (conversation,) in system.rows("SELECT id FROM conversations"):
        system.person("tsukue", "chats", "delete", str(conversation))
    _install(system, "ibus", "ibus-mozc", "ibus-gtk3")
    _type_japanese(system, _session(system, "ibus", _IBUS), "ibus", switch=False)


def wayland(system: System) -> None:
    """The window in a Wayland compositor (weston, itself a window on the virtual display)."""
    _install(system, "weston", "dbus")
    command = _session(system, "wayland", _WAYLAND)
    with system.window(*command, wayland=True):
        time.sleep(6)
        xdotool("mousemove", "640", "750", "click", "1")
        xdotool("type", "--delay", "40", "Hello from Wayland")
        xdotool("key", "Return")
        until(lambda: _said(system, "Hello from Wayland"), 30, "what was typed on Wayland")
        time.sleep(3)
        picture(f"{system.suite}-wayland")
    say("typed and sent on Wayland")


def microphone(system: System) -> None:
    """Somebody presses Ctrl+Space, speaks, and presses it again."""
    _install(system, "pulseaudio", "pulseaudio-utils", "dbus")
    sound = system.give(speech())
    with system.window(*_session(system, "sound", _SOUND)) as window:
        time.sleep(4)
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "ctrl+space")
        time.sleep(1)
        system.person("paplay", "--device=desk", sound, XDG_RUNTIME_DIR=f"{HOME}/.run")
        time.sleep(1)
        picture(f"{system.suite}-listening")
        xdotool("key", "ctrl+space")
        time.sleep(8)
        picture(f"{system.suite}-heard")
        xdotool("key", "Return")
        until(lambda: _said(system, "kettle"), 60, "what was said")
    say("spoken into the window, and sent")
