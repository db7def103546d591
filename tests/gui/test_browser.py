#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The screen in a real browser: headless Chromium opens the address that riscreen prints, noVNC draws
what the guest flushed, and what is typed and clicked there arrives. Skips without Chromium or noVNC.
Usage: test_browser.py UI_FAKE"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from fake import Fake
from websocket import WebSocket

SKIP = 77
CHROMIUM = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-dev-shm-usage", "--remote-allow-origins=*",
            "--remote-debugging-port=0", "--window-size=800,600"]
PIXELS = """(() => { const c = document.querySelector('#noVNC_container canvas'); if (!c || !c.width) return null;
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = '';
    for (let i = 0; i < d.length; i += 4) s += String.fromCharCode(d[i], d[i + 1], d[i + 2]);
    return [c.width, c.height, btoa(s)]; })()"""
PLACE = """(() => { const r = document.querySelector('#noVNC_container canvas').getBoundingClientRect();
    return [r.x, r.y, r.width, r.height]; })()"""


class Browser:
    """One page of a Chromium, by its debugging protocol."""

    def __init__(self, program, folder, address):
        self.process = subprocess.Popen([program, *CHROMIUM, "--user-data-dir=" + folder, address],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "HOME": folder})
        port_file = os.path.join(folder, "DevToolsActivePort")
        wait(lambda: os.path.exists(port_file) and os.path.getsize(port_file) > 5, "Chromium", 60)
        with open(port_file, encoding="ascii") as f:
            port = int(f.readline())
        pages = []
        while not pages:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = [p for p in json.load(answer) if p["type"] == "page"]
        path = pages[0]["webSocketDebuggerUrl"].split(str(port), 1)[1]
        self.web = WebSocket(port, path, timeout=60)
        self.count = 0

    def call(self, method, **params):
        self.count += 1
        self.web.send_text(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            answer = json.loads(self.web.message())
            if answer.get("id") == self.count:
                assert "result" in answer, f"{method}: {answer}"
                return answer["result"]

    def value(self, expression):
        """None, too, while the page has no context for scripts yet, or goes from one to the next."""
        try:
            return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")
        except AssertionError as error:
            if "context" not in str(error):
                raise
            return None

    def picture(self):
        got = self.value(PIXELS)
        return (got[0], got[1], base64.b64decode(got[2])) if got else None

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, kind, **more):
        self.call("Input.dispatchKeyEvent", type=kind, **more)

    def close(self):
        self.web.close()
        self.process.terminate()
        self.process.wait(20)


def wait(done, what, seconds=30):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.1)


def flat(fake, width, height):
    """Surfaces of one colour each, which lossy encodings keep; what the display says was flushed."""
    for i, (x, y) in enumerate((x, y) for y in range(0, height, 100) for x in range(0, width, 80)):
        fake.do(f"paint {x} {y} 80 100 {i * 0x2d1f0b & 0xffffff:06x}")
    fake.do(f"flush 0 0 {width} {height}")
    return fake.snapshot()


def look(fake, browser):
    fake.do("mode 320 200")
    for width, height in ((320, 200), (640, 400)):
        fake.do(f"mode {width} {height}")
        want = flat(fake, width, height)
        try:
            wait(lambda: browser.picture() == want, f"the picture of {width}x{height}")
        except AssertionError:
            got = browser.picture()
            if got and got[:2] == want[:2]:
                print(sum(a != b for a, b in zip(got[2], want[2])), "channels differ")
            raise


def act(fake, browser):
    x, y, width, height = browser.value(PLACE)
    at = {"x": x + width / 2, "y": y + height / 2}
    browser.mouse("mouseMoved", **at)
    browser.mouse("mousePressed", button="left", buttons=1, clickCount=1, **at)
    fake.expect("tablet 1 272 1")
    browser.mouse("mouseReleased", button="left", clickCount=1, **at)
    fake.expect("tablet 1 272 0")
    browser.key("keyDown", key="a", code="KeyA", text="a", windowsVirtualKeyCode=65)
    fake.expect("keyboard 1 30 1")
    browser.key("keyUp", key="a", code="KeyA", windowsVirtualKeyCode=65)
    fake.expect("keyboard 1 30 0")
    browser.key("keyDown", key="q", code="KeyA", text="q", windowsVirtualKeyCode=81)  # azerty: by its place
    fake.expect("keyboard 1 30 1")
    browser.mouse("mouseWheel", deltaX=0, deltaY=200, **at)
    fake.expect("tablet 2 8 -1")


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium or not os.path.exists("/usr/share/novnc/vnc.html"):
        print("Chromium and noVNC are needed: install the packages chromium and novnc")
        return SKIP
    fake = Fake(sys.argv[1], "web", "0")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(chromium, folder, f"http://127.0.0.1:{fake.port}/")
        look(fake, browser)
        act(fake, browser)
        browser.close()
    fake.expect("keyboard 1 30 0")  # was held
    fake.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
