# SPDX-License-Identifier: MIT
"""What riscreen promises whatever a guest, a file or a client does, checked at the end of each hostile test.

    with Hostile("flood.c", mode="m", harts=8, more=200) as m:
        m.wait("ready")
        ...                         # the attack goes on

As the block ends, while the attack goes on, Hostile asserts that riscreen is alive (or has ended by itself with a
status in `ends`), that its resident memory has grown by less than `more` MiB since the guest's first line, that it
ends within 3 s of SIGTERM, and that no sanitizer and no library wrote to stderr. RISCREEN_SLOWER multiplies the 3 s
for sanitizers.
"""
import os
import re
import time

from bare import Bare

PROMISE = 3  # seconds from SIGTERM to the end: the README's promise, and so the one time a test asserts
SLOWER = float(os.environ.get("RISCREEN_SLOWER", "1"))
REPORTS = re.compile(rb"AddressSanitizer|UndefinedBehavior|runtime error:|ThreadSanitizer|LeakSanitizer|\*\*\* BUG \*\*\*|"
                     rb"libpng error|Assertion")


class Hostile(Bare):
    def __init__(self, kernel, *options, more=256, ends=(), **others):
        self.more, self.ends, self.before = more, ends, None
        super().__init__(kernel, *options, **others)

    def memory(self):
        """Resident memory in MiB."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024

    def wait(self, *arguments, **others):
        match = super().wait(*arguments, **others)
        if self.before is None and self.process.poll() is None:
            self.before = self.memory()
        return match

    def check(self):
        """The promises; ends riscreen."""
        status = self.process.poll()
        if status is None:
            grown = self.memory() - (self.before or 0)
            assert grown < self.more, f"resident memory grew by {grown:.0f} MiB; the bound is {self.more}"
            start = time.monotonic()
            self.terminate()
            status = self.end(10 * PROMISE * SLOWER)
            took = time.monotonic() - start
            print(f"memory +{grown:.0f} MiB, ended {took:.2f} s after SIGTERM", end="; ")
            assert took < PROMISE * SLOWER, f"riscreen ended {took:.1f} s after SIGTERM; it promises {PROMISE}"
            assert status >= 0, f"riscreen died of signal {-status}"
        else:
            assert status in self.ends, f"riscreen ended by itself with status {status}"
        report = REPORTS.search(bytes(self.errors))
        assert not report, f"{report[0].decode()} on stderr"

    def __exit__(self, kind, *why):
        try:
            if not kind:
                self.check()
        except BaseException as e:
            super().__exit__(type(e), e, None)
            raise
        super().__exit__(kind, *why)
