#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Merge Meson's compile_commands.json with what kbuild left in its .cmd files: BUILD MODULES [FROM=TO]...

All was compiled in the lab, where the tree and the headers have other places than on the host: each FROM at the start of a
path becomes TO. Prints the merged JSON.
"""

import json
import os
import pathlib
import re
import shlex
import sys


# Of kbuild's options, those that change what the code means: clangd knows few of gcc's for what is made of it.
KERNEL_OPTIONS = re.compile(r'-[DI].*|-nostdinc|-std=.*|-m64|-fshort-wchar|-funsigned-char|-fms-extensions|-fno-builtin.*')


def kernel_entries(objects):
    """One entry for each object that kbuild made of one C file of the tree."""
    for cmd in sorted(objects.rglob('.*.o.cmd')):
        text = cmd.read_text(encoding='utf-8')
        command = re.search(r'^savedcmd_\S+ := (.*)$', text, re.MULTILINE)
        source = re.search(r'^source_\S+ := (\S+\.c)$', text, re.MULTILINE)
        if not command or not source or source[1].endswith('.mod.c'):
            continue
        words = shlex.split(command[1])
        arguments = [words[0]]
        for word, following in zip(words, words[1:]):
            if word == '-include':
                arguments += [word, following]
            elif KERNEL_OPTIONS.fullmatch(word):
                arguments.append(word)
        yield {'directory': str(objects), 'file': source[1], 'arguments': arguments + [source[1]]}


def native_entries(build):
    """Meson's entries, with whole paths: the places of source and build directory to one another are not the host's."""
    for entry in json.loads((build / 'compile_commands.json').read_text(encoding='utf-8')):
        def whole(path, directory=entry['directory']):
            return os.path.normpath(os.path.join(directory, path))

        arguments = [re.sub(r'^-I(.*)', lambda found: '-I' + whole(found[1]), argument)
                     for argument in shlex.split(entry['command'])]
        arguments[-1] = whole(arguments[-1])
        # The host may lack what the lab has, and has other versions of the rest.
        arguments.insert(1, '--sysroot=/usr/..')
        yield {'directory': entry['directory'], 'file': whole(entry['file']), 'arguments': arguments}


def main():
    build, modules = map(pathlib.Path, sys.argv[1:3])
    moves = [argument.split('=', 1) for argument in sys.argv[3:]]

    def moved(text):
        # A path may follow an option's letters or an equals sign.
        for old, new in moves:
            found = re.fullmatch(rf'(|-[A-Za-z]+|[^/]*=)({re.escape(old)}(/.*)?)', text)
            if found:
                return found[1] + new + found[2][len(old):]
        return text

    entries = list(kernel_entries(modules))
    # Of a file that native tests build as well, the kernel's entry comes first.
    known = {entry['file'] for entry in entries}
    entries += [entry for entry in native_entries(build) if entry['file'] not in known]
    for entry in entries:
        entry['directory'] = moved(entry['directory'])
        entry['file'] = moved(entry['file'])
        entry['arguments'] = [moved(argument) for argument in entry['arguments']]
    json.dump(entries, sys.stdout, indent=1)
    print()


if __name__ == '__main__':
    main()
