# SPDX-License-Identifier: GPL-2.0
"""When a guest is booted a second time."""

import boot
import pytest
from verdict import Run

HUNG_IN_BOOT = Run(timed_out=60)
HUNG_LATER = Run(timed_out=60, status="stage load\n")
HUNG_IN_INIT = Run(timed_out=60, console=f"[    3.0] Run {boot.INIT} as init process\n")
HUNG_UNSEEN = Run(timed_out=60, status="rootfs initramfs\n")
ENDED_EARLY = Run(console="Kernel panic - not syncing: no init")
FINE = Run(status="stage load\nexit 0\n")


@pytest.mark.parametrize(
    ("runs", "counted"),
    [
        ([FINE], FINE),
        ([HUNG_IN_BOOT, FINE], FINE),
        # Twice is no accident.
        ([HUNG_IN_BOOT, HUNG_IN_BOOT], HUNG_IN_BOOT),
        # What this project does to a guest counts.
        ([HUNG_LATER], HUNG_LATER),
        ([HUNG_IN_INIT], HUNG_IN_INIT),
        ([HUNG_UNSEEN], HUNG_UNSEEN),
        ([ENDED_EARLY], ENDED_EARLY),
    ],
)
def test_second_boot(monkeypatch, capsys, runs, counted):
    left = list(runs)
    monkeypatch.setattr(boot, "run_guest", lambda *_: (left.pop(0), []))
    run, _ = boot.run_guest_that_boots(None, "tcg")
    assert run is counted
    assert not left
    assert ("trying once more" in capsys.readouterr().out) == (len(runs) == 2)
