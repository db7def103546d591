# SPDX-License-Identifier: MIT
"""A fake X server for GUI tests, and the few X calls that xdotool has not. Needs Xvfb and libX11."""
import ctypes
import os
import select
import shutil
import subprocess

SKIP = 77  # meson's exit status for a test that cannot run here


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            print(f"skipped: no {program}")
            raise SystemExit(SKIP)


def ended(process, seconds=10):
    """Waits for a process's end, awake at once (Popen.wait with a limit looks only now and then)."""
    fd = os.pidfd_open(process.pid)
    assert select.select([fd], [], [], seconds)[0], "it did not end"
    os.close(fd)
    return process.wait()


class Picture:
    """A PPM: size and rows of RGB."""

    def __init__(self, data):
        fields, at = [], 0
        while len(fields) < 4:
            end = at
            while data[end:end + 1] not in (b" ", b"\n", b"\t"):
                end += 1
            fields.append(data[at:end])
            at = end + 1
        self.width, self.height = int(fields[1]), int(fields[2])
        self.data = data[at:]

    def pixel(self, x, y):
        at = (y * self.width + x) * 3
        return tuple(self.data[at:at + 3])

    def crop(self, x, y, w, h):
        rows = []
        for row in range(y, y + h):
            at = (row * self.width + x) * 3
            rows.append(self.data[at:at + w * 3])
        return b"".join(rows)


class XServer:
    """Xvfb on a display of its own choice; `with XServer() as x`."""

    def __init__(self, width=1000, height=700):
        need("Xvfb", "xdotool", "import")
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24",
             "-nolisten", "tcp"], pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.name = ":" + pipe.readline().strip()
        self.env = dict(os.environ, DISPLAY=self.name, SDL_VIDEODRIVER="x11",
                        SDL_RENDER_DRIVER=os.environ.get("SDL_RENDER_DRIVER", "software"))
        self.env.pop("WAYLAND_DISPLAY", None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def xdotool(self, *args):
        return subprocess.run(["xdotool", *map(str, args)], env=self.env, check=True, timeout=30,
                              capture_output=True, text=True).stdout

    def xdotool_lines(self, *args):
        """The same where finding nothing is an answer."""
        return subprocess.run(["xdotool", *map(str, args)], env=self.env, check=False, timeout=30,
                              capture_output=True, text=True).stdout.split()

    def managed(self):
        """Does a window manager run?"""
        return not subprocess.run(["xdotool", "get_desktop"], env=self.env, check=False, timeout=30,
                                  capture_output=True).returncode

    def window(self, title):
        ids = self.xdotool("search", "--sync", "--onlyvisible", "--name", title).split()
        return int(ids[0])

    def grab(self, window):
        """What is on the window, as the X server has it; empty while it is not mapped."""
        out = subprocess.run(["import", "-silent", "-window", str(window), "-depth", "8", "ppm:-"],
                             env=self.env, check=False, capture_output=True)
        return Picture(b"P6\n0 0\n255\n" if out.returncode else out.stdout)

    def close(self, window):
        """Asks the window to close, as a window manager does: WM_DELETE_WINDOW."""
        lib = ctypes.CDLL("libX11.so.6")
        lib.XOpenDisplay.restype = ctypes.c_void_p
        lib.XInternAtom.restype = ctypes.c_ulong
        lib.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        lib.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long,
                                   ctypes.c_void_p]
        lib.XCloseDisplay.argtypes = [ctypes.c_void_p]
        display = lib.XOpenDisplay(self.name.encode())
        protocols = lib.XInternAtom(display, b"WM_PROTOCOLS", 0)
        delete = lib.XInternAtom(display, b"WM_DELETE_WINDOW", 0)

        class ClientMessage(ctypes.Structure):
            _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong),
                        ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
                        ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
                        ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
                        ("pad", ctypes.c_long * 16)]

        event = ClientMessage(type=33, window=window, message_type=protocols, format=32)
        event.data[0] = delete
        lib.XSendEvent(display, window, 0, 0, ctypes.byref(event))
        lib.XCloseDisplay(display)
