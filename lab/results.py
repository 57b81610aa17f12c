#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count what the tests said, and say what did not pass.

Three sources: Meson's JUnit files (native tests; each line of a TAP test is a test), igt_runner's results.json (guest
tests; each subtest is a test), and lines of "RESULT NAME REASON" (what the lab itself looks at). The last line is
"N passed, N failed, N skipped". The exit status is 0 only where something passed and nothing failed.

Guest tests come with a list of what is expected of them. A failure that is listed counts as skipped, with the listed
reason; a skip that is not listed, and a pass of what is listed, count as failed. A flake may pass or fail.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree

# What igt_runner calls a result, and what it counts as. A test that passed while the kernel warned of something (dmesg-*)
# is judged by the lab's own look at the kernel's log, which knows which messages are meant.
IGT_RESULTS = {
    'pass': 'passed', 'warn': 'passed', 'dmesg-warn': 'passed',
    'skip': 'skipped',
    'fail': 'failed', 'dmesg-fail': 'failed', 'crash': 'failed', 'timeout': 'failed', 'incomplete': 'failed',
    'abort': 'failed', 'notrun': 'failed',
}

# What a list of expected results calls them, and what the outcome may be.
LISTED_RESULTS = {'skip': ['skipped'], 'fail': ['failed'], 'flake': ['passed', 'failed']}


class Results:
    """Tests by their outcome."""

    def __init__(self):
        self.passed = []
        self.failed = []
        self.skipped = []

    def add(self, outcome, name, reason=''):
        getattr(self, outcome).append((name, ' '.join(reason.split())[:300]))

    def read_junit(self, path, prefix):
        """One Meson run. A TAP test is a suite of cases, all others are cases of the project's own suite."""
        for suite in xml.etree.ElementTree.parse(path).getroot().iter('testsuite'):
            program = re.sub(r'^[^/]* / ', '', suite.get('name')) if ' / ' in suite.get('name') else ''
            for case in suite.iter('testcase'):
                name = re.sub(r'^[^/]* / ', '', case.get('name'))
                name = prefix + (f'{program}: {name}' if program else name)
                bad = [e for e in case if e.tag in ('failure', 'error')]
                skipped = case.find('skipped')
                text = '\n'.join(e.findtext(tag) or '' for e in (case, suite) for tag in ('system-out', 'system-err'))
                if bad:
                    self.add('failed', name, bad[0].get('message') or bad[0].text or last_lines(text))
                elif skipped is not None:
                    self.add('skipped', name, skipped.get('message') or skipped.text or last_lines(text))
                else:
                    self.add('passed', name)

    def read_igt(self, path, prefix, expected):
        """One run of igt_runner."""
        with open(path, encoding='utf-8', errors='replace') as file:
            tests = json.load(file)['tests']
        for name, test in tests.items():
            name = name.removeprefix('igt@')
            outcome = IGT_RESULTS.get(test['result'], 'failed')
            text = test.get('out', '') + '\n' + test.get('err', '')
            reason = (test['result'] + ' ' if outcome == 'failed' else '') + igt_reason(text, outcome)
            outcome, reason = expected.judge(name, outcome, reason)
            self.add(outcome, prefix + name, reason)

    def read_lines(self, path):
        """What the lab looked at itself."""
        with open(path, encoding='utf-8', errors='replace') as file:
            for line in file:
                outcome, name, *reason = line.rstrip('\n').split(' ', 2)
                self.add(outcome, name, ' '.join(reason))

    def report(self):
        if self.skipped:
            print('\nskipped:')
            for line in grouped(self.skipped):
                print(f'  {line}')
        if self.failed:
            print('\nfailed:')
            for name, reason in self.failed:
                print(f'  {name}: {reason or "no reason given"}')
        print(f'\n{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped')
        return 0 if self.passed and not self.failed else 1


class Expected:
    """A list of the tests that do not pass: lines of RESULT WHERE TEST REASON."""

    def __init__(self, path, conditions):
        self.entries = []
        with open(path, encoding='utf-8') as file:
            for line in file:
                if line.strip() and not line.startswith('#'):
                    result, where, pattern, reason = line.split(None, 3)
                    if where == 'any' or set(where.split(',')) <= set(conditions.split(',')):
                        self.entries.append((LISTED_RESULTS[result], re.compile(pattern), reason.strip()))

    def judge(self, name, outcome, reason):
        """What a test's outcome counts as, and why."""
        for expected, pattern, why in self.entries:
            if pattern.fullmatch(name):
                if outcome not in expected:
                    return 'failed', f'{outcome}, where the list expects {" or ".join(expected)}: {reason}'
                if outcome == 'passed':
                    return outcome, reason
                return 'skipped', ('fails as expected: ' if outcome == 'failed' else '') + why
        if outcome == 'skipped':
            return 'failed', 'a skip that the list does not know: ' + reason
        return outcome, reason


def grouped(tests):
    """A line for each reason of each program's: a program that skips a hundred subtests has one reason to."""
    groups = {}
    for name, reason in tests:
        groups.setdefault((name.partition('@')[0], reason), []).append(name)
    for (program, reason), names in groups.items():
        what = ', '.join(names) if len(names) <= 2 else f'{program} ({len(names)} subtests)'
        yield f'{what}: {reason or "no reason given"}'


def last_lines(text):
    return ' '.join(text.strip().splitlines()[-3:])


def igt_reason(text, outcome):
    """The lines of a subtest's output that say why it did not pass."""
    if outcome == 'skipped':
        # The test's own words come after the condition that was not met.
        words = re.search(r'^Test requirement: .*\n(?!Last errno|Subtest |Stack trace)(.+)', text, re.MULTILINE)
        if words:
            return words[1]
        wanted = r'Test requirement:|SKIP|requirement'
    else:
        wanted = r'Failed assertion|assertion failure|CRITICAL|Received signal|FAIL'
    lines = [line for line in text.splitlines() if re.search(wanted, line) and not re.match(r'Subtest |Starting ', line)]
    return ' '.join(lines[:4]) or last_lines(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--junit', action='append', default=[], metavar='PREFIX=FILE')
    parser.add_argument('--igt', action='append', default=[], metavar='PREFIX=CONDITION,...=LIST=FILE')
    parser.add_argument('--lines', action='append', default=[], metavar='FILE')
    args = parser.parse_args()

    results = Results()
    for item in args.junit:
        prefix, path = item.split('=', 1)
        results.read_junit(path, prefix)
    for item in args.igt:
        prefix, conditions, expected, path = item.split('=', 3)
        results.read_igt(path, prefix, Expected(expected, conditions))
    for path in args.lines:
        results.read_lines(path)
    return results.report()


if __name__ == '__main__':
    sys.exit(main())
