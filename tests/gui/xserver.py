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


class Attributes(ctypes.Structure):
    """XWindowAttributes."""
    _fields_ = ([(n, ctypes.c_int) for n in ("x", "y", "width", "height", "border_width", "depth")] +
                [("visual", ctypes.c_void_p), ("root", ctypes.c_ulong)] +
                [(n, ctypes.c_int) for n in ("class", "bit_gravity", "win_gravity", "backing_store")] +
                [(n, ctypes.c_ulong) for n in ("backing_planes", "backing_pixel")] +
                [("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong), ("map_installed", ctypes.c_int),
                 ("map_state", ctypes.c_int)] + [("rest", ctypes.c_long * 8)])


class Image(ctypes.Structure):
    """The beginning of XImage."""
    _fields_ = ([(n, ctypes.c_int) for n in ("width", "height", "xoffset", "format")] + [("data", ctypes.c_void_p)] +
                [(n, ctypes.c_int) for n in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line")])


ON_ERROR = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda display, error: 0)


def load_xlib():
    """libX11 with the types of what is called here. Errors, as of windows that are gone, are answers."""
    lib = ctypes.CDLL("libX11.so.6")
    pointer, number = ctypes.c_void_p, ctypes.c_ulong
    for name, result, arguments in (
            ("XOpenDisplay", pointer, [ctypes.c_char_p]), ("XCloseDisplay", ctypes.c_int, [pointer]),
            ("XInternAtom", number, [pointer, ctypes.c_char_p, ctypes.c_int]),
            ("XSendEvent", ctypes.c_int, [pointer, number, ctypes.c_int, ctypes.c_long, pointer]),
            ("XGetWindowAttributes", ctypes.c_int, [pointer, number, pointer]),
            ("XTranslateCoordinates", ctypes.c_int, [pointer, number, number] + 2 * [ctypes.c_int] + 3 * [pointer]),
            ("XGetImage", ctypes.POINTER(Image), [pointer, number] + 4 * [ctypes.c_int] + [number, ctypes.c_int]),
            ("XDestroyImage", ctypes.c_int, [pointer])):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.XSetErrorHandler(ON_ERROR)
    return lib


class XServer:
    """Xvfb on a display of its own choice; `with XServer() as x`."""

    def __init__(self, width=1000, height=700):
        need("Xvfb", "xdotool")
        self.xlib, self.size = load_xlib(), (width, height)
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
        """What is on the window, as the X server has it; empty while it is not mapped or not on the screen."""
        display = self.xlib.XOpenDisplay(self.name.encode())
        try:
            size, data = self.read_window(display, window)
        finally:
            self.xlib.XCloseDisplay(display)
        rgb = bytearray(len(data) // 4 * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = data[2::4], data[1::4], data[0::4]  # it has BGRX
        return Picture(b"P6\n%d %d\n255\n" % size + rgb)

    def read_window(self, display, window):
        """((width, height), BGRX) of the part of a window that is on the screen."""
        lib, attributes, child = self.xlib, Attributes(), ctypes.c_ulong()
        x, y = ctypes.c_int(), ctypes.c_int()
        if not lib.XGetWindowAttributes(display, window, ctypes.byref(attributes)) or attributes.map_state != 2:
            return (0, 0), b""
        lib.XTranslateCoordinates(display, window, attributes.root, 0, 0, ctypes.byref(x), ctypes.byref(y),
                                  ctypes.byref(child))
        left, top = max(0, -x.value), max(0, -y.value)
        width = min(attributes.width, self.size[0] - x.value) - left
        height = min(attributes.height, self.size[1] - y.value) - top
        if width < 1 or height < 1:
            return (0, 0), b""
        image = lib.XGetImage(display, window, left, top, width, height, ctypes.c_ulong(-1), 2)
        if not image:
            return (0, 0), b""
        data = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * height)
        lib.XDestroyImage(image)
        return (width, height), data

    def close(self, window):
        """Asks the window to close, as a window manager does: WM_DELETE_WINDOW."""
        lib = self.xlib
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
