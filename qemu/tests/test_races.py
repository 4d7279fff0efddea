# SPDX-License-Identifier: GPL-2.0
"""Whose a data race is that KCSAN reported."""

import console
import pytest
import races
import verdict
from guests import STOCK

TITLE = "BUG: KCSAN: data-race in "
LINE = "=" * 66

OURS = ("_RNvNtCs4_12rust_sysdemo5calls4null", "sysdemo")
HELPER = ("rust_helper_atomic_read", None)
COPY = ("_inline_copy_to_user", None)
IOCTL = ("__se_sys_ioctl", None)
TICK = [("update_process_times", None), ("asm_sysvec_apic_timer_interrupt", None)]


def shown(name, module=None):
    return f"{name} [{module}]" if module else name


def report(*ways, title=None, time="[    2.1] "):
    """What KCSAN says of a race, by the functions on the way to each access."""
    lines = [LINE, TITLE + (title or " / ".join(shown(*way[0]) for way in ways)), ""]
    for number, way in enumerate(ways):
        access = "write to 0xffff888004a3c0e0 of 8 bytes"
        if len(ways) == 1:
            access = "race at unknown origin, with " + access
        lines.append(f"{access} by task {60 + number} on cpu {number}:")
        for name, module in way:
            lines.append(f" {name}+0x4a/0x230" + (f" [{module}]" if module else ""))
        lines.append("")
    lines += ["value changed: 0x0000000000000001 -> 0x0000000000000002", ""]
    lines += ["Reported by Kernel Concurrency Sanitizer on:", "CPU: 1 UID: 0 PID: 61 Comm: x", LINE]
    return "".join(f"{time}{line}\n" for line in lines)


@pytest.mark.parametrize(
    "ways",
    [
        # Both, either or the only one that is known.
        ([OURS, IOCTL], [OURS, IOCTL]),
        ([OURS, IOCTL], [("do_exit", None)]),
        ([("do_exit", None)], [OURS, IOCTL]),
        ([OURS, IOCTL],),
        # What it has others do for it.
        ([HELPER, OURS, IOCTL], [("do_exit", None)]),
        ([COPY, OURS, IOCTL],),
        # A module for tests.
        ([("plain_in_c", "racing"), ("kthread", None)],),
        # What it came upon is not on its way, but it is on the other.
        ([*TICK, OURS, IOCTL], [OURS, IOCTL]),
    ],
)
@pytest.mark.parametrize("time", ["[    2.1] ", ""])
def test_ours(ways, time):
    text = "sysdemo-init: stage c-call\n" + report(*ways, time=time)
    found = list(console.reports(text))
    assert [(kind, stage) for kind, _, stage in found] == [("KCSAN report", "c-call")]
    assert TITLE in found[0][1]
    assert console.foreign_races(text) == []


@pytest.mark.parametrize(
    "ways",
    [
        ([("wake_up", None), IOCTL], [("do_exit", None)]),
        ([("rcu_gp_kthread", None)],),
        # Another's module, in a kernel that is not ours.
        ([("ext4_readdir", "ext4"), IOCTL], [("ext4_readdir", "ext4")]),
        # What comes upon our code is not our code's doing.
        ([*TICK, OURS, IOCTL], [("tick_do_update_jiffies64", None)]),
        ([("handle_mm_fault", None), ("asm_exc_page_fault", None), COPY, OURS, IOCTL],),
        ([("set_next_entity", None), ("schedule", None), ("mutex_lock", None), OURS],),
    ],
)
def test_not_ours(ways):
    text = report(*ways)
    assert list(console.reports(text)) == []
    assert len(console.foreign_races(text)) == 1


def test_what_cannot_be_told_is_ours():
    """A report that was cut off, or of which the ways are not there."""
    whole = report([("f", None)], [("g", None)])
    assert not list(console.reports(whole))
    cut_off = whole[: whole.index("Reported by")]
    for text in (cut_off, report(title="f / g"), report([("f", None)], [], title="f / g")):
        assert [kind for kind, _, _ in console.reports(text)] == ["KCSAN report"]
    # The next one tells that the one before it was cut off.
    assert len(list(console.reports(cut_off + whole))) == 1


def test_each_race_is_told_once():
    one, two = report([OURS], [OURS]), report([("plain_in_c", "racing")])
    found = [line for _, line, _ in console.reports(one + two + one)]
    assert found == [one.splitlines()[1], two.splitlines()[1]]


def test_lines_of_others_in_between():
    text = report([OURS], [("g", None)]).replace(
        "\n[    2.1]  g+", "\n[    2.1] x: y\n[    2.1]  g+"
    )
    (race,) = races.races(console.staged(text))
    assert race.ways == [[OURS], [("g", None)]]


@pytest.mark.parametrize(("way", "passes"), [([OURS], False), ([("g", None)], True)])
def test_verdict(way, passes):
    """A race of the kernel's own is told, and the run is good nevertheless."""
    run = verdict.Run(
        console=report(way),
        ktap="KTAP version 1\n1..1\nok 1 load\n",
        status="stage load\nexit 0\n",
    )
    judged = verdict.judge(run, STOCK / "tools/kunit")
    assert judged.passed == passes, judged.problems
    assert len(judged.foreign_races) == passes
    said = judged.suite.find(".//testcase[@name='verdict']/system-out")
    assert (said is not None) == passes
