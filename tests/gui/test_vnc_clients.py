#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many and strange clients of the VNC front-end: several viewers, one that stops reading, a thousand connections, garbage,
browsers, passwords, wrong options, and that nothing runs when nothing changes. Usage: test_vnc_clients.py UI_FAKE"""
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time

from fake import Fake
from rfb import Gone, Viewer, same
from rfb_garbage import session
from waiting import until


def test_viewers(fake):
    """Two viewers see the same, and a third that reads nothing delays neither and is dropped."""
    fake.do("mode 1280 800")
    one, two = Viewer(fake.port), Viewer(fake.port)
    stuck = Viewer(fake.port, receive_buffer=4096)
    threads = fake.threads()
    for _ in range(20):
        stuck.request(incremental=False)
    slowest = 0
    for viewer in (one, two):
        same(fake, viewer)
    for i in range(20):  # both at a time
        colour = 4000 * (i + 1)
        fake.do(f"paint {i} {i} 64 64 {colour:x}")
        begin = time.monotonic()
        fake.do(f"flush {i} {i} 64 64")
        for viewer in (one, two):
            at = (i * viewer.width + i) * 4
            viewer.until(lambda: viewer.pixels[at:at + 3] == colour.to_bytes(3, "little"), "a flushed rectangle")
        slowest = max(slowest, time.monotonic() - begin)
    for viewer in (one, two):
        same(fake, viewer)
    assert one.pixels == two.pixels
    assert slowest < 5, f"an update took {slowest:.2f} s"  # the stuck one is dropped after 5: who waits for it needs more
    until(lambda: fake.threads() < threads, "the end of a viewer that does not read", 15)
    one.close()
    two.close()
    stuck.close()


def test_strangers(fake):
    fake.do("mode 320 200")
    good = Viewer(fake.port)
    same(fake, good)
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100, os.urandom(5000), b"RFB 003.008\n" + os.urandom(500),
                    b"RFB 009.999\n", b""):
        with socket.create_connection(("127.0.0.1", fake.port)) as s:
            try:
                s.sendall(rubbish)
            except OSError:
                pass
    for message in (b"\xff\x07", b"\x99", struct.pack(">BxH", 2, 65535), struct.pack(">BxxxI", 6, 0xffffffff),
                    os.urandom(400), b"\x08\x02\0\0", b"\x0f\x02\0\0"):  # the last two: pictures scaled down
        stranger = Viewer(fake.port)
        stranger.send(message)
        stranger.close()
    crowd = [socket.create_connection(("127.0.0.1", fake.port)) for _ in range(200)]  # silent
    fake.do("paint 3 3 9 9 abcdef")
    fake.do("flush 3 3 9 9")
    same(fake, good)

    def late_viewer():
        try:
            Viewer(fake.port).close()
            return True
        except (Gone, OSError):
            return False
    until(late_viewer, "a slot for a viewer in the crowd", 5)
    for s in crowd:
        s.close()
    good.close()


def garbage(fake, seed, connection=None):
    """One session of a hostile viewer; it reads what it is sent, for a while."""
    viewer = Viewer(fake.port, connection=connection)
    viewer.sock.settimeout(0.02)
    try:
        viewer.send(session(seed))
        while viewer.sock.recv(1 << 20):
            pass
    except OSError:
        pass
    viewer.close()


def test_garbage(fake, seeds=range(60)):
    fake.do("mode 320 200")
    good = Viewer(fake.port)
    for seed in seeds:
        if seed % 10 == 0:
            fake.do(f"mode {300 + seed % 97} {200 + seed % 31}")
        garbage(fake, seed)
    same(fake, good)
    good.close()


def updates(fake, viewer, count=20):
    """The slowest of some updates: from the flush to its pixels, seconds."""
    slowest = 0
    for i in range(count):
        colour = 4000 * (i + 1)
        fake.do(f"paint {i} {i} 64 64 {colour:x}")
        begin = time.monotonic()
        fake.do(f"flush {i} {i} 64 64")
        at = (i * viewer.width + i) * 4
        viewer.until(lambda: viewer.pixels[at:at + 3] == colour.to_bytes(3, "little"), "a flushed rectangle")
        slowest = max(slowest, time.monotonic() - begin)
    return slowest


def flood(viewer, message):
    """A process that sends this without end and reads nothing."""
    pid = os.fork()
    if pid:
        viewer.close()
        return pid
    while True:
        try:
            viewer.send(message)
        except TimeoutError:
            pass
        except OSError:
            os._exit(0)
        time.sleep(0.01)


def test_thousand(fake):
    """A thousand connections, silent, half through, or greedy, and viewers that send without end and read
    nothing: no slot is lost, no viewer waits for another, memory stays."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    fake.do("mode 1280 800")
    good = Viewer(fake.port)
    same(fake, good)
    before = fake.memory()
    crowd = []
    requests = struct.pack(">BBHHHH", 3, 0, 0, 0, 1280, 800) * 100
    mad = [(Viewer(fake.port, receive_buffer=4096), message) for message in (
        requests, struct.pack(">BBHH", 5, 255, 9, 9) + struct.pack(">BBHH", 5, 0, 9, 9),
        struct.pack(">BxHHBxIHHHHI", 251, 500, 500, 1, 0, 0, 0, 500, 500, 0), requests)]
    pids = [flood(viewer, message * 50) for viewer, message in mad]
    for i in range(1000):
        s = socket.create_connection(("127.0.0.1", fake.port))
        s.setblocking(False)
        try:
            s.sendall((b"", b"RFB 003.008\n", b"RFB 003.008\n\1", b"RFB 003.008\n\1\1")[i % 4])
        except OSError:
            pass
        crowd.append(s)
    begin = time.monotonic()
    slowest = updates(fake, good)
    took = time.monotonic() - begin
    grown = fake.memory() - before
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    same(fake, good)
    for s in crowd:
        s.close()
    good.close()
    assert took < 90, f"20 updates took {took:.1f} s among a thousand connections"  # waiting for others: 100 and more
    each = (1280 * 800 * 4 + (2 << 20)) * (5 if fake.tsan else 1)  # ThreadSanitizer keeps four bytes for each
    assert grown < 16 * each, f"{grown >> 20} MiB more for a thousand connections"
    print(f"slowest update {slowest * 1000:.0f} ms, {grown >> 20} MiB more")
    until(lambda: fake.threads() < 8, "the end of all viewers", 20)


def test_browser(fake, taken):
    """A web page may reach this machine's ports, so a browser is served only if there is a password."""
    with socket.create_connection(("127.0.0.1", fake.port)) as s:
        s.settimeout(5)
        s.sendall(b"GET /websockify HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Origin: http://somewhere.example\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  b"Sec-WebSocket-Protocol: binary\r\nSec-WebSocket-Version: 13\r\n\r\n")
        got = b""
        try:
            while b"RFB 003.008\n" not in got or taken and b" 101 " not in got:
                part = s.recv(1000)
                if not part:
                    break
                got += part
            if taken:
                s.sendall(b"\x82\x8c\0\0\0\0RFB 003.008\n")  # a masked frame
                assert s.recv(10) == b"\x82\x02\x01\x02", "not asked for the password"
            else:
                assert b" 101 " not in got, "served without a password"
                try:
                    assert not s.recv(1000), "not closed"
                except ConnectionResetError:
                    pass
        except TimeoutError:
            raise AssertionError(f"neither taken nor refused: {got}") from None


def test_idle(fake):
    fake.do("mode 320 200")
    viewers = [Viewer(fake.port) for _ in range(3)]
    for viewer in viewers:
        same(fake, viewer)
    time.sleep(0.5)
    before = fake.switches()
    time.sleep(2)
    woken = fake.switches() - before
    assert woken <= 2, f"{woken} context switches in 2 s with three viewers and a still picture"
    for viewer in viewers:
        viewer.close()


def test_refusals(program, busy_port):
    folder = tempfile.mkdtemp()
    empty = os.path.join(folder, "empty")
    with open(empty, "w", encoding="ascii"):
        pass
    for args, why in ((f"127.0.0.1:{busy_port}", "in use"), ("0.0.0.0:0", "password"), ("[::]:0", "password"),
                      ("127.0.0.1", "ADDRESS:PORT"), ("127.0.0.1:70000", "ADDRESS:PORT"),
                      ("127.0.0.1:0,colour=red", "colour=red"), ("0.0.0.0:0,password=/nowhere", "/nowhere"),
                      (f"0.0.0.0:0,password={empty}", "1 to 8"), ("127.0.0.1:0,head=9", "no head 9"), ("127.0.0.1:0,keymap=xx", "us|uk|de|fr")):
        done = subprocess.run([program, "vnc", args], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=10)
        assert done.returncode == 1 and why in done.stderr and done.stderr.count("\n") == 1, (args, done)


def test_password(program):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("sEcret1\n")
        f.flush()
        fake = Fake(program, "vnc", f"0.0.0.0:0,password={f.name}")
        fake.do("mode 320 200")
        for password in (None, "secret1", "sEcret", ""):
            try:
                Viewer(fake.port, password=password)
            except Gone:
                continue
            raise AssertionError(f"the password {password} was taken")
        viewer = Viewer(fake.port, password="sEcret1")
        same(fake, viewer)
        test_browser(fake, True)
        fake.stop()


def main():
    program = sys.argv[1]
    fake = Fake(program, "vnc", "127.0.0.1:0")
    for test in (test_viewers, test_strangers, test_garbage, test_thousand, test_idle):
        start = time.monotonic()
        test(fake)
        print(f"{test.__name__} {time.monotonic() - start:.2f} s", flush=True)
    test_browser(fake, False)
    test_refusals(program, fake.port)
    fake.stop()
    test_password(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
