#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A language runtime that generates code as it runs: Debian's LuaJIT, on two harts at once.

Each round compiles new functions into memory that held the code of the round before. Its interpreter prints the same, and
the sums of integers are those that Python gets.
"""
import os
import tempfile

from guest import Machine, PROMPT, disk_of

ROUNDS, COUNT = 40, 6000

PROGRAM = """
local rounds, count = %d, %d
local traces = 0
if jit.status() then
    jit.attach(function(what) if what == "stop" then traces = traces + 1 end end, "trace")
end
local bit, ffi = require("bit"), require("ffi")
local function floats(n, round)
    local x, sum = ffi.new("double[64]"), 0
    for i = 1, n do
        local k = bit.band(i, 63)
        x[k] = math.sqrt(x[k] * x[k] + i / round) - math.floor(i / 3)
        sum = sum + x[k] * 1e-3
    end
    return sum
end
local function words(n, round)
    local t = {}
    for i = 1, n do
        t[#t + 1] = string.char(97 + bit.bxor(i, round) %% 26)
        if #t == 100 then t = {table.concat(t):reverse():sub(1, 7)} end
    end
    return table.concat(t)
end
for round = 1, rounds do
    jit.flush()
    local source = "local n, s = ..., 0 for i = 1, n do s = (s + i * %%d) %%%% %%d end return s"
    print("sum", round, load(source:format(round + 2, 65521 - round))(count))
    print(floats(count, round), words(count, round))
end
io.stderr:write("traces ", traces, "\\n")
""" % (ROUNDS, COUNT)

COMMAND = """(mount -t ext4 -o ro /dev/vdb /mnt && cd /tmp || exit
luajit -joff /mnt/program.lua >plain 2>none
luajit -jon /mnt/program.lua >one 2>traces & luajit -jon /mnt/program.lua >two 2>more; wait
cmp plain one && cmp plain two && grep -c . plain && cat traces && grep ^sum plain)"""


def expected(round_):
    s = 0
    for i in range(1, COUNT + 1):
        s = (s + i * (round_ + 2)) % (65521 - round_)
    return s


def main():
    with tempfile.TemporaryDirectory(prefix="riscreen-test-") as folder:
        tree = os.path.join(folder, "tree")
        os.mkdir(tree)
        with open(os.path.join(tree, "program.lua"), "w", encoding="ascii") as f:
            f.write(PROGRAM)
        disk = disk_of(tree, os.path.join(folder, "disk"), 8, "program")
        with Machine("-d", disk + ",ro", harts=2) as m:
            m.wait(PROMPT)
            seen = m.run(COMMAND.replace("\n", "; ")).split("\n")
            words = [line.split() for line in seen]
            assert [str(2 * ROUNDS)] in words, "\n".join(seen)
            traces = [int(w[1]) for w in words if w and w[0] == "traces"]
            assert traces and traces[0] >= 3 * ROUNDS, traces
            sums = {int(w[1]): int(w[2]) for w in words if w and w[0] == "sum"}
            assert sums == {r: expected(r) for r in range(1, ROUNDS + 1)}, sums


if __name__ == "__main__":
    main()
