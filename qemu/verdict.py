# SPDX-License-Identifier: GPL-2.0
"""From what a guest left behind to a verdict.

A guest passes when it says so itself by its exit status, when its results agree with their plan,
and when the kernel's log is clean. All three are looked at, and whatever cannot be seen is a
failure: silence, a results stream that was cut off, a guest that ended before its end.
"""

import io
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

import console


@dataclass
class Run:
    """What is left of a guest."""

    console: str = ""  # what the kernel logged
    ktap: str = ""  # what came through the port of the results
    status: str = ""  # what came through the port of the status
    timed_out: float = 0  # the time limit in seconds, if that ended it
    interrupted: bool = False  # whether the user ended it
    qemu_error: str = ""  # what QEMU complained of, if it failed

    @property
    def stages(self):
        """The stages that the guest entered."""
        return [line[6:] for line in self.status.splitlines() if line.startswith("stage ")]

    @property
    def rootfs(self):
        """What the guest's root file system calls itself."""
        named = [line[7:] for line in self.status.splitlines() if line.startswith("rootfs ")]
        return named[0].strip() if named else ""

    @property
    def exit_status(self):
        """The guest's exit status, None if it did not give one, once, as its last word."""
        said = self.status.splitlines()
        ends = [line for line in said if line.startswith("exit")]
        if len(ends) != 1 or said[-1] != ends[0] or not ends[0][5:].isdigit():
            return None
        return int(ends[0][5:])


@dataclass
class Verdict:
    """What is to be said of a run."""

    problems: list = field(default_factory=list)
    failures: list = field(default_factory=list)  # names of the failed tests, with what they said
    suite: ET.Element = None  # the results as JUnit
    areas: list = field(default_factory=list)  # (name, passed, failed, skipped) for the summary
    foreign_races: list = field(default_factory=list)  # what raced in the kernel without us

    @property
    def passed(self):
        """Whether nothing is wrong."""
        return not self.problems


def parse_ktap(text, tools):
    """Parses results by the kernel's own parser; gives the tree and what it complained of."""
    if str(tools) not in sys.path:
        sys.path.insert(0, str(tools))
    import kunit_parser
    from kunit_printer import Printer

    output = io.StringIO()
    tree = kunit_parser.parse_run_tests(text.splitlines(), Printer(output=output))
    lines = output.getvalue().splitlines()
    return tree, [line.split("[ERROR] ", 1)[1] for line in lines if "[ERROR] " in line]


def leaves(test, path=()):
    """Yields each test case with the names that lead to it."""
    for subtest in test.subtests:
        here = (*path, subtest.name)
        if subtest.subtests:
            yield from leaves(subtest, here)
        else:
            yield here, subtest


def judge(run, tools, expected=(), skips=True):
    """Judges a run.

    `tools` is where the kernel's KTAP parser is, `expected` names programs that must have results
    of their own, `skips` says whether tests may be skipped.
    """
    verdict = Verdict(foreign_races=console.foreign_races(run.console))
    problems = verdict.problems
    where = run.stages[-1] if run.stages else ""
    during = f"during '{where}'" if where else "before it reached its init"

    if run.interrupted:
        problems.append(f"interrupted {during}")
    if run.qemu_error:
        problems.append(f"QEMU failed: {run.qemu_error}")
    for kind, line, stage in console.reports(run.console):
        problems.append(f"{kind} {f"during '{stage}'" if stage else 'during boot'}: {line}")
    if init := console.missing_init(run.console):
        problems.append(f"the root file system has no {init}: it was made without this project")
    if run.timed_out:
        problems.append(f"the guest hung {during}: no end after {run.timed_out:.0f} s")
    elif run.exit_status is None and not run.interrupted and not run.qemu_error:
        problems.append(f"the guest ended {during} without an exit status")
    elif run.exit_status:
        problems.append(f"the guest's exit status is {run.exit_status}")

    judge_results(run, tools, expected, verdict)
    skipped = sum(area[3] for area in verdict.areas)
    if skipped and not skips:
        problems.append(f"{skipped} tests were skipped, which none should be on this kernel")

    suite = ET.SubElement(verdict.suite, "testsuite", name="guest")
    case = ET.SubElement(suite, "testcase", name="verdict")
    if problems:
        ET.SubElement(case, "failure").text = "\n".join(problems)
    if verdict.foreign_races:
        lines = ["The kernel's own data races:", *verdict.foreign_races]
        ET.SubElement(case, "system-out").text = "\n".join(lines)
    suite.set("tests", "1")
    suite.set("failures", "1" if problems else "0")
    return verdict


# How many failed tests are named.
MOST_NAMES = 20

# What the parser overlooks: a program that gives up, and results beyond the plan.
BAIL_OUT = re.compile(r"^\s*Bail out!(.*)", re.M)
TOP_RESULT = re.compile(r"^(?:not )?ok \d+", re.M)


def judge_results(run, tools, expected, verdict):
    """Adds to a verdict what the results say."""
    tree, complaints = parse_ktap(run.ktap, tools)
    import kunit_junit
    from kunit_parser import TestStatus

    tree.name = "results"
    verdict.suite = kunit_junit.get_test_suite(tree, None)
    problems = verdict.problems
    if not run.ktap.strip():
        problems.append("the guest gave no results")
        return
    problems.extend(gaps(run.ktap, tree, expected))
    cases = list(leaves(tree))
    for path, case in cases:
        if not case.ok_status():
            verdict.failures.append(("/".join(path) or "?", case.log))
    if verdict.failures:
        shown = [name for name, _ in verdict.failures[:MOST_NAMES]]
        if len(shown) < len(verdict.failures):
            shown.append(f"and {len(verdict.failures) - len(shown)} more")
        names = ", ".join(shown)
        problems.append(f"{len(verdict.failures)} of {len(cases)} tests failed: {names}")
    for complaint in complaints:
        problems.append(f"the results disagree with their plan: {complaint}")
    if not any(case.status == TestStatus.SUCCESS for _, case in cases):
        problems.append("not one test passed")

    for test in tree.subtests:
        counts = test.counts
        verdict.areas.append(
            (test.name, counts.passed, counts.failed + counts.crashed, counts.skipped)
        )


def gaps(ktap, tree, expected):
    """Yields what the results lack, or have too much of, apart from failed tests."""
    from kunit_parser import TestStatus

    if not ktap.endswith("\n"):
        yield "the results were cut off in the middle of a line"
    if tree.expected_count is None:
        yield "the results have no plan"
    elif len(TOP_RESULT.findall(ktap)) > tree.expected_count:
        yield "there are more results than planned"
    for gave_up in BAIL_OUT.findall(ktap):
        yield f"a program gave up:{gave_up}"
    programs = {test.name: test for test in tree.subtests if test.subtests}
    for name, test in programs.items():
        cases = [case for _, case in leaves(test)]
        if test.expected_count is None:
            yield f"the results of '{name}' have no plan"
        # The parser counts what is missing as crashed.
        if test.counts.crashed:
            yield f"'{name}' has {test.counts.crashed} results less than planned"
        if all(case.status == TestStatus.SKIPPED for case in cases):
            yield f"every test of '{name}' was skipped"
        # `not ok` for the program although each of its tests says `ok`: it ended badly.
        if not test.ok_status() and all(case.ok_status() for case in cases):
            yield f"'{name}' failed as a whole, though its tests did not"
    for name in expected:
        if name not in programs:
            yield f"'{name}' has no results of its own"
