# SPDX-License-Identifier: GPL-2.0
"""Real guests in which something goes wrong: each must end in a failure with its own message.

They are the guest of `make qemu-test` to the letter; only the programs that it runs differ.
"""

from guests import BROKEN, GOOD_TEST, RELEASE, assert_fails


def test_good_guest(boot):
    status, said = boot({"fine": GOOD_TEST})
    assert status == 0, said
    assert f"Linux {RELEASE} with initramfs (Debian busybox " in said
    assert ": passed in" in said


def test_compressed_root_file_system(boot):
    status, said = boot({"fine": GOOD_TEST}, compress=True)
    assert status == 0, said


def test_module_for_another_kernel(boot):
    outcome = boot({"fine": GOOD_TEST}, release="1.0-other")
    assert_fails(outcome, "tests failed: load", "for another kernel: /lib/modules/1.0")


def test_failing_test(boot):
    bad = GOOD_TEST.replace("echo ok 1 first", "echo '# it is 1'; echo not ok 1 first; exit 1")
    assert_fails(boot({"bad": bad}), "tests failed: bad/first", "# it is 1", "exit status is 1")


def test_panic(boot):
    outcome = boot({"crash": "#!/bin/sh\necho c >/proc/sysrq-trigger\n"})
    assert_fails(outcome, "panic during 'crash': ", "sysrq triggered crash")


def test_hanging_program(boot):
    outcome = boot({"sleep": "#!/bin/sh\nsleep 1000\n"}, timeout=20)
    assert_fails(outcome, "hung during 'sleep': no end after 20 s")


def test_hanging_kernel(boot):
    """With interrupts off on both CPUs nothing in the guest can tell any more."""
    spin = "#!/bin/sh\nfor _ in 1 2; do insmod /usr/lib/sysdemo/broken.ko what=spin & done; wait\n"
    outcome = boot({"spin": spin}, files=[BROKEN], timeout=20)
    assert_fails(outcome, "hung during 'spin': no end after 20 s")


def test_warning(boot):
    """All tests pass; the kernel's log does not."""
    warn = GOOD_TEST + "insmod /usr/lib/sysdemo/broken.ko what=warn\n"
    outcome = boot({"warn": warn}, files=[BROKEN])
    assert_fails(outcome, "kernel WARNING during 'warn'", "[broken]")
    assert "tests failed: taint" in outcome[1]


def test_oops(boot):
    oops = GOOD_TEST + "insmod /usr/lib/sysdemo/broken.ko what=oops\n"
    assert_fails(boot({"oops": oops}, files=[BROKEN]), "oops during 'oops': ")


def test_early_end(boot):
    outcome = boot({"end": "#!/bin/sh\npoweroff -f\n"})
    assert_fails(outcome, "ended during 'end' without an exit status")


def test_fewer_results_than_planned(boot):
    outcome = boot({"few": GOOD_TEST.replace("1..1", "1..2")})
    assert_fails(outcome, "the results disagree with their plan")


def test_lost_plan(boot):
    outcome = boot({"planless": GOOD_TEST.replace("echo 1..1\n", "")})
    assert_fails(outcome, "the results of 'planless' have no plan")


def test_program_that_fails_after_its_tests(boot):
    outcome = boot({"late": GOOD_TEST + "exit 1\n"})
    assert_fails(outcome, "'late' failed as a whole, though its tests did not")


def test_program_that_crashes(boot):
    segv = GOOD_TEST.replace("echo ok", "kill -SEGV $$; echo ok")
    assert_fails(boot({"segv": segv}), "exit status is 1")


def test_silent_program(boot):
    assert_fails(boot({"silent": "#!/bin/sh\nexit 0\n"}), "'silent' has no results of its own")


def test_program_that_kills_its_shell(boot):
    """A status that was not given is not that of the program before."""
    kill = GOOD_TEST + "kill -9 0 $PPID\n"
    assert_fails(boot({"fine": GOOD_TEST, "killer": kill}), "'killer' failed as a whole")


def test_program_that_writes_to_every_descriptor(boot):
    """The ports are not the programs' own."""
    noisy = GOOD_TEST + "for fd in 3 4 5; do echo exit 0 >&$fd; done 2>/dev/null\n"
    status, said = boot({"noisy": noisy + "exit 0\n"})
    assert status == 0, said


def test_module_that_is_none(boot, tmp_path):
    none = tmp_path / "none.ko"
    none.write_text("no module\n")
    assert_fails(boot({"fine": GOOD_TEST}, module=none), "tests failed: load")


def test_no_init(boot):
    outcome = boot({"fine": GOOD_TEST}, append="rdinit=/nonexistent")
    assert_fails(outcome, "before it reached its init", "has no /nonexistent")
