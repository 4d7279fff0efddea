# SPDX-License-Identifier: GPL-2.0
"""What a kernel's log must not contain."""

import re

# Worst first: where several are found, the first names the failure.
REPORTS = [
    ("panic", re.compile(r"Kernel panic - not syncing: (.*)")),
    ("KASAN report", re.compile(r"BUG: KASAN: (.*)")),
    ("KCSAN report", re.compile(r"BUG: KCSAN: (.*)")),
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
    ("kernel BUG", re.compile(r"(?:kernel BUG at .*|(?:^|\] )BUG: .*)")),
    (
        "lockdep report",
        re.compile(
            r"WARNING: (?:possible|inconsistent|suspicious|bad unlock|held lock|lock held).*"
            r"|INFO: trying to register non-static key.*"
            r"|turning off the locking correctness validator.*"
        ),
    ),
    ("RCU stall", re.compile(r"rcu: INFO: .*detected.*stalls?.*")),
    ("hung task", re.compile(r"INFO: task .* blocked for more than .*")),
    ("UBSAN report", re.compile(r"UBSAN: (.*)")),
    ("memory leak", re.compile(r"kmemleak: [1-9]\d* new suspected memory leaks.*")),
    ("refcount misuse", re.compile(r"refcount_t: .*")),
    ("kernel WARNING", re.compile(r"(?:^|\] )WARNING: (.*)")),
]


# The line by which qemu/guest/init marks in the log that it enters a stage.
STAGE = re.compile(r"(?:^|\] )sysdemo-init: stage (.*)")


def reports(console):
    """Yields each kind of report in a log, worst first, with the line that tells and its stage."""
    stage = ""
    lines = []
    for line in console.splitlines():
        if mark := STAGE.search(line):
            stage = mark[1].strip()
        lines.append((line.strip(), stage))
    for kind, pattern in REPORTS:
        for line, stage in lines:
            if pattern.search(line):
                yield kind, line, stage
                break


def missing_init(console):
    """The init that the kernel was told to run and did not find, if that is what went wrong."""
    found = re.search(r"check access for rdinit=(\S+) failed", console)
    return found[1] if found else ""
