# SPDX-License-Identifier: GPL-2.0
"""Real guests in which something goes wrong: each must end in a failure with its own message.

They are the guest of `make qemu-test` to the letter; only the programs that it runs differ. What
ends a guest needs one of its own. What does not is in one guest together: each program that
misbehaves is to be blamed for what it did, and no other.
"""

import pytest
from guests import BROKEN, GOOD_TEST, RELEASE, assert_fails, summary_of


def test_good_guest(boot):
    """Also with a compressed root file system, and a program that tries to use init's ports."""
    noisy = GOOD_TEST + "for fd in 3 4 5; do echo exit 0 >&$fd; done 2>/dev/null\n"
    status, said = boot({"fine": GOOD_TEST, "noisy": noisy + "exit 0\n"}, compress=True)
    assert status == 0, said
    assert f"Linux {RELEASE} with initramfs (Debian busybox " in said
    assert ": passed in" in said


# Programs that do one thing wrong each, and what is to be said of it.
WRONG = {
    "bad": (
        GOOD_TEST.replace("echo ok 1 first", "echo '# it is 1'; echo not ok 1 first; exit 1"),
        ["bad/first", "# it is 1"],
    ),
    "few": (GOOD_TEST.replace("1..1", "1..2"), ["'few' has 1 results less than planned"]),
    # A status that was not given is not that of the program before.
    "killer": (GOOD_TEST + "kill -9 0 $PPID\n", ["'killer' failed as a whole"]),
    "late": (GOOD_TEST + "exit 1\n", ["'late' failed as a whole, though its tests did not"]),
    "planless": (
        GOOD_TEST.replace("echo 1..1\n", ""),
        ["the results of 'planless' have no plan"],
    ),
    "segv": (
        GOOD_TEST.replace("echo ok", "kill -SEGV $$; echo ok"),
        ["'segv' has 1 results less than planned"],
    ),
    "silent": ("#!/bin/sh\nexit 0\n", ["'silent' has no results of its own"]),
    # All of its tests pass; the kernel's log does not.
    "warn": (
        GOOD_TEST + "insmod /usr/lib/sysdemo/broken.ko what=warn\n",
        ["kernel WARNING during 'warn'", "[broken]", ", taint"],
    ),
}


@pytest.fixture(scope="module")
def wrong(boot_once):
    """What came of a guest with all of these, and a good one."""
    programs = {name: text for name, (text, _) in WRONG.items()}
    return boot_once(programs | {"fine": GOOD_TEST}, files=[BROKEN])


@pytest.mark.xdist_group("wrong programs")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_program(wrong, name):
    assert_fails(wrong, *WRONG[name][1], "exit status is 1")


@pytest.mark.xdist_group("wrong programs")
def test_good_program_among_wrong_ones(wrong):
    assert "fine" not in summary_of(wrong)


def test_module_for_another_kernel(boot):
    outcome = boot({"fine": GOOD_TEST}, release="1.0-other")
    assert_fails(outcome, "tests failed: load", "for another kernel: /lib/modules/1.0")


def test_panic(boot):
    outcome = boot({"crash": "#!/bin/sh\necho c >/proc/sysrq-trigger\n"})
    assert_fails(outcome, "panic during 'crash': ", "sysrq triggered crash")


def test_hanging_program(boot):
    outcome = boot({"sleep": "#!/bin/sh\nsleep 1000\n"}, timeout=45)
    assert_fails(outcome, "hung during 'sleep': no end after 45 s")


def test_hanging_kernel(boot):
    """With interrupts off on both CPUs nothing in the guest can tell any more."""
    stop = "#!/bin/sh\nfor _ in 1 2; do insmod /usr/lib/sysdemo/broken.ko what=stop & done; wait\n"
    outcome = boot({"stop": stop}, files=[BROKEN], timeout=45)
    assert_fails(outcome, "hung during 'stop': no end after 45 s")


def test_oops(boot):
    oops = GOOD_TEST + "insmod /usr/lib/sysdemo/broken.ko what=oops\n"
    assert_fails(boot({"oops": oops}, files=[BROKEN]), "oops during 'oops': ")


def test_early_end(boot):
    outcome = boot({"end": "#!/bin/sh\npoweroff -f\n"})
    assert_fails(outcome, "ended during 'end' without an exit status")


def test_module_that_is_none(boot, tmp_path):
    none = tmp_path / "none.ko"
    none.write_text("no module\n")
    assert_fails(boot({"fine": GOOD_TEST}, module=none), "tests failed: load")


def test_no_init(boot):
    outcome = boot({"fine": GOOD_TEST}, append="rdinit=/nonexistent")
    assert_fails(outcome, "before it reached its init", "has no /nonexistent")
