#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""installed.py BUILD: does the target `programs`, which make builds, hold all that `make install` puts in place?"""
import json
import os
import subprocess
import sys

build = sys.argv[1]
with open(os.path.join(build, 'meson-info', 'intro-targets.json'), encoding='utf-8') as f:
    installed = {os.path.relpath(name, build) for t in json.load(f) if t['installed'] for name in t['filename']}
built = set(subprocess.run(['ninja', '-C', build, '-t', 'query', 'programs'], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split())
assert 'riscreen' in installed, installed
missing = sorted(installed - built)
if missing:
    sys.exit(f'{", ".join(missing)}: installed and not built by make; add to alias_target programs in meson.build')
