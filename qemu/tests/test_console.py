# SPDX-License-Identifier: GPL-2.0
"""Lines of a kernel's log that must be noticed, and lines that must not."""

import console
import pytest

BAD = {
    "panic": "[    2.1] Kernel panic - not syncing: sysrq triggered crash",
    "oops": "[    2.1] Oops: 0000 [#1] SMP NOPTI",
    "kernel BUG": "[    2.1] kernel BUG at /src/x.c:12!",
    "kernel WARNING": "[    2.1] WARNING: drivers/x.c:12 at f+0x1/0x2 [x], CPU#0: insmod/1",
    "KASAN report": "[    2.1] BUG: KASAN: slab-use-after-free in f+0x1/0x2 [x]",
    "KCSAN report": "[    2.1] BUG: KCSAN: data-race in f / g",
    "KFENCE report": "[    2.1] BUG: KFENCE: use-after-free read in f+0x1/0x2",
    "lockdep report": "[    2.1] WARNING: possible circular locking dependency detected",
    "sleep in atomic context": (
        "[    2.1] BUG: sleeping function called from invalid context at mm/slub.c:1"
    ),
    "soft or hard lockup": "[   30.1] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:1]",
    "RCU stall": "[   30.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "hung task": "[  130.1] INFO: task x:1 blocked for more than 120 seconds.",
    "UBSAN report": "[    2.1] UBSAN: array-index-out-of-bounds in x.c:1:2",
    "memory leak": "[    2.1] kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug)",
    "refcount misuse": "[    2.1] refcount_t: underflow; use-after-free.",
    "check that gave up": "[    2.1] ODEBUG: Out of memory. ODEBUG disabled",
}

# Further titles of these kinds, as the kernel's source has them.
OTHERS = [
    ("lockdep report", "[    2.1] [ BUG: Invalid wait context ]"),
    ("kernel BUG", "[    2.1] [ BUG: Invalid wait context ]"),
    ("kernel BUG", "[    2.1] BUG: using smp_processor_id() in preemptible [00000000] code: x/1"),
    ("kernel BUG", "[    2.1] BUG kmalloc-64 (Tainted: G           O): Right Redzone overwritten"),
    ("kernel BUG", "[    2.1] BUG filp (Not tainted): Object already free"),
    ("hung task", "[  130.1] INFO: task x:1 blocked in I/O wait for more than 120 seconds."),
    ("check that gave up", "[    2.1] INFO: lockdep is turned off."),
    ("check that gave up", "[    2.1] kmemleak: Kernel memory leak detector disabled"),
    (
        "check that gave up",
        "[    2.1] kmemleak: Kmemleak disabled without freeing internal data. Reclaim the memory",
    ),
]
EXAMPLES = [*BAD.items(), *OTHERS]

GOOD = """
[    0.1] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible
[    0.1] pci 0000:00:1f.0: quirk: [io  0x0600-0x067f] claimed by ICH6 ACPI/GPIO/TCO
[    0.1] Kernel command line: console=ttyS0 panic=-1 oops=panic
[    0.1] sysdemo: loading out-of-tree module taints kernel.
[    0.1] kmemleak: Kernel memory leak detector initialized (mem pool available: 15841)
[    0.1] debug: unmapping init memory, BUG: no
[    0.1] x: BUG kmalloc-64 (is what another one of these would be)
"""


@pytest.mark.parametrize(("kind", "line"), EXAMPLES)
def test_reports_are_noticed(kind, line):
    text = f"[    1.0] sysdemo-init: stage one\n{line}\n[    3.0] sysdemo-init: stage two\n"
    assert (kind, line, "one") in console.reports(text)


@pytest.mark.parametrize(("kind", "line"), EXAMPLES)
def test_reports_without_a_time_are_noticed(kind, line):
    line = line.split("] ", 1)[1]
    assert (kind, line, "one") in console.reports(f"sysdemo-init: stage one\n{line}\n")


def test_every_kind_has_an_example():
    assert {kind for kind, _ in console.REPORTS} == set(BAD)


def test_harmless_lines_are_not_noticed():
    assert list(console.reports(GOOD)) == []


def test_worst_comes_first():
    text = "\n".join([BAD["kernel WARNING"], BAD["oops"], BAD["panic"]])
    assert [kind for kind, _, _ in console.reports(text)] == ["panic", "oops", "kernel WARNING"]
