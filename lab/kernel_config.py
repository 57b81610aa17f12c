#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold a kernel's configuration against fragments of one: [--but OPTION,...] CONFIG FRAGMENT...

Kconfig drops what it can't have without a word, so what was asked for is looked up in what came of it. A fragment's =m is
satisfied by =y. Each OPTION is not looked up. Prints what is missing, a line each, and fails then.
"""

import re
import sys


def read(path):
    """The options of a configuration or a fragment by name; None where one is off."""
    options = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if found := re.match(r'(CONFIG_\w+)=(.*)', line):
                options[found[1]] = found[2]
            elif found := re.match(r'# (CONFIG_\w+) is not set', line):
                options[found[1]] = None
    return options


def missing(config, fragment):
    """Each option that the fragment wants and the configuration has not, as "CONFIG_X=y (is: m)"."""
    for name, wanted in fragment.items():
        value = config.get(name)
        # An option that is to be off is off for speed: nothing depends on it.
        if wanted is not None and value != wanted and not (wanted == 'm' and value == 'y'):
            yield f'{name}={wanted} (is: {value or "not set"})'


def main():
    arguments = sys.argv[1:]
    excepted = []
    if arguments[0] == '--but':
        excepted = arguments[1].split(',')
        arguments = arguments[2:]
    config = read(arguments[0])
    wanted = {}
    for path in arguments[1:]:
        wanted |= read(path)
    lines = list(missing(config, {name: value for name, value in wanted.items() if name not in excepted}))
    print('\n'.join(lines), end='\n' if lines else '')
    return 1 if lines else 0


if __name__ == '__main__':
    sys.exit(main())
