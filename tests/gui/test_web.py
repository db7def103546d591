#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The web front-end without a browser: its pages, what it refuses, VNC through a WebSocket, and a
crowd of clients that are slow, silent or mad. Usage: test_web.py UI_FAKE"""
import os
import socket
import subprocess
import sys
import tempfile
import time

from fake import Fake
from rfb import Gone, Viewer
from websocket import Refused, WebSocket

KEY_A = 30


def ask(port, request, timeout=10):
    """(status, headers, body) of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        s.sendall(request)
        data = b""
        while part := s.recv(65536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split(" ")[1]), dict(line.split(": ", 1) for line in lines[1:]), body


def get(port, path):
    return ask(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def same(fake, viewer):
    want = fake.snapshot()
    viewer.until(lambda: viewer.rgb() == want, "the flushed picture")


def test_pages(fake, folder):
    status, headers, _ = get(fake.port, "/")
    assert status == 302 and headers["Location"].startswith("/vnc.html?"), headers
    status, headers, body = get(fake.port, headers["Location"])
    assert (status, body) == (200, b"<p>page") and headers["Content-Type"].startswith("text/html")
    status, headers, body = get(fake.port, "/core/rfb.js")
    assert status == 200 and headers["Content-Type"].startswith("text/javascript")
    assert len(body) == 3000000 == int(headers["Content-Length"])
    os.symlink("/etc/passwd", os.path.join(folder, ".secret"))
    for path in ("/none.html", "/../etc/passwd", "/core/../../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd/",
                 "/core", "/core/", "/.secret", "/core//../x", "/" + "a" * 300, "*", "http://x/"):
        assert get(fake.port, path)[0] == 404, path
    for request, status in ((b"POST / HTTP/1.1\r\n\r\n", 405), (b"HEAD / HTTP/1.1\r\n\r\n", 405),
                            (b"rubbish\r\n\r\n", 400), (b"\r\n\r\n", 400), (b"GET /\r\n\r\n", 400),
                            (b"GET / HTTP/1.1\r\nX: " + b"y" * 5000, 431)):
        assert ask(fake.port, request)[0] == status, request[:40]


def test_screen(fake):
    fake.do("mode 320 200")
    viewer = Viewer(fake.port, connection=WebSocket(fake.port))
    same(fake, viewer)
    viewer.key(ord("a"), 1)
    fake.expect(f"keyboard 1 {KEY_A} 1")
    viewer.close()
    fake.expect(f"keyboard 1 {KEY_A} 0")
    viewer = Viewer(fake.port, connection=WebSocket(fake.port, host=f"localhost:{fake.port}"))
    fake.do("mode 1600 1200")
    same(fake, viewer)
    viewer.close()


def refused(port, status, **how):
    try:
        WebSocket(port, **how)
    except Refused as e:
        assert f" {status} " in str(e), e
        return
    raise AssertionError(f"not refused: {how}")


def test_strangers(fake):
    """Pages of others, also under a name that leads here, and what is no page at all."""
    here = f"127.0.0.1:{fake.port}"
    refused(fake.port, 403, origin="http://somewhere.example")
    refused(fake.port, 403, origin="http://127.0.0.1:1")
    refused(fake.port, 403, origin="null")
    refused(fake.port, 403, origin="")
    refused(fake.port, 403, host="127.0.0.1.somewhere.example")
    refused(fake.port, 403, host=f"rebound.example:{fake.port}")
    WebSocket(fake.port, origin="https://" + here).close()
    with socket.create_connection(("127.0.0.1", fake.port)) as plain:  # no VNC without a WebSocket
        plain.settimeout(1)
        plain.sendall(b"RFB 003.008\n")
        try:
            assert not plain.recv(1)
        except TimeoutError:
            pass


def test_crowd(fake):
    """Half requests, silence, unread answers, rubbish frames: a page and a viewer still get through."""
    fake.do("mode 320 200")
    good = Viewer(fake.port, connection=WebSocket(fake.port))
    same(fake, good)
    crowd = []
    for i in range(300):
        s = socket.create_connection(("127.0.0.1", fake.port))
        try:
            s.sendall((b"", b"GET / HT", b"GET /core/rfb.js HTTP/1.1\r\n\r\n", os.urandom(3000))[i % 4])
        except OSError:
            pass
        crowd.append(s)
    for _ in range(5):
        try:
            web = WebSocket(fake.port)
            web.sock.sendall(os.urandom(3000))
            crowd.append(web)
        except (Refused, OSError):
            pass
    assert get(fake.port, "/vnc.html")[0] == 200
    fake.do("paint 3 3 9 9 abcdef")
    fake.do("flush 3 3 9 9")
    same(fake, good)
    before = fake.switches()
    time.sleep(1)
    woken = fake.switches() - before
    assert woken < 100, f"{woken} context switches in a second for a crowd that does nothing"
    for s in crowd:
        s.close()
    good.close()


def test_memory(fake):
    """What a viewer took is given back."""
    def visits(count):
        for _ in range(count):
            Viewer(fake.port, connection=WebSocket(fake.port)).close()
        end = time.monotonic() + 10
        while fake.threads() > 3 and time.monotonic() < end:
            time.sleep(0.05)
        return fake.memory()
    fake.do("mode 320 200")
    before = visits(60)
    grown = visits(300) - before
    assert grown < 4 << 20, f"{grown >> 10} kB more after 300 visits"


def test_password(program, folder):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("sEcret1\n")
        f.flush()
        fake = Fake(program, "web", f"0.0.0.0:0,password={f.name},novnc={folder}", "vnc", "127.0.0.1:0")
        fake.do("mode 320 200")
        web = dict(host=f"machine.example:{fake.port}")
        for password in (None, "secret1"):
            try:
                Viewer(fake.port, connection=WebSocket(fake.port, **web), password=password)
            except Gone:
                continue
            raise AssertionError(f"the password {password} was taken")
        same(fake, Viewer(fake.port, connection=WebSocket(fake.port, **web), password="sEcret1"))
        same(fake, Viewer(fake.ports[1]))  # the other front-end asks for none
        refused(fake.port, 403, origin="http://somewhere.example")
        fake.stop()


def test_refusals(program, folder, busy_port):
    for args, why in ((f"{busy_port},novnc={folder}", "in use"), (f"0.0.0.0:0,novnc={folder}", "password"),
                      ("70000", "as in web=6080"), ("0,novnc=/nowhere", "install Debian's package novnc"),
                      (f"0,novnc={folder},head=9", "no head 9"), ("0,colour=red", "novnc=FOLDER")):
        done = subprocess.run([program, "web", args], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=10)
        assert done.returncode == 1 and why in done.stderr and done.stderr.count("\n") == 1, (args, done)


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "core"))
        for name, data in (("vnc.html", b"<p>page"), ("core/rfb.js", b"x" * 3000000)):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        fake = Fake(program, "web", f"0,novnc={folder}")
        for test, more in ((test_pages, (folder,)), (test_screen, ()), (test_strangers, ()), (test_crowd, ()),
                           (test_memory, ())):
            start = time.monotonic()
            test(fake, *more)
            print(f"{test.__name__} {time.monotonic() - start:.2f} s", flush=True)
        test_refusals(program, folder, fake.port)
        fake.stop()
        test_password(program, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
