#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""VNC viewers, browsers and strangers that do their worst. NETWORK_STORM=N: so many random sessions of each kind."""
import os
import random
import re
import select
import socket
import struct
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "gui"))
from guest import main, tests_of  # noqa: E402
from hostile import SLOWER, Hostile  # noqa: E402
from rfb import Gone, Viewer  # noqa: E402
from rfb_garbage import session  # noqa: E402
from websocket import Refused, WebSocket  # noqa: E402

STORM = int(os.environ.get("NETWORK_STORM", "25"))


class Network(Hostile):
    """A guest that rests, and front-ends: "web" with a folder of pages, "vnc"."""

    def __init__(self, *front_ends, **others):
        self.pages = tempfile.TemporaryDirectory(prefix="riscreen-pages-")
        self.folder_of_pages = os.path.join(self.pages.name, "in")
        os.mkdir(self.folder_of_pages)
        for name, data in (("in/vnc.html", b"page"), ("secret", b"secret"), ("password", b"right\n"),
                           ("in/large.js", bytes(8 << 20))):
            with open(os.path.join(self.pages.name, name), "wb") as f:
                f.write(data)
        words = []
        for front_end in front_ends:
            name, _, more = front_end.partition(",")
            more = ("," + more if more else "").replace("PASSWORD", os.path.join(self.pages.name, "password"))
            words += ["--display", f"{name}=127.0.0.1:0{more}" + (f",novnc={self.folder_of_pages}" if name == "web" else "")]
        super().__init__("rest.c", *words[2:], display=words[1], mode="m", **others)
        self.wait("ready")
        self.ports = [self.said(rf"{'browsers' if w.startswith('web') else 'VNC viewers'} find the screen at \S*:(\d+)")
                      for w in front_ends]
        self.port = self.ports[0]

    def __exit__(self, *why):
        super().__exit__(*why)
        self.pages.cleanup()

    def said(self, regex, seconds=20):
        """Waits for a line on stderr; its group, as a number if it is one."""
        end = time.monotonic() + seconds * SLOWER
        while not (match := re.search(regex.encode(), bytes(self.errors))):
            assert time.monotonic() < end and self.process.poll() is None, f"stderr never said {regex}"
            time.sleep(0.02)
        return int(match[1]) if match.groups() and match[1].isdigit() else match[0].decode()

    def threads(self, name):
        """Processor time of each thread of this name, ticks."""
        times = {}
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                with open(f"/proc/{self.process.pid}/task/{task}/stat", encoding="ascii", errors="replace") as f:
                    comm, _, rest = f.read().rpartition(")")
            except OSError:
                continue
            if name in comm:
                times[task] = sum(map(int, rest.split()[11:13]))
        return times

    def until(self, done, what, seconds=30):
        end = time.monotonic() + seconds * SLOWER
        while not done():
            assert time.monotonic() < end and self.process.poll() is None, f"never came: {what}"
            time.sleep(0.1)

    def connect(self, data=b"", receive=None):
        s = socket.socket()
        if receive:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        s.settimeout(20 * SLOWER)
        s.connect(("127.0.0.1", self.port))
        s.sendall(data)
        return s

    def get(self, path, host="localhost"):
        """(status, body)"""
        with self.connect(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) as s:
            data = b""
            while part := s.recv(65536):
                data += part
        head, _, body = data.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), body


def frame(opcode, data, fin=1, rsv=0, claims=None):
    n = len(data) if claims is None else claims
    head = bytes([fin << 7 | rsv << 4 | opcode, 0x80 | (n if n < 126 else 126 if n < 65536 else 127)])
    head += b"" if n < 126 else struct.pack(">H" if n < 65536 else ">Q", n)
    return head + b"\1\2\3\4" + bytes(b ^ (1, 2, 3, 4)[i & 3] for i, b in enumerate(data))


def test_files():
    """Nothing outside the folder, by no path and no link, under no name but this machine's; nothing blocks."""
    with Network("web") as m:
        folder = m.folder_of_pages
        for target, name in ((f"{m.pages.name}/secret", "absolute"), ("../secret", "up"), ("..", "out"), ("/", "root"),
                             ("/proc/self/root", "magic"), ("/dev/zero", "zero"), ("loop", "loop"), ("vnc.html", "fine")):
            os.symlink(target, os.path.join(folder, name))
        os.mkfifo(os.path.join(folder, "fifo"))
        os.mkdir(os.path.join(folder, "d"))
        os.symlink("../vnc.html", os.path.join(folder, "d", "fine"))
        secret = m.pages.name + "/secret"
        for path in ("/" + secret, "//" + secret, "//etc/passwd", "///etc/passwd", "//proc/self/environ", "/absolute", "/up",
                     "/out/secret", "/root/etc/passwd", "/magic/etc/passwd", "/zero", "/loop", "/fifo", "/d", "/d/",
                     "/d/../vnc.html", "/d//fine", "//vnc.html", "/vnc.html/", "/./vnc.html"):
            status, body = m.get(path)
            assert status == 404 and b"secret" not in body and b"root:" not in body, (path, status, body)
        for path in ("/vnc.html", "/fine", "/d/fine"):
            assert m.get(path) == (200, b"page"), path
        for host in ("rebind.example", f"rebind.example:{m.port}", "127.0.0.1.rebind.example", "localhost\r\nHost: x",
                     "x\r\nHost: localhost", "", "localhost.rebind.example", "10.0.0.1"):
            for path in ("/vnc.html", "/"):
                status, body = m.get(path, host)
                assert status in (400, 403) and body != b"page", (host, path, status)


FRAMES = {
    **{f"{name} that claims {size}, {sent} of them sent": frame(opcode, b"x" * sent, claims=size)
       for name, opcode in (("pong", 10), ("ping", 9), ("close", 8), ("data", 2), ("text", 1), ("continuation", 0))
       for size, sent in ((126, 12), (65536, 12), (65536, 5000), (1 << 31, 12), (1 << 63, 12), ((1 << 64) - 1, 12))},
    **{f"opcode {opcode}": frame(opcode, b"x" * 12) for opcode in range(16)},
    **{f"opcode {opcode} without end": frame(opcode, b"x" * 12, fin=0) for opcode in range(16)},
    "reserved bits": frame(2, b"x" * 12, rsv=7), "unmasked": b"\x82\x05xxxxx", "half a header": b"\x82\xff\0\0",
    "pings without end": frame(9, b"x" * 125) * 500, "empty frames": frame(2, b"") * 5000,
    "fragments": frame(2, b"x", fin=0) + frame(0, b"y", fin=0) * 2000,
}


def test_frames():
    """Every wrong frame ends its connection or waits for its rest, and no thread stays or spins."""
    with Network("web") as m:
        for hang_up in True, False:
            kept = []
            for name, data in FRAMES.items():
                web = WebSocket(m.port, timeout=20 * SLOWER)
                try:
                    web.sock.sendall(data)
                except OSError:
                    pass
                if hang_up:
                    web.close()
                else:
                    kept.append(web)
            m.until(lambda: len(m.threads("vnc-viewer")) <= (0 if hang_up else 16), "the end of the viewers")
            before = m.threads("")
            time.sleep(2)
            busy = {t: n - before.get(t, 0) for t, n in m.threads("").items()}
            assert max(busy.values()) < os.sysconf("SC_CLK_TCK"), f"a thread spins: {busy}"
        Viewer(m.port, connection=WebSocket(m.port, timeout=20 * SLOWER)).close()
        # and SIGTERM comes while those that were kept are open


def test_idle_viewers():
    """Viewers that are through and do nothing, or asked once, or a stranger's handshakes: who comes gets in."""
    for kind in "vnc", "web":
        with Network(kind) as m:
            def viewer():
                return Viewer(m.port, connection=WebSocket(m.port, timeout=20 * SLOWER) if kind == "web" else None)

            def comes():
                try:
                    late = viewer()
                    late.request(False)
                    late.update()
                    late.close()
                    return True
                except (Gone, Refused, OSError):
                    return False
            crowd = [viewer() for _ in range(20)]
            for v in crowd[4:]:
                try:
                    v.request()
                except OSError:
                    pass
            m.until(comes, "a seat among idle viewers")
            strangers = [m.connect(b"RFB 003.008\n" if kind == "vnc" else b"GET / HTTP/1.1\r\nX") for _ in range(100)]
            m.until(comes, "a place among strangers")
            assert len(m.threads("vnc-viewer")) <= 32
            del strangers


def test_slow():
    """Clients that trickle, stop reading, close one half, or stay silent; a page and a viewer still come."""
    with Network("web", "vnc") as m:
        web, vnc = m.ports
        kept = [m.connect(b"GET / HTTP/1.1\r\nX: " + b"y" * i) for i in range(150)]
        kept += [m.connect(b"GET /large.js HTTP/1.1\r\nHost: localhost\r\n\r\n", receive=2048) for _ in range(30)]
        viewer = Viewer(web, connection=WebSocket(web, timeout=20 * SLOWER))
        viewer.send(struct.pack(">BBHHHH", 3, 0, 0, 0, 65535, 65535) * 200)  # and reads nothing
        half = m.connect(b"GET /vnc.html HT")
        half.shutdown(socket.SHUT_WR)
        m.port = vnc
        greedy = Viewer(vnc, receive_buffer=4096)
        greedy.send(struct.pack(">BBHHHH", 3, 0, 0, 0, 65535, 65535) * 200)
        kept += [half, greedy, viewer]
        kept += [m.connect(b"RFB 0"[:i % 6]) for i in range(60)]

        def comes(message):
            try:
                kept.append(Viewer(vnc))
                kept[-1].send(message)
                kept[-1].request(False)
                return message or kept[-1].update()
            except (Gone, OSError):
                return False
        clipboard = struct.pack(">BxxxI", 6, 1 << 20) + b"x" * 100  # and never the rest
        m.until(lambda: comes(clipboard), "a place among the slow")
        before = m.threads("")
        time.sleep(2)
        busy = {t: n - before.get(t, 0) for t, n in m.threads("").items()}
        assert max(busy.values()) < os.sysconf("SC_CLK_TCK"), f"a thread spins: {busy}"
        m.port = web
        assert m.get("/vnc.html") == (200, b"page")
        m.until(lambda: comes(b""), "a viewer among the slow")


def test_terminal():
    """What clients say never reaches the user's terminal as it is."""
    with Network("web", "vnc") as m:
        evil = "\x1b]0;owned\x07\x1b[2J\x9b31m"
        for origin in "http://" + evil, "http://x" + evil, evil:
            for header in "Origin", "Host", "Upgrade", "Sec-WebSocket-Key":
                with m.connect(f"GET /{evil} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n{header}: {origin}\r\n\r\n"
                               .encode("latin-1")) as s:
                    s.recv(1000)
        m.said("wanted to see the screen")
        bad = re.search(rb"[^\n -~]", bytes(m.errors))
        assert not bad, f"{bad[0]} on stderr: {bytes(m.errors)}"


def test_passwords():
    """Wrong passwords are logged and answered one a second, from any number of connections; viewers that are in do not wait."""
    with Network("vnc,password=PASSWORD") as m:
        good = Viewer(m.port, password="right")
        start = time.monotonic()
        tries = []
        for _ in range(6):
            v = m.connect()
            v.recv(12)
            v.sendall(b"RFB 003.008\n")
            v.recv(2)
            v.sendall(b"\2")
            v.recv(16)
            v.sendall(b"x" * 16)
            tries.append(v)
        good.request(False)
        good.update()
        assert not select.select(tries[-1:], [], [], 0)[0], "a viewer that is in waited for all wrong passwords"
        for v in tries:
            assert v.recv(4, socket.MSG_WAITALL) == b"\0\0\0\1"
        took = time.monotonic() - start
        assert took > 5.5, f"six wrong passwords were judged in {took:.1f} s"
        m.said("a wrong VNC password from 127.0.0.1")
        Viewer(m.port, password="right").close()


def storm(connect, seeds):
    for seed in seeds:
        r = random.Random(seed)
        try:
            viewer = connect()
            viewer.sock.settimeout(0.05)
            viewer.send(session(seed))
            while r.random() < 0.9 and viewer.sock.recv(1 << 20):
                pass
        except (Gone, Refused, OSError):
            pass


def frames_of(data, r):
    """The bytes in frames of any size, sometimes with one that is wrong."""
    out = b""
    while data:
        n = r.choice((1, 2, 7, 100, 1000))
        out += frame(2, data[:n]) + (r.choice(list(FRAMES.values())) if r.random() < 0.02 else b"")
        data = data[n:]
    return out


class Framed:
    """Sends what it is given in frames of its own making."""

    def __init__(self, port, seed):
        self.web, self.r = WebSocket(port, timeout=20 * SLOWER), random.Random(seed)
        self.recv, self.settimeout, self.close = self.web.recv, self.web.settimeout, self.web.close

    def sendall(self, data):
        self.web.sock.sendall(frames_of(data, self.r))


def test_storm():
    """Random sessions, good up to some point, through both doors."""
    with Network("web", "vnc", more=512) as m:
        web, vnc = m.ports
        start = int(os.environ.get("NETWORK_SEED", "0"))
        storm(lambda: Viewer(vnc), range(start, start + STORM))
        storm(lambda: Viewer(web, connection=WebSocket(web, timeout=20 * SLOWER)), range(start, start + STORM))
        seeds = iter(range(start, start + STORM))
        storm(lambda: Viewer(web, connection=Framed(web, next(seeds))), range(start, start + STORM))
        r = random.Random(start)
        for _ in range(STORM):
            for port in m.ports:
                m.port = port
                try:
                    m.connect(r.choice((b"", b"GET /", b"RFB 003.008\n")) + r.randbytes(r.randrange(300))).close()
                except OSError:
                    pass
        m.until(lambda: not m.threads("vnc-viewer"), "the end of the viewers")


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
