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
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

# igt_runner's names of results, and what each counts as. A test that passed while the kernel warned of something (dmesg-*)
# is judged by the lab's own look at the kernel's log, which knows which messages are meant.
IGT_RESULTS = {
    'pass': 'passed', 'warn': 'passed', 'dmesg-warn': 'passed',
    'skip': 'skipped',
    'fail': 'failed', 'dmesg-fail': 'failed', 'crash': 'failed', 'timeout': 'failed', 'incomplete': 'failed',
    'abort': 'failed', 'notrun': 'failed',
}

# The names in a list of expected results, and the outcomes that each allows.
LISTED_RESULTS = {'skip': ['skipped'], 'fail': ['failed'], 'flake': ['passed', 'failed']}

# Of a failed test's output, as many characters at its end go into the JUnit file. Jenkins and GitLab both hold a whole
# file in memory.
JUNIT_TEXT = 20000

# Characters that XML 1.0 cannot hold, not even escaped, and the sequences by which a terminal gets its colours.
NOT_XML = re.compile('\x1b\\[[0-9;]*m|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


# One test for the JUnit file: its suite, program and name there, the seconds it took (None: not known), what it printed.
Case = collections.namedtuple('Case', 'suite program name time text', defaults=(None, ''))


class Results:
    """Tests by their outcome."""

    def __init__(self):
        self.passed = []
        self.failed = []
        self.skipped = []
        self.cases = []
        self.checks = 0
        # By suite, the seconds of programs whose cases have none of their own.
        self.untimed = collections.Counter()

    def add(self, outcome, name, reason, case):
        reason = ' '.join(reason.split())[:300]
        getattr(self, outcome).append((name, reason))
        self.cases.append((outcome, reason, case))

    def read_junit(self, path, prefix):
        """One Meson run. A TAP test is a suite of cases, all others are cases of the project's own suite."""
        for suite in ElementTree.parse(path).getroot().iter('testsuite'):
            program = re.sub(r'^[^/]* / ', '', suite.get('name')) if ' / ' in suite.get('name') else ''
            file = pathlib.Path(path).stem
            # Meson times a TAP program as a whole. The time that it gives the suite of all others is its first case's.
            if program:
                self.untimed[file] += seconds(suite.get('time')) or 0
            for element in suite.iter('testcase'):
                name = re.sub(r'^[^/]* / ', '', element.get('name'))
                shown = prefix + (f'{program}: {name}' if program else name)
                bad = [e for e in element if e.tag in ('failure', 'error')]
                skipped = element.find('skipped')
                text = '\n'.join(e.findtext(tag) or '' for e in (element, suite) for tag in ('system-out', 'system-err'))
                # Without its number, which changes as soon as a test is put before it.
                case = Case(file, program, re.sub(r'^\d+ - ', '', name), seconds(element.get('time')), text)
                if bad:
                    self.add('failed', shown, bad[0].get('message') or bad[0].text or last_lines(text), case)
                elif skipped is not None:
                    self.add('skipped', shown, skipped.get('message') or skipped.text or last_lines(text), case)
                else:
                    self.add('passed', shown, '', case)

    def read_igt(self, path, prefix, expected):
        """One run of igt_runner."""
        with open(path, encoding='utf-8', errors='replace') as file:
            tests = json.load(file)['tests']
        suite = '-'.join(pathlib.Path(path).parts[-3:-1])
        for name, test in tests.items():
            name = name.removeprefix('igt@')
            outcome = IGT_RESULTS.get(test['result'], 'failed')
            text = test.get('out', '') + '\n' + test.get('err', '')
            reason = (test['result'] + ' ' if outcome == 'failed' else '') + igt_reason(text, outcome)
            outcome, reason = expected.judge(name, outcome, reason)
            program, _, subtest = name.partition('@')
            span = test.get('time', {})
            time = span['end'] - span['start'] if span else None
            self.add(outcome, prefix + name, reason,
                     Case(suite, program, subtest or program, time, text + '\n' + test.get('dmesg', '')))

    def read_lines(self, path):
        """What the lab looked at itself."""
        with open(path, encoding='utf-8', errors='replace') as file:
            for line in file:
                outcome, name, *reason = line.rstrip('\n').split(' ', 2)
                self.add(outcome, name, ' '.join(reason), Case(pathlib.Path(path).stem, '', name))
                self.checks += 1

    def write_junit(self, path):
        """All that was added, as JUnit XML."""
        root = ElementTree.Element('testsuites', name='mirage', **sums(self.cases, self.untimed.total()))
        suites = {}
        for added in self.cases:
            suites.setdefault(added[2].suite, []).append(added)
        for suite, cases in suites.items():
            skipped = str(sum(outcome == 'skipped' for outcome, _, _ in cases))
            parent = ElementTree.SubElement(root, 'testsuite', name=suite, skipped=skipped, **sums(cases, self.untimed[suite]))
            for outcome, reason, case in cases:
                # A CI groups by the class, at its dots: the suite, then the program.
                classname = f'{suite}.{case.program}' if case.program else suite
                element = ElementTree.SubElement(parent, 'testcase', name=clean(case.name), classname=clean(classname))
                if case.time is not None:
                    element.set('time', f'{case.time:.3f}')
                if outcome == 'skipped':
                    ElementTree.SubElement(element, 'skipped', message=clean(reason))
                elif outcome == 'failed':
                    failure = ElementTree.SubElement(element, 'failure', type='failure', message=clean(reason))
                    failure.text = clean(case.text.strip()[-JUNIT_TEXT:])
        ElementTree.indent(root)
        ElementTree.ElementTree(root).write(path, encoding='utf-8', xml_declaration=True)

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
        if self.failed:
            return 1
        if len(self.passed) + len(self.skipped) == self.checks:
            print('no test ran: a pattern that matches none is an error', file=sys.stderr)
            return 2
        return 0


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


def sums(cases, untimed):
    """The attributes that count cases; untimed: the seconds to add to those of the cases."""
    return {
        'tests': str(len(cases)),
        'failures': str(sum(outcome == 'failed' for outcome, _, _ in cases)),
        'errors': '0',
        # As the schema wants it: a comma before each three digits.
        'time': f'{untimed + sum(case.time or 0 for _, _, case in cases):,.3f}',
    }


def clean(text):
    return NOT_XML.sub('', text)


def seconds(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


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
    parser.add_argument('--write', metavar='FILE')
    args = parser.parse_args()

    results = Results()
    try:
        for item in args.junit:
            prefix, path = item.split('=', 1)
            results.read_junit(path, prefix)
        for item in args.igt:
            prefix, conditions, expected, path = item.split('=', 3)
            results.read_igt(path, prefix, Expected(expected, conditions))
        for path in args.lines:
            results.read_lines(path)
        if args.write:
            path = args.write
            results.write_junit(path)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f'{path}: {error!r}', file=sys.stderr)
        return 125
    return results.report()


if __name__ == '__main__':
    sys.exit(main())
