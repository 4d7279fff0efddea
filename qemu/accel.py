# SPDX-License-Identifier: GPL-2.0
"""Which accelerator QEMU can be trusted with on this machine."""

import os
import subprocess
from pathlib import Path

KVM = Path("/dev/kvm")

# A boot sector that tells QEMU to end with status (0x31 << 1) | 1: mov al, 0x31; out 0xf4, al; hlt.
TRIAL = bytes.fromhex("b031e6f4f4").ljust(510, b"\0") + b"\x55\xaa"
TRIAL_STATUS = 0x31 << 1 | 1
TRIAL_SECONDS = 5


def why_not_kvm(device=KVM, cpuinfo=Path("/proc/cpuinfo"), trial=None):
    """Says why KVM cannot be used, or gives None if it can.

    That /dev/kvm can be opened proves nothing: where the CPU has no virtualization of its own (a
    guest of another hypervisor, say) a kernel may die in it before its first line, and QEMU then
    waits for ever. So the CPU has to have it, and a trial guest has to run.
    """
    if not device.exists():
        return f"there is no {device}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"{device} may not be opened by this user"
    flags = cpuinfo.read_text(encoding="utf-8")
    if not {"vmx", "svm"} & set(flags.split()):
        return f"{device} is there, but the CPU shows neither vmx nor svm"
    if not (trial or run_trial)():
        return f"{device} is there, but a trial guest did not run"
    return None


def run_trial():
    """Whether a guest of one sector runs under KVM."""
    sector = Path("/tmp/kvm-trial.img")
    sector.write_bytes(TRIAL)
    command = ["qemu-system-x86_64", "-accel", "kvm", "-nodefaults", "-display", "none"]
    command += ["-drive", f"file={sector},format=raw", "-device", "isa-debug-exit,iobase=0xf4"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == TRIAL_STATUS


def choose(wanted):
    """Gives the accelerator to use and why; raises ValueError if the wanted one cannot be had."""
    if wanted == "tcg":
        return "tcg", "as asked for"
    reason = why_not_kvm()
    if reason is None:
        return "kvm", "it runs a trial guest"
    if wanted == "kvm":
        raise ValueError(f"ACCEL=kvm: {reason}; give ACCEL=tcg, or nothing")
    return "tcg", f"no KVM: {reason}"
