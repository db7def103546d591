# SPDX-License-Identifier: MIT
"""What bench/all measured, as Markdown tables and as a plot (SVG).

The measurements are the JSON files that bench/run, bench/os and bench/boot write: minima by target
and name. A missing one leaves its rows out.
"""
import html
import math

import harness

BEGIN, END = '<!-- bench/all writes what follows -->', '<!-- bench/all ends here -->'
SERVICES = ['getpid', 'pipe', 'fork', 'mmap', 'switch', 'futex']
COLOURS = {'INTEGER': '#2f6db5', 'FLOATING': '#c0632a', 'ISOLATING': '#7a7a7a', 'GUEST': '#7a7a7a',
           'services': '#3d8b4f'}


def ratio(found, name, over='qemu', under='riscreen'):
    """over's time by under's, or None."""
    return found[over][name] / found[under][name] if name in found.get(over, {}) and name in found[under] else None


def mean(found, names, over='qemu', under='riscreen'):
    got = [r for r in (ratio(found, name, over, under) for name in names) if r]
    return harness.geomean(got) if got else None


def group(*names):
    return [k for k, g in harness.GROUPS.items() if g in names]


def goals(measured):
    """[(what, measured value, 'at least' or 'at most', goal)]; a value is None where it was not measured."""
    kernels, rv32, system, boot = (measured.get(n, {}) for n in ('kernels', 'rv32', 'os', 'boot'))
    real = group('INTEGER', 'FLOATING')
    versus = {k: ratio(kernels, k) for k in real if kernels and ratio(kernels, k)}
    worst = min(versus, key=versus.get) if versus else None
    wide, narrow = (mean(m, real) if m else None for m in (kernels, rv32))
    rows = [('integer kernels, QEMU / riscreen', mean(kernels, group('INTEGER')), 'at least', 3),
            ('integer kernels, riscreen / native', mean(kernels, group('INTEGER'), 'riscreen', 'native'), 'at most', 2.5),
            ('floating point, QEMU / riscreen', mean(kernels, group('FLOATING')), 'at least', 5),
            (f'slowest of these kernels ({worst}), QEMU / riscreen', versus.get(worst), 'at least', 1)]
    if kernels.get('other'):
        slowest = min(real, key=lambda k: ratio(kernels, k, 'other'))
        rows.append((f'slowest ({slowest}), interpreter / riscreen', ratio(kernels, slowest, 'other'), 'at least', 1))
    rows += [('RV32, geomean of QEMU / riscreen by that of RV64', narrow / wide if wide and narrow else None,
              'at least', 0.85),
             ('services of Linux, QEMU / riscreen', mean(system, SERVICES) if system else None, 'at least', 2),
             ('S-mode to M-mode and back, riscreen / QEMU', ratio(system, 'ecall', 'riscreen', 'qemu') if system else None,
              'at most', 0.12)]
    names = {'login': 'boot with systemd to its login, 2 harts', 'desktop': 'boot to the X desktop, 2 harts'}
    rows += [(names.get(what, f'kernel to init, {what} hart(s)') + ', riscreen / QEMU', ratio(boot, what, 'riscreen', 'qemu'),
              'at most', 0.5) for what in boot.get('riscreen', {})]
    return [row for row in rows if row[1]]


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows]) + '\n'


def number(value, form='{:.2f}'):
    return form.format(value) if value else ''


def goal_table(measured):
    rows = []
    for what, value, direction, goal in goals(measured):
        holds = value >= goal if direction == 'at least' else value <= goal
        rows.append((what, number(value), f'{direction} {goal}', 'yes' if holds else 'no'))
    return table(['what', 'measured', 'goal', 'holds'], rows)


def kernel_table(measured, names):
    kernels, rv32 = measured['kernels'], measured.get('rv32', {'riscreen': {}})
    rows = []
    for k in names:
        rows.append((k, harness.GROUPS[k].lower(), number(kernels.get('native', {}).get(k, 0) / 1e6, '{:.1f}'),
                     number(ratio(kernels, k, 'qemu', 'native')), number(ratio(kernels, k, 'riscreen', 'native')),
                     number(ratio(kernels, k)), number(ratio(rv32, k))))
    return table(['kernel', 'group', 'native ms', 'QEMU / native', 'riscreen / native', 'QEMU / riscreen',
                  'the same, RV32'], rows)


def service_table(system):
    names = [*SERVICES, 'ecall']
    return table(['us', 'QEMU', 'riscreen', 'QEMU / riscreen'],
                 [(n, *[number(system.get(t, {}).get(n, 0) / 1000) for t in ('qemu', 'riscreen')],
                   number(ratio(system, n))) for n in names])


def markdown(measured, host):
    """host: a sentence on the machine and the programs."""
    parts = [host, '', goal_table(measured)]
    if 'kernels' in measured:
        parts += ['![QEMU\'s time by riscreen\'s](img/performance.svg)', '',
                  '### Kernels', '', kernel_table(measured, group('INTEGER', 'FLOATING')),
                  '### One property each', '', kernel_table(measured, group('ISOLATING', 'GUEST'))]
    if 'os' in measured:
        parts += ['### Services of Linux, and ecall without firmware', '', service_table(measured['os'])]
    return '\n'.join(parts)


def bars(measured):
    """[(label, QEMU / riscreen, colour)]"""
    kernels, system = measured.get('kernels', {}), measured.get('os', {})
    found = [(k, ratio(kernels, k), COLOURS[harness.GROUPS[k]]) for k in harness.KERNELS if kernels]
    found += [(s, ratio(system, s), COLOURS['services']) for s in [*SERVICES, 'ecall'] if system]
    return [bar for bar in found if bar[1]]


def svg(measured):
    """Bars on a logarithmic axis, from a quarter to 64 times QEMU's speed."""
    left, width, row, top = 90, 620, 15, 46
    low, high = math.log2(0.25), math.log2(64)

    def place(value):
        return left + width * (min(max(math.log2(value), low), high) - low) / (high - low)

    rows = bars(measured)
    bottom = top + row * len(rows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{bottom + 10}" '
           'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="16" font-size="13">QEMU\'s time by riscreen\'s (more is faster): '
           + ' '.join(f'<tspan fill="{COLOURS[key]}">{text}</tspan>' for key, text in
                      (('INTEGER', 'integer'), ('FLOATING', 'floating point'), ('GUEST', 'one property'),
                       ('services', 'Linux'))) + '</text>']
    for tick in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64):
        x, strong = place(tick), tick == 1
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{bottom}" '
                   f'stroke="{"#000" if strong else "#ccc"}"/>')
        out.append(f'<text x="{x:.1f}" y="{top - 10}" text-anchor="middle">{tick:g}</text>')
    for i, (label, value, colour) in enumerate(rows):
        y, a, b = top + i * row, *sorted((place(1), place(value)))
        out.append(f'<text x="{left - 6}" y="{y + 11}" text-anchor="end">{html.escape(label)}</text>')
        out.append(f'<rect x="{a:.1f}" y="{y + 2}" width="{b - a:.1f}" height="{row - 4}" fill="{colour}"/>')
        out.append(f'<text x="{max(b, place(1)) + 4:.1f}" y="{y + 11}">{value:.2f}</text>')
    return '\n'.join(out + ['</svg>', ''])


def replace_between(text, new, begin=BEGIN, end=END):
    """The document with what lies between the two marks replaced."""
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    return f'{head}{begin}\n{new}\n{end}{tail}'
