# SPDX-License-Identifier: MIT
"""The table of locks in ARCHITECTURE.md against the mutexes in src/, and its order: no circle in it."""
import re

MUTEX = re.compile(r'^\s+pthread_(?:mutex|rwlock|spinlock)_t (\w+);', re.MULTILINE)
STRUCT = re.compile(r'^struct (\w+) \{', re.MULTILINE)
HEAD = re.compile(r'\| *lock *\| *file *\| *guards *\| *may be taken inside *\|\n\|[-| ]+\|\n((?:\|.*\n)+)')


def declared(path, text):
    """{(STRUCT.member, path)} of the mutexes that are members of a struct."""
    return {(f'{STRUCT.findall(text[:m.start()])[-1]}.{m.group(1)}', path) for m in MUTEX.finditer(text)}


def rows(text):
    """{(lock, file): [locks that may be taken inside]}; None: there is no table."""
    table = HEAD.search(text)
    if not table:
        return None
    found = {}
    for row in table.group(1).splitlines():
        lock, path, _, inside = [cell.strip() for cell in row.strip('|').split('|')]
        found[lock, path] = [] if inside == 'none' else re.split(r', *', inside)
    return found


def circle(order):
    """A circle in {lock: [locks taken inside]}, as a list, or None."""
    done = set()

    def walk(lock, above):
        if lock in above:
            return above[above.index(lock):] + [lock]
        if lock in done:
            return None
        found = next(filter(None, (walk(inner, above + [lock]) for inner in order[lock])), None)
        done.add(lock)
        return found

    return next(filter(None, (walk(lock, []) for lock in order)), None)


def check(text, mutexes):
    """text: ARCHITECTURE.md; mutexes: {(lock, path)}. What is wrong, a line each."""
    table = rows(text)
    if table is None:
        return ['ARCHITECTURE.md: no table "| lock | file | guards | may be taken inside |"; put it back']
    wrong = [f'src/{path}: {lock} is not in the table of locks in ARCHITECTURE.md; add its row'
             for lock, path in sorted(mutexes - set(table))]
    wrong += [f'ARCHITECTURE.md: there is no lock {lock} in src/{path}; take the row out'
              for lock, path in sorted(set(table) - mutexes)]
    order = {lock: inside for (lock, _), inside in table.items()}
    unknown = sorted({inner for inside in order.values() for inner in inside} - set(order))
    wrong += [f'ARCHITECTURE.md: {inner} is taken inside of a lock, but has no row' for inner in unknown]
    found = None if unknown else circle(order)
    if found:
        wrong.append(f'ARCHITECTURE.md: the order of locks has a circle: {" > ".join(found)}')
    return wrong
