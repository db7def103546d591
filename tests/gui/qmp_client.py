#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A QMP client with nothing special to riscreen: the same calls run against QEMU and riscreen.

    qmp_client.py SOCKET                 talks to what listens there, and quits it
    qmp_client.py SOCKET -- COMMAND...   starts COMMAND first, with SOCKET for {socket}
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time


class QMPError(Exception):
    def __init__(self, error):
        super().__init__(error["desc"])
        self.kind = error["class"]


class Client:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(path)
        self.file = self.sock.makefile("r", encoding="utf-8", newline="\r\n")  # "rw" would lose what it read ahead
        self.events, self.number = [], 0
        self.greeting = self.message()["QMP"]

    def message(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def call(self, execute, **arguments):
        self.number += 1
        request = {"execute": execute, "id": {"call": self.number}}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        self.sock.sendall(json.dumps(request).encode())
        while True:
            answer = self.message()
            if "event" in answer:
                self.events.append(answer)
                continue
            assert answer["id"] == {"call": self.number}, answer
            if "error" in answer:
                raise QMPError(answer["error"])
            return answer["return"]

    def fails(self, kind, execute, **arguments):
        try:
            self.call(execute, **arguments)
        except QMPError as error:
            assert error.kind == kind, (execute, error.kind, error)
            return
        raise AssertionError(f"{execute} {arguments} succeeded")

    def event(self, name, seconds=20):
        """The next event of that name; others are dropped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == name:
                    age = time.time() - event["timestamp"]["seconds"]
                    assert -2 < age < 60, event
                    assert 0 <= event["timestamp"]["microseconds"] < 1000000
                    return event.get("data", {})
            message = self.message()
            if "event" in message:
                self.events.append(message)
        raise AssertionError(f"no {name}")


def key(name):
    return {"type": "qcode", "data": name}


def check_greeting(c):
    version = c.greeting["version"]["qemu"]
    assert all(isinstance(version[part], int) for part in ("major", "minor", "micro"))
    assert isinstance(c.greeting["version"]["package"], str)
    assert isinstance(c.greeting["capabilities"], list)
    c.fails("CommandNotFound", "query-status")
    assert c.call("qmp_capabilities") == {}
    c.fails("CommandNotFound", "qmp_capabilities")


def check_queries(c):
    names = {command["name"] for command in c.call("query-commands")}
    for name in ("qmp_capabilities", "query-status", "query-commands", "query-version",
                 "screendump", "send-key", "input-send-event", "stop", "cont", "system_reset",
                 "system_powerdown", "quit"):
        assert name in names, name
    assert c.call("query-version")["qemu"] == c.greeting["version"]["qemu"]
    status = c.call("query-status")
    assert status["running"] is True and status["status"] == "running", status
    c.fails("CommandNotFound", "no-such-command")
    c.fails("GenericError", "screendump")
    c.fails("GenericError", "stop", what=1)


def check_screendump(c, folder):
    path = os.path.join(folder, "screen")
    assert c.call("screendump", filename=path) == {}
    with open(path, "rb") as f:
        fields = f.read(20).split()
    assert fields[0] == b"P6" and int(fields[1]) > 0 and int(fields[2]) > 0
    assert c.call("screendump", filename=path, format="png") == {}
    with open(path, "rb") as f:
        assert f.read(8) == b"\x89PNG\r\n\x1a\n"
    c.fails("GenericError", "screendump", filename=path, format="gif")
    c.fails("GenericError", "screendump", filename=os.path.join(folder, "no", "x"))


def check_input(c):
    assert c.call("send-key", keys=[key("ctrl"), key("alt"), key("f2")]) == {}
    assert c.call("send-key", keys=[{"type": "number", "data": 30}], hold_time=20) == {}
    c.fails("GenericError", "send-key", keys=[key("no-such-key")])
    c.fails("GenericError", "send-key", keys=[{"type": "qcode"}])
    events = [{"type": "abs", "data": {"axis": "x", "value": 16384}},
              {"type": "abs", "data": {"axis": "y", "value": 32767}}]
    for down in (True, False):
        events.append({"type": "btn", "data": {"down": down, "button": "left"}})
        events.append({"type": "btn", "data": {"down": down, "button": "wheel-up"}})
        events.append({"type": "key", "data": {"down": down, "key": key("a")}})
    assert c.call("input-send-event", events=events) == {}
    c.fails("GenericError", "input-send-event",
            events=[{"type": "btn", "data": {"down": True, "button": "none"}}])


def check_power(c):
    assert c.call("stop") == {}
    c.event("STOP")
    assert c.call("query-status") == {**c.call("query-status"), "running": False,
                                      "status": "paused"}
    c.fails("GenericError", "input-send-event",
            events=[{"type": "key", "data": {"down": True, "key": key("a")}}])
    assert c.call("cont") == {}
    c.event("RESUME")
    assert c.call("query-status")["running"] is True
    assert c.call("system_reset") == {}
    assert c.event("RESET") == {"guest": False, "reason": "host-qmp-system-reset"}
    assert c.call("system_powerdown") == {}
    c.event("POWERDOWN")


def check_garbage(c):
    c.sock.sendall(b"{nonsense}\n")
    assert c.message()["error"]["class"] == "GenericError"
    assert c.call("query-status")["running"] is True


def check_quit(c):
    try:
        assert c.call("quit") == {}
        assert c.event("SHUTDOWN") == {"guest": False, "reason": "host-qmp-quit"}
    finally:
        c.sock.close()


def talk(path):
    c = Client(path)
    with tempfile.TemporaryDirectory() as folder:
        check_greeting(c)
        check_queries(c)
        check_screendump(c, folder)
        check_input(c)
        check_power(c)
        check_garbage(c)
        check_quit(c)


def main():
    path = sys.argv[1]
    process = None
    if "--" in sys.argv:
        command = sys.argv[sys.argv.index("--") + 1:]
        process = subprocess.Popen([word.replace("{socket}", path) for word in command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.exists(path) and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
    try:
        talk(path)
        if process:
            assert process.wait(20) == 0, process.returncode
            assert not os.path.exists(path), "the socket is left behind"
    finally:
        if process and process.poll() is None:
            process.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
