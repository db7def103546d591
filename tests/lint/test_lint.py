#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each check of lint.py finds what it is for, in a sample with that fault, and nothing in a sample without."""
import os
import subprocess
import sys
import tempfile

import locks
import prose

SKIPPED = 77
LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lint.py')
SPDX = '/* SPDX-License-Identifier: MIT */\n'
TABLES = ('| folder | may include |\n|---|---|\n| base | nothing |\n| bus | base; cpu only from bus/special |\n| cpu | bus |\n\n'
          '| lock | file | guards | may be taken inside |\n|---|---|---|---|\n| x.lock | bus/x.h | x | none |\n')
LOCKED = SPDX + '#include <pthread.h>\nstruct x {\n  pthread_mutex_t lock;\n};\n'  # LLVM's layout
WORDS = {'wish': 'preferred mode', 'truths': 'buffers'}

# function of prose.py, text, lines it finds fault with
TEXTS = [
    (prose.comment_ends, '/* one */\nint a; /* two\n        * lines */\n/*\n * many\n */\n', []),
    (prose.comment_ends, '/* reflowed\n */\n', [2]),
    (prose.comment_ends, '    /* first\n     * second\n     */\nint a;\n', [3]),
    (prose.comment_ends, 'const char *s = "/* no comment";\nchar c = \'"\';\n/* text\n */\n', [4]),
    (prose.rulers, '/* --- one, two --- */\n/* --- three ---\n * and its text. */\n/* --gpu: an option */\n', []),
    (prose.rulers, '/* --- one ----------- */\n', [1]),
    (prose.rulers, '\n/* ---- one ---- */\n', [2]),
    (prose.rulers, '/* --- self\n * -------------------- */\n', [1]),
    (prose.cplusplus, '/* new */ #include <new>\nint renew = a & b, *p = &c; f(&a, (x *)&b); return &c;\nx = y ? &a : &b;\n', []),
    (prose.cplusplus, '#include "new/this.h"\nconst char *s = "class";\n', []),
    (prose.cplusplus, 'int old;\nuint32_t new = 1;\n', [2]),
    (prose.cplusplus, 'err->class = NULL;\nif (xor)\n    this.x = 1;\n', [1, 2, 3]),
    (prose.cplusplus, 'x = old &MASK ? 1 : 0;\ny = f(1) &MASK;\n', [1, 2]),
    (prose.cplusplus, 'struct {\n    int a;\n} * list;\n', [3]),
    (prose.test_names, 'static void test_a(void **state)\n{\nstatic int setup(void **state)\n', []),
    (prose.test_names, '\nstatic void holds(void **state)\n{\n', [2]),
    (lambda text: prose.retired(text, WORDS), 'swish, untruths, WISHING\n', []),
    (lambda text: prose.retired(text, WORDS), 'head_wish(1)\nWISH\nuse wish_gen2; two truths\n', [1, 2, 3, 3]),
]

LOCKS = '| lock | file | guards | may be taken inside |\n|---|---|---|---|\n'
MUTEX = 'struct y {\n    int a;\n    pthread_mutex_t lock; /* x */\n};\n'
TWO = {('x.lock', 'a.c'), ('y.lock', 'b.c')}

# ARCHITECTURE.md, mutexes, what is found; None: nothing
ORDERS = [
    (LOCKS + '| x.lock | a.c | x | y.lock |\n| y.lock | b.c | y | none |\n', TWO, None),
    (LOCKS + '| x.lock | a.c | x | y.lock |\n| y.lock | b.c | y | x.lock |\n', TWO, 'x.lock > y.lock > x.lock'),
    (LOCKS + '| x.lock | a.c | x | none |\n', TWO, 'src/b.c: y.lock'),
    (LOCKS + '| x.lock | a.c | x | none |\n| y.lock | b.c | y | none |\n| z.lock | b.c | z | none |\n', TWO, 'z.lock'),
    (LOCKS + '| x.lock | a.c | x | z.lock |\n| y.lock | b.c | y | none |\n', TWO, 'z.lock'),
    ('no table', TWO, 'put it back'),
]

# check, path, text, whether the check finds something
FILES = [
    ('includes', 'src/cpu/z.c', '#include "bus/x.h"\n', False),
    ('includes', 'src/bus/z.c', '#include "cpu/x.h"\n', True),
    ('includes', 'src/bus/special.c', '#include "cpu/x.h"\n', False),
    ('includes', 'src/cpu/z.c', '#include "../cpu/x.h"\n', True),
    ('includes', 'src/cpu/x.c', '#include "bus/x.h"\n', True),
    ('includes', 'src/new/z.c', '', True),
    ('locks', 'src/cpu/z.c', 'int z;\n', False),
    ('locks', 'src/cpu/z.c', 'struct z {\n    pthread_mutex_t lock;\n};\n', True),
    ('headers', 'src/base/y.h', 'typedef int y;\n', False),
    ('headers', 'src/base/y.h', 'size_t y(void);\n', True),
    ('format', 'src/base/y.c', 'int y;\n', False),
    ('format', 'src/base/y.c', 'int   y;\n', True),
    ('licence', 'src/base/y.c', SPDX, False),
    ('licence', 'src/base/y.c', 'int y;\n', True),
    ('hosts', 'tools/get', 'wget http://deb.debian' + '.org/x\n', True),
    ('hosts', 'tools/get', 'apt-get download x\n', False),
    ('comments', 'tests/y.c', '/* reflowed\n */\n', True),
    ('comments', 'tests/y.h', '/* --- long -------- */\n', True),
    ('comments', 'tests/y.c', '/* short */\n', False),
    ('names', 'tests/test_y.c', 'static void x(void **state)\n', True),
    ('names', 'docs/y.md', 'See `cpu/y.h`.\n', True),
    ('names', 'docs/y.md', 'See `src/bus/y.h`.\n', True),
    ('names', 'docs/y.md', 'See `cpu/x.h`, `src/bus`, `/dev/null`, `src/base/NAME.c`, `usr/lib`.\n', False),
    ('words', 'tests/y.c', 'int delete;\n', True),
    ('words', 'tests/y.c', 'int deleted;\n', False),
]


def lint(check, path, text):
    """lint.py's status and output for a tree with this file."""
    with tempfile.TemporaryDirectory() as root:
        for name, content in (('ARCHITECTURE.md', TABLES), ('Makefile', '# SPDX-License-Identifier: MIT\n'),
                              ('src/bus/x.h', LOCKED), ('src/cpu/x.h', SPDX), (path, text)):
            os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
            with open(os.path.join(root, name), 'w', encoding='utf-8') as f:
                f.write(content)
        done = subprocess.run([sys.executable, LINT, check, root], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    for function, text, lines in TEXTS:
        found = function(text)
        assert [number for number, _ in found] == lines, (text, found)
    assert locks.declared('b.c', 'struct x {\n};\n' + MUTEX) == {('y.lock', 'b.c')}
    for text, mutexes, says in ORDERS:
        found = locks.check(text, mutexes)
        assert len(found) == 1 and says in found[0] if says else not found, (text, found)
    for check, path, text, wrong in FILES:
        status, output = lint(check, path, text)
        if status != SKIPPED:
            assert status == wrong, (check, path, text, output)
            assert not wrong or os.path.dirname(path) in output, output
    assert prose.word_list('# a\nb, c: d e # f\n') == {'b': 'd e', 'c': 'd e'}


if __name__ == '__main__':
    main()
