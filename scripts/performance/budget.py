# SPDX-License-Identifier: GPL-2.0
"""The budget: what calls may cost, as they did when it was last renewed, and what is aimed at.

Instructions are exact: what costs more than a little more than it did is a regression, and it is
named. What was aimed at and reached has to stay so.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from performance import figures

# How much more is a regression.
TOLERANCE = 0.02
# The same with another kernel, or another QEMU: their own part of a call may be another one.
TOLERANCE_ELSEWHERE = 0.10
# How far apart the middle half of the samples of a row may be where the row is not as it was. (For
# a call that makes objects it may be far: now and then one is the first of a new page.)
STEADY = 0.02
# And how much another figure than before is that of such a row, also if it is less.
AS_IT_WAS = 0.01

# The device that it is about.
DEVICE = "sysdemo"
TWIN = figures.twin_of(DEVICE)

# What a plain driver in C takes for getpid by a record that is copied in and whose result is copied
# back, without a restriction, tracepoints or counting: measured the same way.
PLAIN_C_DRIVER = 826

# At most 1.00 times C, to two decimals: what differs from run to run (by where the allocator finds
# memory) must not decide.
AS_C = 1.005
AS_C_NAME = "Rust as C: "

BATCH_OF_64 = 90
RING_OF_64 = 70
STACK = 2048
OPEN_DEVICE = 8192
TRACEPOINTS_OFF = 2


@dataclass
class Result:
    """What came of one comparison."""

    name: str
    problem: str = ""  # what is wrong, if anything is
    change: float = 0.0  # how much more it is than in the baseline, as a part of that


@dataclass
class Target:
    """What is aimed at: a value that is at most another one, or less than that."""

    name: str
    value: float | None  # None if there is nothing to measure (yet)
    limit: float | None
    unit: str
    strict: bool = False

    @property
    def known(self):
        """Whether both sides are there."""
        return self.value is not None and self.limit is not None

    @property
    def met(self):
        """Whether the value is as small as it should be."""
        return self.known and (self.value < self.limit if self.strict else self.value <= self.limit)

    @property
    def text(self):
        """The value and the limit."""
        word = "less than" if self.strict else "at most"
        return f"{self.value:.1f} {self.unit}, {word} {self.limit:.1f}"


def counted_run(bench):
    """The run that the budget is about: in instructions, as the kernel boots by itself."""
    for run in bench["runs"]:
        if figures.unit_of(run) == figures.INSTRUCTIONS and not run["name"]:
            return run
    raise ValueError("there is no run that counts instructions")


def null_of_64(run, door):
    """What the call that does nothing takes, where 64 go through a door at once."""
    return figures.find(run, "null", DEVICE, (door, 64))


def targets(bench):
    """All that is aimed at, whether it can be told or not."""
    run = counted_run(bench)
    module = bench["modules"].get(DEVICE, {})
    null = figures.find(run, "null", DEVICE, figures.CALL)
    unit = figures.INSTRUCTIONS
    passed = [
        len(set(sites) & {"sys_enter", "sys_exit"})
        for function, sites in module.get("tracepoints", {}).items()
    ]
    found = [
        Target("null by call, as a plain C driver", null, PLAIN_C_DRIVER, unit),
        Target("null by a batch of 64", null_of_64(run, "batch"), BATCH_OF_64, unit),
        Target("null by a ring of 64", null_of_64(run, "ring"), RING_OF_64, unit),
        Target("null by 64 uring_cmd", null_of_64(run, "uring_cmd"), null, unit, strict=True),
        Target(
            "null by 64 uring_cmd, fast",
            null_of_64(run, "uring_cmd, fast"),
            null,
            unit,
            strict=True,
        ),
        Target(
            "time by the page, as by the vDSO",
            figures.find(run, "time by the page", DEVICE),
            figures.find(run, "clock_gettime by the vDSO"),
            unit,
        ),
        Target(
            "tracepoints that are off",
            max(passed, default=None),
            TRACEPOINTS_OFF,
            unit,
        ),
        Target("deepest stack", module.get("stack"), STACK, "bytes", strict=True),
        Target("open device", figures.memory(run, "open device", DEVICE), OPEN_DEVICE, "bytes"),
    ]
    for row in run["rows"]:
        if row["device"] == DEVICE:
            other = twin_figure(run, row)
            limit = None if other is None else other * AS_C
            name = AS_C_NAME + figures.label(row)
            found.append(Target(name, row["median"], limit, unit))
    return found


def twin_figure(run, row):
    """What the twin in C takes for the same; None if there is none."""
    return figures.find(run, row["row"], TWIN, figures.door_of(row), row["unit"])


def baseline_of(bench):
    """What is to be committed of a run: the figures, and which targets are met."""
    run = counted_run(bench)
    return {
        "kernel": run["facts"]["kernel"],
        "qemu": run["qemu"],
        "instructions": {
            figures.label(row): round(row["median"], 2) for row in run["rows"] if row["device"]
        },
        "met": [target.name for target in targets(bench) if target.met],
    }


def compare(bench, baseline):
    """Compares a run with the baseline, row for row; gives what came of each."""
    run = counted_run(bench)
    same = (run["facts"]["kernel"], run["qemu"]) == (baseline["kernel"], baseline["qemu"])
    tolerance = TOLERANCE if same else TOLERANCE_ELSEWHERE
    rows = {figures.label(row): row for row in run["rows"] if row["device"]}
    results = [
        judge(name, rows.get(name), allowed, tolerance)
        for name, allowed in baseline["instructions"].items()
    ]
    results += [
        Result(name, "is not in the baseline: make bench UPDATE=1 puts it there")
        for name in rows
        if name not in baseline["instructions"]
    ]
    known = {target.name: target for target in targets(bench)}
    for name in baseline["met"]:
        target = known.get(name)
        if target is None or not target.known:
            results.append(Result(name, "cannot be told any more"))
        else:
            results.append(Result(name, "" if target.met else target.text))
    return results


def judge(name, row, allowed, tolerance):
    """Judges one row."""
    if row is None:
        return Result(name, "has no figure any more")
    now, unit = row["median"], row["unit"]
    change = now / allowed - 1
    text = f"{now:.1f} {unit}, {change:+.1%} of {allowed:.1f}"
    if change > tolerance:
        return Result(name, f"{text}; {tolerance:.0%} is allowed", change)
    if figures.spread(row) > STEADY and abs(change) > AS_IT_WAS:
        problem = f"{text}, but half of the samples differ by more than {STEADY:.0%}"
        return Result(name, problem, change)
    return Result(name, "", change)


def as_junit(results):
    """The results as a suite of JUnit."""
    suite = ET.Element("testsuite", name="budget", tests=str(len(results)))
    for result in results:
        case = ET.SubElement(suite, "testcase", classname="budget", name=result.name)
        if result.problem:
            ET.SubElement(case, "failure", message=result.problem).text = result.problem
    return suite
