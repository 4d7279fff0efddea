# SPDX-License-Identifier: GPL-2.0
"""When a guest is booted a second time."""

from types import SimpleNamespace

import boot
import pytest
from verdict import Run

HUNG_IN_BOOT = Run(timed_out=60)
STALL = "[   30.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
HUNG_AND_SAID_SO = Run(timed_out=60, console=STALL)
HUNG_AFTER_A_REPORT = Run(timed_out=60, console=f"{STALL}[   31.1] BUG: KASAN: wild-access in f\n")
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
        ([HUNG_AND_SAID_SO, FINE], FINE),
        # Of what else the kernel said there is no second opinion.
        ([HUNG_AFTER_A_REPORT], HUNG_AFTER_A_REPORT),
        # What this project does to a guest counts.
        ([HUNG_LATER], HUNG_LATER),
        ([HUNG_IN_INIT], HUNG_IN_INIT),
        ([HUNG_UNSEEN], HUNG_UNSEEN),
        ([ENDED_EARLY], ENDED_EARLY),
    ],
)
def test_second_boot(monkeypatch, capsys, tmp_path, runs, counted):
    left = list(runs)

    def run_guest(*_):
        run = left.pop(0)
        (tmp_path / "console.log").write_text(run.console)
        return run, []

    monkeypatch.setattr(boot, "run_guest", run_guest)
    options = SimpleNamespace(results=tmp_path, shown_results=tmp_path)
    run, _ = boot.run_guest_that_boots(options, "tcg")
    assert run is counted
    assert not left
    said = capsys.readouterr().out
    assert ("trying once more" in said) == (len(runs) == 2)
    # What the first one said is still there.
    kept = tmp_path / "console-hung.log"
    assert (str(kept) in said) == (len(runs) == 2)
    assert not kept.exists() or kept.read_text() == runs[0].console
    assert kept.exists() == (len(runs) == 2)
