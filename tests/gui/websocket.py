# SPDX-License-Identifier: MIT
"""A WebSocket (RFC 6455) that looks like a socket: sendall and recv, or whole messages of text."""
import base64
import hashlib
import os
import socket
import struct

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server did not go on as a WebSocket; the answer's first line."""


class WebSocket:
    def __init__(self, port, path="/websockify", origin=None, host=None, more="", timeout=10):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout)
        key = base64.b64encode(os.urandom(16))
        host = host or f"127.0.0.1:{port}"
        origin = f"Origin: {origin or 'http://' + host}\r\n" if origin != "" else ""
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{origin}"
                          f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.sock.recv(1)
            if not byte:
                break
            head += byte
        first = head.split(b"\r\n")[0].decode()
        if " 101 " not in first:
            self.sock.close()
            raise Refused(first)
        assert base64.b64encode(hashlib.sha1(key + MAGIC).digest()) in head
        self.data = b""

    def settimeout(self, timeout):
        self.sock.settimeout(timeout)

    def close(self):
        self.sock.close()

    def frame(self, opcode, data):
        size = len(data)
        head = bytes([0x80 | opcode, 0x80 | (size if size < 126 else 126 if size < 65536 else 127)])
        if size >= 126:
            head += struct.pack(">H" if size < 65536 else ">Q", size)
        mask = os.urandom(4)
        self.sock.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def sendall(self, data):
        self.frame(2, data)

    def send_text(self, text):
        self.frame(1, text.encode())

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise ConnectionError("closed")
            data += part
        return data

    def message(self):
        """The next message that is not a ping; b"" if the other side closes."""
        whole = b""
        while True:
            try:
                first, size = self.exactly(2)
            except ConnectionError:
                return b""
            size = struct.unpack(">H", self.exactly(2))[0] if size == 126 else \
                struct.unpack(">Q", self.exactly(8))[0] if size == 127 else size
            data = self.exactly(size)
            if first & 15 == 8:
                return b""
            if first & 15 in (0, 1, 2):
                whole += data
                if first & 0x80:
                    return whole

    def recv(self, size):
        while not self.data:
            self.data = self.message()
            if not self.data:
                return b""
        part, self.data = self.data[:size], self.data[size:]
        return part
