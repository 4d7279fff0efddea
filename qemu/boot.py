#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boots a guest in QEMU and tells how it went. Runs in the builder root.

`boot.py test` runs the guest's tests and judges them; its exit status is 0 if they passed, 1 if
they did not, 2 if it was asked for what cannot be done. `boot.py shell` gives a shell in the guest.
"""

import argparse
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import accel
import console
import verdict

# How many of the console's last lines are shown when a guest fails.
LAST_LINES = 25

# Process 1 of a test guest. A root file system's own init is for those who use it otherwise.
INIT = "/usr/lib/sysdemo/init"

# The size of the memory that is shared with a guest, if any is.
SHARED_SIZE = 8 << 20

# The exit statuses of this program.
PASSED, FAILED, UNUSABLE = range(3)


def qemu_command(options, accelerator, append=""):
    """The command line of a guest with nothing in it that is not needed."""
    cpu, cpus = "host" if accelerator == "kvm" else "max", "2"
    command = ["qemu-system-x86_64"]
    if options.icount:
        # The guest's clock counts its instructions. Without the two features the kernel does not
        # copy by instructions that repeat themselves, each time of which would be counted.
        cpu, cpus = "max,-erms,-fsrm", "1"
        command += ["-icount", "shift=0,sleep=off"]
    command += ["-machine", "q35", "-accel", accelerator, "-cpu", cpu]
    command += ["-smp", cpus, "-m", str(options.memory), "-no-reboot"]
    command += ["-no-user-config", "-nodefaults", "-display", "none"]
    if options.shared:
        # Memory that is a file here as well: what the guest writes there is left however it ends.
        backend = f"memory-backend-file,id=shared,share=on,size={SHARED_SIZE}"
        command += ["-object", f"{backend},mem-path={options.shared}"]
        command += ["-device", "ivshmem-plain,memdev=shared"]
    if options.plugin:
        # What it has to tell it writes to that memory.
        command += ["-plugin", f"file={options.plugin},memory={options.shared}"]
    command += ["-kernel", str(options.kernel), "-initrd", str(options.initramfs)]
    # After a panic the guest ends at once. An oops is a panic: what comes after it proves nothing.
    append = f"rdinit={INIT} {options.append} {append} console=ttyS0 panic=-1 oops=panic"
    return [*command, "-append", " ".join(append.split())]


class Channel:
    """A stream of lines from the guest: kept in a file, and shown as it comes."""

    def __init__(self, path, show):
        self.file = path.open("wb")
        self.show = show
        self.pending = b""

    def feed(self, data):
        """Takes what has come; an empty string is the end."""
        self.file.write(data)
        self.file.flush()
        *lines, self.pending = (self.pending + data).split(b"\n")
        if not data and self.pending:
            lines, self.pending = [self.pending], b""
        for line in lines:
            self.show(line.decode("utf-8", "replace").rstrip("\r"))


class Guest:
    """A running guest and the streams that come out of it."""

    # The ports that qemu/guest/init writes to.
    PORTS = ("ktap", "status", "cover")

    def __init__(self, options, accelerator):
        self.results = options.results
        self.results.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        self.stage, self.stage_started = "boot", self.started
        self.stages = []
        self.selector = selectors.DefaultSelector()

        command = qemu_command(options, accelerator)
        command += ["-serial", "stdio", "-device", "virtio-serial-pci"]
        theirs = []
        for name in self.PORTS:
            ours, other = socket.socketpair()
            theirs.append(other)
            command += ["-chardev", f"socket,id={name},fd={other.fileno()}"]
            command += ["-device", f"virtserialport,chardev={name},name=sysdemo.{name}"]
            self.listen(ours, name)
        self.qemu = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[other.fileno() for other in theirs],
        )
        for other in theirs:
            other.close()
        self.listen(self.qemu.stdout, "console")
        self.listen(self.qemu.stderr, "qemu")

    def listen(self, stream, name):
        """Keeps and shows what comes out of a stream."""
        shows = {"status": self.show_status, "cover": self.show_nothing}
        show = shows.get(name, self.show)
        channel = Channel(self.results / f"{name}.log", show)
        self.selector.register(stream, selectors.EVENT_READ, channel)

    @staticmethod
    def show(line):
        """Shows a line of the guest's, as long as there is somebody to see it."""
        # Figures: many, and for programs, which find them in the log.
        if line.lstrip().startswith("# bench {"):
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:
            # Nobody reads any more (`| head`, say): the verdict is still to be written.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @staticmethod
    def show_nothing(_line):
        """Leaves what is for programs to them."""

    def show_status(self, line):
        """Shows that the guest enters its next stage, and notes how long the last one took."""
        now = time.monotonic()
        if not line.startswith("rootfs "):
            self.stages.append((self.stage, now - self.stage_started))
            self.stage, self.stage_started = line.removeprefix("stage "), now
        self.show(f"==> guest, {now - self.started:.1f} s: {line}")

    def follow(self, seconds):
        """Passes on what the guest says until it ends; False if it has not within the limit."""
        deadline = self.started + seconds
        while self.selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self.selector.select(left):
                try:
                    data = os.read(key.fd, 65536)
                except ConnectionResetError:
                    data = b""
                key.data.feed(data)
                if not data:
                    self.selector.unregister(key.fileobj)
        self.qemu.wait()
        self.stages.append((self.stage, time.monotonic() - self.stage_started))
        return True

    def end(self):
        """Ends the guest, whatever it is doing."""
        self.qemu.kill()
        self.qemu.wait()

    def log(self, name):
        """What has come out of a stream."""
        return (self.results / f"{name}.log").read_text(encoding="utf-8", errors="replace")


def make_shared(path):
    """Makes the file of shared memory, zero throughout, with all of its room on the disk.

    A guest that writes to memory for which there is no room would take QEMU down with it.
    """
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, SHARED_SIZE)


def run_guest(options, accelerator):
    """Runs a guest to its end, or to that of our patience."""
    run = verdict.Run()
    if options.shared:
        make_shared(options.shared)
    guest = Guest(options, accelerator)
    try:
        if not guest.follow(options.timeout):
            run.timed_out = options.timeout
    except KeyboardInterrupt:
        run.interrupted = True
    finally:
        guest.end()
    run.console, run.ktap, run.status = (guest.log(name) for name in ("console", "ktap", "status"))
    if guest.qemu.returncode and not run.timed_out and not run.interrupted:
        run.qemu_error = guest.log("qemu").strip() or f"exit status {guest.qemu.returncode}"
    return run, guest.stages


# What a kernel that hangs says of that.
HANGS = {"soft or hard lockup", "RCU stall", "hung task"}


def run_guest_that_boots(options, accelerator):
    """Runs a guest, and a second one if the first hung before its kernel started its init.

    Rarely, on a busy machine, an emulated guest hangs while its kernel boots. Nothing of this
    project has run by then, so nothing is hidden by trying once more; that it happened is said, and
    its log is kept. A kernel that reported anything else has not just hung: that one counts.
    """
    run, stages = run_guest(options, accelerator)
    if not run.timed_out or run.status or "as init process" in run.console:
        return run, stages
    if any(kind not in HANGS for kind, _, _ in console.reports(run.console)):
        return run, stages
    kept = options.results / "console-hung.log"
    (options.results / "console.log").rename(kept)
    print(
        f"\nThe guest hung while its kernel booted ({run.timed_out:.0f} s): trying once more."
        f" Its log: {options.shown_results}/{kept.name}"
    )
    return run_guest(options, accelerator)


def report(options, run, judged, seconds):
    """Prints the verdict: a table if the guest passed, otherwise why not, and where to look."""
    if judged.foreign_races:
        print("\nData races of the kernel's own, in which this project has no part:\n")
        for race in judged.foreign_races:
            print(f"  {race}")
    kernel = f"Linux {options.release}" if options.release else "the guest"
    kernel += f" with {run.rootfs or 'an unnamed root file system'} under QEMU"
    if judged.passed:
        print(f"\n{kernel}: passed in {seconds:.1f} s\n")
        print(f"  {'area':<24}{'passed':>8}{'failed':>8}{'skipped':>8}")
        for name, *counts in judged.areas:
            print(f"  {name:<24}" + "".join(f"{count:>8}" for count in counts))
        totals = [sum(column) for column in zip(*(area[1:] for area in judged.areas), strict=True)]
        print(f"  {'in all':<24}" + "".join(f"{count:>8}" for count in totals))
        return
    print(f"\n{kernel}: FAILED after {seconds:.1f} s\n")
    for problem in judged.problems:
        print(f"  {problem}")
    for name, log in judged.failures[: verdict.MOST_NAMES]:
        print(f"\n  {name}:")
        for line in log[-LAST_LINES:]:
            print(f"    {line.strip()}")
    print("\nThe console's last lines:\n")
    for line in run.console.splitlines()[-LAST_LINES:]:
        print(f"  {line}")
    print(f"\nThe whole logs: {options.shown_results}/console.log, ktap.log, status.log")


def test(options, accelerator):
    """Runs the guest's tests; gives the exit status."""
    start = time.monotonic()
    run, stages = run_guest_that_boots(options, accelerator)
    judged = verdict.judge(run, options.ktap_tools, options.expect, not options.no_skips)
    xml = options.results.parent / f"{options.results.name}.xml"
    ET.indent(judged.suite)
    ET.ElementTree(judged.suite).write(xml, encoding="utf-8", xml_declaration=True)
    if options.stages:
        with options.stages.open("a", encoding="utf-8") as file:
            file.writelines(f"{took:7.1f} s  guest: {name}\n" for name, took in stages)
    report(options, run, judged, time.monotonic() - start)
    return PASSED if judged.passed else FAILED


def shell(options, accelerator):
    """Gives a shell in the guest, on this terminal."""
    command = qemu_command(options, accelerator, "quiet sysdemo.shell")
    # The monitor shares the line: Ctrl-A X ends the guest, Ctrl-C goes to it.
    return subprocess.run([*command, "-serial", "mon:stdio"], check=False).returncode


def arguments():
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("test", "shell"))
    parser.add_argument("--kernel", type=Path, required=True, help="the kernel's image")
    parser.add_argument("--initramfs", type=Path, required=True, help="the guest's file system")
    parser.add_argument("--release", default="", help="the kernel's release, to be shown")
    parser.add_argument("--accel", choices=("auto", "kvm", "tcg"), default="auto")
    parser.add_argument("--append", default="", help="more for the kernel's command line")
    parser.add_argument("--timeout", type=float, default=120, help="limit in seconds")
    parser.add_argument("--memory", type=int, default=512, help="the guest's memory, in MiB")
    parser.add_argument("--results", type=Path, help="folder for the logs")
    parser.add_argument("--shown-results", help="the name of that folder on the host")
    parser.add_argument("--ktap-tools", type=Path, help="where the kernel's KTAP parser is")
    parser.add_argument("--expect", nargs="*", default=[], help="programs that must have results")
    parser.add_argument("--no-skips", action="store_true", help="a skipped test is a failure")
    parser.add_argument("--icount", action="store_true", help="let the clock count instructions")
    parser.add_argument("--shared", type=Path, help="file that is memory in the guest as well")
    parser.add_argument("--plugin", type=Path, help="of QEMU's, which writes to --shared")
    parser.add_argument("--stages", type=Path, help="file that the guest's stages are added to")
    options = parser.parse_args()
    options.shown_results = options.shown_results or options.results
    return options


def main():
    """Does what the command line says."""
    options = arguments()
    try:
        # Only an emulated CPU's instructions can be counted, or looked at.
        emulated = options.icount or options.plugin
        accelerator, reason = accel.choose("tcg" if emulated else options.accel)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    print(f"Accelerator: {accelerator} ({reason})", flush=True)
    if options.verb == "shell":
        return shell(options, accelerator)
    # A polite end is an interruption too: the verdict is still to be written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return test(options, accelerator)
    except OSError as error:
        # A full disk, say.
        print(f"error: {error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
