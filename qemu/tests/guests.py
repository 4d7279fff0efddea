# SPDX-License-Identifier: GPL-2.0
"""How the tests of the harness boot guests, and what they expect of one that fails."""

import gzip
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
STOCK = Path(os.environ["STOCK"])
STOCK_KDIR = Path(os.environ["STOCK_KDIR"])
RELEASE = STOCK_KDIR.name.removeprefix("linux-headers-")
MODULE = TOP / "build/module/sysdemo.ko"
BROKEN = TOP / "build/test-modules/broken.ko"

# A program for a guest, of which more can be made.
GOOD_TEST = "#!/bin/sh\necho TAP version 13\necho 1..1\necho ok 1 first\n"


class Guests:
    """Boots guests of one kernel."""

    def __init__(
        self, folder, *, image=None, release=RELEASE, module=MODULE, append="", options=()
    ):
        self.folder = folder
        self.image = image or os.environ["STOCK_IMAGE"]
        self.release, self.module, self.append, self.options = release, module, append, options

    def __call__(
        self, tests, *, module=None, release=None, files=(), timeout=60, append="", compress=False
    ):
        """Boots one with the given programs; gives the exit status and what was said."""
        programs = self.folder / "tests"
        programs.mkdir()
        for name, text in tests.items():
            (programs / name).write_text(text)
        payload, image = self.folder / "payload", self.folder / "image.cpio"
        release = release or self.release
        subprocess.run(
            [
                *(TOP / "qemu/make-payload", release, module or self.module, programs, payload),
                *files,
            ],
            check=True,
        )
        subprocess.run([TOP / "qemu/make-image", payload, image], check=True)
        if compress:
            image.write_bytes(gzip.compress(image.read_bytes(), 1))
        done = subprocess.run(
            [
                *(TOP / "qemu/boot.py", "test", "--kernel", self.image, "--initramfs", image),
                *("--results", self.folder / "results", "--ktap-tools", STOCK / "tools/kunit"),
                *(
                    "--timeout",
                    str(timeout),
                    "--accel",
                    "tcg",
                    "--append",
                    f"{self.append} {append}",
                ),
                *("--release", release, *self.options, "--expect", *tests),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * timeout + 30,
            check=False,
        )
        assert (self.folder / "results.xml").exists()
        return done.returncode, done.stdout


def summary_of(outcome):
    """What is said in the end of a guest that failed."""
    status, said = outcome
    assert status == 1, said
    return said[said.rindex(": FAILED after") :]


def assert_fails(outcome, *words):
    """The guest failed, and the summary has the words in it."""
    summary = summary_of(outcome)
    for word in words:
        assert word in summary, summary
    # Where to look further.
    assert "The console's last lines:" in summary
    assert "console.log" in summary
