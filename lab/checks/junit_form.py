#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""FILE "PASSED FAILED SKIPPED": whether FILE is JUnit XML as CIs read it, and counts so many tests.

The form is that of Jenkins' xUnit plugin, written down here as what each element may and must have: the lab has no
validator of XML schemas, and a schema's file would be somebody else's. It also looks at what no schema can say: that
each suite's sums are those of its cases, that a failure and a skip give a reason, and that no two cases share a name, as
a CI that keeps a history would take them for one.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

# Element: the elements in it, the attributes it must have, those it may have.
FORM = {
    'testsuites': ({'testsuite'}, {'name', 'tests', 'failures', 'errors', 'time'}, set()),
    'testsuite': ({'testcase'}, {'name', 'tests', 'failures', 'errors', 'skipped', 'time'}, set()),
    'testcase': ({'failure', 'skipped'}, {'name', 'classname'}, {'time'}),
    'failure': (set(), {'message', 'type'}, set()),
    'skipped': (set(), {'message'}, set()),
}
SUM_TIME = r'[0-9]{1,3}(,[0-9]{3})*\.[0-9]+'
CASE_TIME = r'[0-9]+\.[0-9]+'


def faults(root, counts):
    if root.tag != 'testsuites':
        yield f'the root is {root.tag}'
    for element in root.iter():
        inside, must, may = FORM.get(element.tag, (set(), set(), set()))
        if element.tag not in FORM:
            yield f'an element {element.tag}'
        if not {child.tag for child in element} <= inside:
            yield f'{element.tag} holds {[child.tag for child in element]}'
        if not must <= set(element.keys()) <= must | may:
            yield f'{element.tag} has the attributes {sorted(element.keys())}'
        if 'time' in element.keys() and not re.fullmatch(CASE_TIME if element.tag == 'testcase' else SUM_TIME,
                                                         element.get('time')):
            yield f'{element.tag} has the time {element.get("time")}'
        if element.tag in ('failure', 'skipped') and not element.get('message'):
            yield f'a {element.tag} without a reason'
        if element.tag == 'testcase' and len(element) > 1:
            yield f'{element.get("name")} has more than one outcome'
    for part in [root] + list(root):
        cases = list(part.iter('testcase'))
        for key, count in (('tests', len(cases)), ('failures', sum(case.find('failure') is not None for case in cases)),
                           ('skipped', sum(case.find('skipped') is not None for case in cases))):
            if key in part.keys() and part.get(key) != str(count):
                yield f'{part.tag} {part.get("name")} says {key} {part.get(key)}, and has {count}'
    cases = list(root.iter('testcase'))
    names = [(case.get('classname'), case.get('name')) for case in cases]
    if len(set(names)) < len(names):
        yield f'two cases of one name: {[name for name in names if names.count(name) > 1]}'
    failed = len(list(root.iter('failure')))
    skipped = len(list(root.iter('skipped')))
    if f'{len(cases) - failed - skipped} {failed} {skipped}' != counts:
        yield f'it counts {len(cases) - failed - skipped} {failed} {skipped}, not {counts}'


def main():
    try:
        root = ElementTree.parse(sys.argv[1]).getroot()
    except ElementTree.ParseError as error:
        print(f'# no XML: {error}')
        return 1
    found = list(faults(root, sys.argv[2]))
    for fault in found:
        print(f'# {fault}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
