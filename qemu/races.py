# SPDX-License-Identifier: GPL-2.0
"""The data races that KCSAN reported, and whose they are.

A report tells how two threads came to the same memory. It is this project's if a function of one
of its modules is on one of the two ways. What an interrupt, a fault or the scheduler does is not on
the way of the code that they came upon. All other races are the kernel's own: they are told, and do
no harm to the verdict.
"""

import re
from dataclasses import dataclass, field

# The modules that are this project's, those for tests among them.
MODULES = {"sysdemo", "broken", "racing"}

TITLE = re.compile(r"BUG: KCSAN: (.*)")
END = re.compile(r"Reported by Kernel Concurrency Sanitizer")
# Where each of the two ways, or the only one that is known, begins.
ACCESS = re.compile(r" to 0x[0-9a-f]+ of \d+ bytes by .* on cpu \d+:$")
FRAME = re.compile(r"(?:^|\s)(?P<name>[^\s+]+)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(?P<module>\w+)\])?$")
MODULE_IN_TITLE = re.compile(r"\[(\w+)\]")

# Where the kernel comes in between, or turns to something else: the callers have no part in it.
ELSEWHERE = re.compile(
    r"asm_\w+|handle_softirqs|__do_softirq|(?:__|preempt_)?schedule|__cond_resched"
)


@dataclass
class Race:
    """A report."""

    line: str  # the line that tells
    stage: str  # where the guest was
    ways: list = field(default_factory=list)  # (function, module) from the access outwards, twice
    whole: bool = False  # whether it came to its end

    @property
    def title(self):
        """What raced."""
        return TITLE.search(self.line)[1]

    @property
    def ours(self):
        """Whether it has to do with this project; one that cannot be read might have."""
        if not self.whole or not self.ways or not all(self.ways):
            return True
        if MODULES & set(MODULE_IN_TITLE.findall(self.line)):
            return True
        return any(module in MODULES for way in self.ways for _, module in own(way))


def own(way):
    """The part of a way that is the thread's own doing."""
    for name, module in way:
        if ELSEWHERE.fullmatch(name):
            return
        yield name, module


def races(lines):
    """Yields the races in a log, of which each line comes with its stage."""
    race = None
    for line, stage in lines:
        if TITLE.search(line):
            if race:
                yield race
            race = Race(line, stage)
        elif race is None:
            continue
        elif END.search(line):
            race.whole = True
            yield race
            race = None
        elif ACCESS.search(line):
            race.ways.append([])
        elif race.ways and (frame := FRAME.search(line)):
            race.ways[-1].append((frame["name"], frame["module"]))
    if race:
        yield race
