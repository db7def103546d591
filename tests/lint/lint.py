#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the compiler does not check. Usage: lint.py CHECK ROOT

    includes  who includes whom, against the table in ARCHITECTURE.md
    locks     the mutexes in src, against the table in ARCHITECTURE.md, whose order has no circle
    headers   each header compiles alone
    format    the layout is clang-format's
    licence   each source has its SPDX line
    hosts     no package mirror or registry is named
    comments  no lone */ behind a comment, no long rulers
    words     no word that words.txt lists, no identifier that is a word of C++
    names     tests are called test_NAME, and the paths that documents name are there
    sizes     files that have grown long (a note, never a failure)

Prints what is wrong, where, and the cure. Status 1: something is; 77: the check's tool is not here.
"""
import os
import re
import shutil
import subprocess
import sys

import locks
import prose

SKIPPED = 77
LONG = 600  # lines
FOLDERS = ['.ci', 'bench', 'data', 'docs', 'guest', 'src', 'tests', 'tools']
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
HOSTS = re.compile(r'\b(?:deb|snapshot|security|archive)\.debian\.(?:org|net)|\bftp\.[a-z.]*debian\.org|'
                   r'\bregistry\.npm|\bpypi\.org')


def files(*endings, folders=None):
    """Paths below the root with one of the endings (all files without one), sorted."""
    found = []
    for folder in folders or FOLDERS:
        for where, folders_in, names in os.walk(folder):
            folders_in[:] = [f for f in folders_in if f not in ('__pycache__', 'corpus')]
            paths = [os.path.join(where, n) for n in names if not endings or n.endswith(endings)]
            found += [p for p in paths if not os.path.islink(p)]
    return sorted(found)


def read(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


# --- includes ---

def include_table():
    """{folder: ({folders it may include}, [(another folder, {paths that may}), ...])}

    A row is `| virtio | bus, host; display only from virtio/gpu/ and virtio/input.c |`.
    """
    table = {}
    rows = re.search(r'\| *folder *\| *may include *\|\n\|[-| ]+\|\n((?:\|.*\n)+)', read('ARCHITECTURE.md'))
    if not rows:
        sys.exit('ARCHITECTURE.md: no table "| folder | may include |"; put it back')
    for row in rows.group(1).splitlines():
        names, may = [cell.strip() for cell in row.strip('|').split('|')]
        plain, *special = [part.strip() for part in may.split(';')]
        allowed = set() if plain == 'nothing' else set(re.split(r', *', plain))
        only = []
        for part in special:
            folder, paths = part.split(' only from ')
            only.append((folder, tuple('src/' + p for p in re.split(r',? and |, *', paths))))
        for name in re.split(r', *', names):
            table[name] = (allowed, only)
    return table


def may_include(table, path, folder):
    own = path.split('/')[1]
    allowed, only = table[own]
    return (folder == own or folder in allowed or
            any(folder == f and path.startswith(paths) for f, paths in only))


def begins_with_own(path, quoted):
    """A .c file's first include is its own header, or a wider one of its folder that begins with that."""
    own = path[len('src/'):-2] + '.h'
    if not path.endswith('.c') or not os.path.exists('src/' + own):
        return True
    first = quoted[0] if quoted else ''
    return first == own or (os.path.dirname(first) == os.path.dirname(own) and
                            own in INCLUDE.findall(read('src/' + first)))


def includes():
    table, wrong = include_table(), []
    for folder in sorted(os.listdir('src')):
        if os.path.isdir('src/' + folder) and folder not in table:
            wrong.append(f'src/{folder}: not in the table of ARCHITECTURE.md; add its row')
    for path in files('.c', '.h', '.inc', folders=['src']):
        if path.split('/')[1] not in table:
            continue
        quoted = INCLUDE.findall(read(path))
        if not begins_with_own(path, quoted):
            wrong.append(f'{path}: its own header is not the first; begin with #include "{path[4:-2]}.h"')
        for name in quoted:
            folder = name.split('/')[0]
            if '/' not in name or name.startswith('..'):
                if name != 'ui_list.c':
                    wrong.append(f'{path}: "{name}"; write the path from src/, as in "bus/gmem.h"')
            elif not os.path.exists('src/' + name):
                wrong.append(f'{path}: "{name}" is not in src/')
            elif not may_include(table, path, folder):
                wrong.append(f'{path}: "{name}"; the table of ARCHITECTURE.md lets {path.split("/")[1]} not '
                             f'include {folder}: turn the dependency round (an ops table), or move the code')
    return wrong


def lock_table():
    mutexes = set()
    for path in files('.c', '.h', folders=['src']):
        mutexes |= locks.declared(path[len('src/'):], read(path))
    return locks.check(read('ARCHITECTURE.md'), mutexes)


# --- the others ---

def headers():
    libraries = ['pixman-1', 'libpng', 'json-c', 'zlib', 'sdl2']
    flags = []
    for library in libraries:
        asked = subprocess.run(['pkg-config', '--cflags', library], capture_output=True, text=True)
        flags += asked.stdout.split() if asked.returncode == 0 else []
    compiler = os.environ.get('CC', 'cc').split()
    wrong = []
    for path in files('.h', folders=['src', 'tests/kit']):
        done = subprocess.run([*compiler, '-fsyntax-only', '-std=gnu11', '-D_GNU_SOURCE', '-Isrc', '-Itests',
                               *flags, '-x', 'c', path], capture_output=True, text=True)
        if done.returncode:
            wrong.append(f'{path}: does not compile alone; include what it uses\n{done.stderr.rstrip()}')
    return wrong


def layout():
    tool = shutil.which('clang-format-14') or shutil.which('clang-format')
    version = tool and subprocess.run([tool, '--version'], capture_output=True, text=True).stdout
    if not version or ' 14.' not in version:
        print('no clang-format 14, whose layout this is; apt-get install clang-format on Debian 12')
        sys.exit(SKIPPED)
    paths = files('.c', '.h', folders=['src', 'tests', 'bench'])  # not .inc: templates have columns of their own
    done = subprocess.run([tool, '--dry-run', '-Werror', *paths], capture_output=True, text=True)
    bad = sorted({line.split(':')[0] for line in done.stderr.splitlines() if 'clang-format-violations' in line})
    if done.returncode and not bad:
        return [done.stderr]
    return [f'{path}: not laid out; make format, or clang-format -i {path}' for path in bad]


def is_source(path, text):
    return path.endswith(('.c', '.h', '.inc', '.S', '.py', '.sh', '.pl', '.ld')) or text.startswith('#!')


def licence():
    wrong = []
    for path in files() + ['Makefile']:
        if path.startswith('guest/files/'):  # they are the guest's
            continue
        text = read(path)
        if is_source(path, text) and 'SPDX-License-Identifier: MIT' not in '\n'.join(text.split('\n', 3)[:3]):
            wrong.append(f'{path}: no SPDX line; put SPDX-License-Identifier: MIT in a comment at the top')
    return wrong


def hosts():
    wrong = []
    for path in files() + [p for p in sorted(os.listdir('.')) if os.path.isfile(p)]:
        for number, line in enumerate(read(path).splitlines(), 1):
            found = HOSTS.search(line)
            if found:
                wrong.append(f'{path}:{number}: names {found[0]}; the mirror comes from apt\'s configuration')
    return wrong


def each_line(found, *endings, folders=None):
    """What `found`, a function of prose.py, says of each file, as paths with line numbers."""
    return [f'{path}:{number}: {what}' for path in files(*endings, folders=folders) for number, what in found(read(path))]


def comments():
    kinds, folders = ('.c', '.h', '.inc', '.def', '.S'), ['src', 'tests', 'bench']
    return each_line(lambda text: prose.comment_ends(text) + prose.rulers(text), *kinds, folders=folders)


def words():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'words.txt'), encoding='utf-8') as f:
        listed = prose.word_list(f.read())
    kinds = ('.c', '.h', '.inc', '.def', '.S', '.py', '.sh', 'meson.build')
    folders = ['src', 'tests', 'bench', 'tools']
    found = each_line(lambda text: prose.retired(text, listed), *kinds, folders=folders)
    wrong = [line for line in found if not line.startswith('tests/lint/')]  # they name the words
    return wrong + each_line(prose.cplusplus, '.c', '.h', folders=folders)


def names():
    wrong = [line for line in each_line(prose.test_names, '.c', folders=['tests']) if '/test_' in line]
    documents = files('.md', folders=['docs']) + [p for p in sorted(os.listdir('.')) if p.endswith('.md')]
    for path in documents:
        for number, name in prose.paths(read(path)):
            folder = name.split('/')[0]
            if os.path.isdir('src/' + folder) and not os.path.isdir(folder):
                name = 'src/' + name
            elif not os.path.isdir(folder):
                continue  # of the guest, or of the host
            if not os.path.exists(name):
                wrong.append(f'{path}:{number}: {name} is not there; name it as it is called now')
    return wrong


def sizes():
    for path in files('.c', '.h', '.inc', '.py', '.sh', folders=['src', 'tests', 'bench', 'guest', 'tools']):
        lines = read(path).count('\n')
        if lines > LONG:
            print(f'{path}: {lines} lines, more than {LONG}; split it when it has two subjects')
    return []


CHECKS = {'includes': includes, 'locks': lock_table, 'headers': headers, 'format': layout, 'licence': licence,
          'hosts': hosts, 'comments': comments, 'words': words, 'names': names, 'sizes': sizes}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__.strip())
    os.chdir(sys.argv[2])
    wrong = CHECKS[sys.argv[1]]()
    print(*wrong, sep='\n')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
