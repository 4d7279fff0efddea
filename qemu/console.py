# SPDX-License-Identifier: GPL-2.0
"""What a kernel's log must not contain."""

import re

import races

# Worst first: where several are found, the first names the failure.
REPORTS = [
    ("panic", re.compile(r"Kernel panic - not syncing: (.*)")),
    ("KASAN report", re.compile(r"BUG: KASAN: (.*)")),
    ("KCSAN report", races.TITLE),
    ("KFENCE report", re.compile(r"BUG: KFENCE: (.*)")),
    ("oops", re.compile(r"(?:Oops: (.*)|general protection fault,.*)")),
    (
        "soft or hard lockup",
        re.compile(r"watchdog: BUG: (?:soft|hard) lockup.*|NMI watchdog: .*LOCKUP.*"),
    ),
    (
        "sleep in atomic context",
        re.compile(r"BUG: sleeping function called from invalid context.*"),
    ),
    # Not every data race is this project's: see races.py.
    # Lockdep puts one of its titles into brackets, and the allocator names the cache first.
    (
        "kernel BUG",
        re.compile(r"kernel BUG at .*|(?:^|\] )(?:\[ )?BUG(?:: (?!KCSAN: )| \S+ \().*"),
    ),
    (
        "lockdep report",
        re.compile(
            r"WARNING: (?:possible|inconsistent|suspicious|bad unlock|held lock|lock held).*"
            r"|\[ BUG: Invalid wait context \]"
            r"|INFO: trying to register non-static key.*"
            r"|turning off the locking correctness validator.*"
        ),
    ),
    ("RCU stall", re.compile(r"rcu: INFO: .*detected.*stalls?.*")),
    ("hung task", re.compile(r"INFO: task .* blocked\b.* for more than .*")),
    ("UBSAN report", re.compile(r"UBSAN: (.*)")),
    ("memory leak", re.compile(r"kmemleak: [1-9]\d* new suspected memory leaks.*")),
    ("refcount misuse", re.compile(r"refcount_t: .*")),
    ("kernel WARNING", re.compile(r"(?:^|\] )WARNING: (.*)")),
    # No report, but from here on there would be none of that kind: lockdep gives up after its
    # first, and after any report that leaves the kernel in doubt; the others without memory.
    (
        "check that gave up",
        re.compile(
            r"ODEBUG: Out of memory.*|INFO: lockdep is turned off\..*"
            r"|kmemleak: (?:Kernel memory leak detector|Kmemleak) disabled.*"
        ),
    ),
]


# The line by which qemu/guest/init marks in the log that it enters a stage.
STAGE = re.compile(r"(?:^|\] )sysdemo-init: stage (.*)")


def staged(console):
    """The lines of a log, each with the stage in which it was said."""
    stage = ""
    lines = []
    for line in console.splitlines():
        if mark := STAGE.search(line):
            stage = mark[1].strip()
        lines.append((line.strip(), stage))
    return lines


def reports(console):
    """Yields the reports in a log, worst first, with the line that tells and its stage.

    Of each kind the first in each stage is told; of data races, which are each of their own, all.
    """
    lines = staged(console)
    for kind, pattern in REPORTS:
        if pattern is races.TITLE:
            told = set()
            for race in races.races(lines):
                if race.ours and race.title not in told:
                    told.add(race.title)
                    yield kind, race.line, race.stage
            continue
        told = set()
        for line, stage in lines:
            if stage not in told and pattern.search(line):
                told.add(stage)
                yield kind, line, stage


def foreign_races(console):
    """What raced in the kernel without this project, each once."""
    found = races.races(staged(console))
    return list(dict.fromkeys(race.title for race in found if not race.ours))


def missing_init(console):
    """The init that the kernel was told to run and did not find, if that is what went wrong."""
    found = re.search(r"check access for rdinit=(\S+) failed", console)
    return found[1] if found else ""
