# SPDX-License-Identifier: MIT
"""A small VNC viewer for tests: RFC 6143, Raw pixels only, and the pseudo-encodings that riscreen
answers. It keeps the picture as the server's BGRX bytes."""
import socket
import struct
import subprocess

RAW, DESKTOP_SIZE, CURSOR, EXTENDED_KEYS, EXTENDED_DESKTOP_SIZE = 0, -223, -239, -258, -308
LED_STATE, ALPHA_CURSOR, VMWARE_CURSOR = -261, -314, 0x574d5664


class Gone(Exception):
    """The server closed the connection, or refused it."""


def encrypt(password, challenge):
    """The answer to VNC's challenge: DES, with each key byte's bits turned around."""
    key = bytes(int(f"{b:08b}"[::-1], 2) for b in password.encode().ljust(8, b"\0"))
    return subprocess.run(["openssl", "enc", "-des-ecb", "-K", key.hex(), "-nopad", "-provider", "legacy",
                           "-provider", "default"], input=challenge, stdout=subprocess.PIPE, check=True).stdout


class Viewer:
    def __init__(self, port, encodings=(RAW, CURSOR, EXTENDED_KEYS, EXTENDED_DESKTOP_SIZE, DESKTOP_SIZE),
                 password=None, receive_buffer=None, timeout=10, version=8, connection=None):
        """connection: speak through this one (websocket.py) instead of a new one to the port."""
        self.sock = connection or socket.socket()
        self.sock.settimeout(timeout)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if not connection:
            self.sock.connect(("127.0.0.1", port))
        self.version = version
        self.leds = None    # bits: Scroll, Num, Caps
        self.cursor = None  # (width, height, hot x, hot y, pixels, mask)
        self.extended_keys = False
        self.resize_answers = []  # (why, what came of it, width, height)
        self.handshake(password)
        self.width, self.height = struct.unpack(">HH", self.read(4))
        self.read(16)
        self.name = self.read(struct.unpack(">I", self.read(4))[0]).decode()
        self.pixels = bytearray(self.width * self.height * 4)
        # 32 bits, depth 24, little-endian, true colour, 8 bits each: blue first in memory
        self.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.send(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    def handshake(self, password):
        assert self.read(12) == b"RFB 003.008\n"
        self.send(b"RFB 003.00%d\n" % self.version)
        types = self.read(self.read(1)[0]) if self.version >= 7 else self.read(4)[3:]
        self.security = types
        wanted = 1 if password is None else 2
        if wanted not in types:
            raise Gone(f"security types {list(types)}")
        if self.version >= 7:
            self.send(bytes([wanted]))
        if password is not None:
            self.send(encrypt(password, self.read(16)))
        if (self.version >= 8 or password is not None) and struct.unpack(">I", self.read(4))[0]:
            raise Gone("refused")
        self.send(b"\x01")

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.sock.recv(min(size - len(data), 1 << 20))
            if not part:
                raise Gone("closed")
            data += part
        return bytes(data)

    # --- the screen ---------------------------------------------------------------------------------

    def request(self, incremental=True):
        self.send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    def update(self):
        """Reads one message; the list of rectangles if it was an update."""
        kind = self.read(1)[0]
        if kind == 1:  # a colour map
            first, count = struct.unpack(">xHH", self.read(5))
            self.colours = struct.unpack(f">{3 * count}H", self.read(6 * count))
            assert first == 0
            return []
        if kind != 0:
            raise AssertionError(f"unexpected message {kind}")
        rects = []
        for _ in range(struct.unpack(">xH", self.read(3))[0]):
            x, y, w, h, encoding = struct.unpack(">HHHHi", self.read(12))
            rects.append((x, y, w, h, encoding))
            self.rectangle(x, y, w, h, encoding)
        return rects

    def rectangle(self, x, y, w, h, encoding):
        if encoding == RAW:
            self.draw(x, y, w, h)
        elif encoding == CURSOR:
            self.cursor = (w, h, x, y, self.read(w * h * 4), self.read((w + 7) // 8 * h))
        elif encoding == ALPHA_CURSOR:
            assert self.read(4) == b"\0\0\0\0"  # raw
            self.cursor = (w, h, x, y, self.read(w * h * 4), None)
        elif encoding == VMWARE_CURSOR:
            assert self.read(2) == b"\1\0"  # with alpha
            self.cursor = (w, h, x, y, self.read(w * h * 4), None)
        elif encoding == LED_STATE:
            self.leds = self.read(1)[0]
        elif encoding == EXTENDED_KEYS:
            self.extended_keys = True
        elif encoding in (DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE):
            if encoding == EXTENDED_DESKTOP_SIZE:
                self.screens = [self.read(16) for _ in range(self.read(4)[0])]
                self.resize_answer = (x, y)  # why, and what came of it
                self.resize_answers.append((x, y, w, h))
            if (w, h) != (self.width, self.height):
                self.width, self.height, self.pixels = w, h, bytearray(w * h * 4)
        else:
            raise AssertionError(f"unexpected encoding {encoding}")

    def draw(self, x, y, w, h):
        assert x + w <= self.width and y + h <= self.height, "a rectangle outside the screen"
        data = self.read(w * h * 4)
        for row in range(h):
            at = ((y + row) * self.width + x) * 4
            self.pixels[at:at + w * 4] = data[row * w * 4:(row + 1) * w * 4]

    def rgb(self):
        """The picture as PPM has it."""
        out = bytearray(self.width * self.height * 3)
        for channel in range(3):
            out[channel::3] = self.pixels[2 - channel::4]
        return self.width, self.height, bytes(out)

    def until(self, done, what):
        """Asks and reads until done(); the socket's time limit ends it."""
        self.request()
        while not done():
            try:
                self.update()
            except TimeoutError:
                raise AssertionError(f"never came: {what}") from None
            self.request()

    # --- input --------------------------------------------------------------------------------------

    def key(self, keysym, down):
        self.send(struct.pack(">BBxxI", 4, down, keysym))

    def scancode_key(self, scancode, down, keysym=0):
        self.send(struct.pack(">BBHII", 255, 0, down, keysym, scancode))

    def pointer(self, buttons, x, y):
        self.send(struct.pack(">BBHH", 5, buttons, x, y))

    def resize(self, width, height, screens=1):
        self.send(struct.pack(">BxHHBx", 251, width, height, screens) +
                  struct.pack(">IHHHHI", 0, 0, 0, width, height, 0) * screens)


def same(fake, viewer):
    """Waits until the viewer has the flushed picture of a Fake, each pixel."""
    want = fake.snapshot()
    viewer.until(lambda: viewer.rgb() == want, "the flushed picture")
