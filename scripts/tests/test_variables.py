# SPDX-License-Identifier: GPL-2.0
"""Values that no verb can work with: one line that says what is allowed, and nothing touched."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from checkouts import copy_checkout

TOP = Path(__file__).parents[2]
# What the Makefile passes on, which whoever runs these tests may have set.
VARIABLES = re.search(r"^export (.*)$", (TOP / "Makefile").read_text(), re.M)[1].split()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A checkout like ours, as it is before anything is built in it."""
    return copy_checkout(tmp_path_factory.mktemp("checkout") / "sysdemo")


@pytest.fixture
def kdirs(tmp_path, checkout):
    """Folders that are no use as KDIR, each for another reason."""
    (tmp_path / "empty").mkdir()
    for name, config in (("norust", "CONFIG_64BIT=y\n"), ("nometadata", "CONFIG_RUST=y\n")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Makefile").touch()
        (folder / ".config").write_text(config)
    (tmp_path / "file").touch()
    (tmp_path / "checkout").symlink_to(checkout)
    for name, version in (("old", "2019.02.1"), ("unnamed", "")):
        folder = tmp_path / f"{name}-buildroot"
        (folder / "package/busybox").mkdir(parents=True)
        (folder / "Config.in").touch()
        (folder / "Makefile").write_text(
            f"export BR2_VERSION := {version}\n" if version else "all:\n"
        )
    return tmp_path


def make(tmp_path, *words):
    """Runs make, which must make nothing; gives its exit status and what it said."""
    cache = tmp_path / "cache"
    checkout = tmp_path / "checkout"
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    before = snapshot(checkout)
    done = subprocess.run(
        ["make", "-C", str(checkout), f"SYSDEMO_CACHE={cache}", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not cache.exists()
    assert snapshot(checkout) == before
    return done.returncode, done.stderr


def snapshot(checkout):
    """What is in a checkout."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in checkout.rglob("*"))


@pytest.mark.parametrize(
    "verb", ["qemu-test", "check", "kcsan-test", "qemu-shell", "module", "update", "fuzz"]
)
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("ACCEL=foo", "ACCEL=foo: give auto, kvm or tcg"),
        ("ACCEL=KVM", "ACCEL=KVM: give auto, kvm or tcg"),
        ("KERNEL=9.9", "KERNEL=9.9: supported is 7.3"),
        ("KERNEL=7", "KERNEL=7: supported is 7.3"),
        ("KERNEL=..*", "KERNEL=..*: supported is 7.3"),
        ("TIMEOUT=0", "TIMEOUT=0: give whole seconds"),
        ("TIMEOUT=-1", "TIMEOUT=-1: give whole seconds"),
        ("TIMEOUT=1e9", "TIMEOUT=1e9: give whole seconds"),
        ("KDIR=/nonexistent", "KDIR=/nonexistent: no such folder"),
        ("KDIR={}/file", "/file: no such folder"),
        ("KDIR={}/empty", "not a kernel's build folder"),
        ("KDIR={}/norust", "without CONFIG_RUST=y"),
        ("KDIR={}/nometadata", "lacks rust/libcore.rmeta"),
        ("MIRROR=nowhere", "MIRROR=nowhere: give an address"),
        ("KIMAGE=/dev/null", "KIMAGE=/dev/null: is the image of the kernel in KDIR"),
        ("ROOTFS=busybox", "ROOTFS=busybox: no such file; give initramfs, buildroot,"),
        ("ROOTFS={}", ": no such file; give initramfs"),
        ("ROOTFS={}/file", "/file: is no cpio archive"),
        ("ROOTFS={}/norust/Makefile", "/norust/Makefile: is no cpio archive"),
        ("SYSDEMO_CACHE=relative", "SYSDEMO_CACHE=relative: give an absolute path"),
    ],
)
def test_bad_values(kdirs, verb, word, message):
    refused(kdirs, verb, word, message)


@pytest.mark.parametrize("value", ["0", "-1", "1e9", "1.5", "a", "100000"])
def test_wrong_times(kdirs, value):
    refused(kdirs, "stress", f"TIME={value}", f"TIME={value}: give whole seconds, 1 to 99999")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("HERE=0", "HERE=0: give 1, or leave it out"),
        ("HERE=yes", "HERE=yes: give 1, or leave it out"),
        ("UPDATE=2", "UPDATE=2: give 1, or leave it out"),
        ("HERE=1 UPDATE=1", "UPDATE=1: what is measured HERE depends on the machine"),
        ("KDIR={}/norust", "without CONFIG_RUST=y"),
    ],
)
def test_what_cannot_be_measured(kdirs, words, message):
    refused(kdirs, "bench", words, message)


@pytest.mark.parametrize("words", ["TIME=600 TIMEOUT=300", "TIMEOUT=60"])
def test_too_little_time_for_stress(kdirs, words):
    refused(kdirs, "stress", words, "the guest would be ended before TIME=")


def test_a_kernel_of_ones_own_is_not_for_stress(kdirs):
    refused(kdirs, "stress", "KDIR={}/norust", "without CONFIG_RUST=y")


def refused(kdirs, verb, word, message):
    """The verb refuses the value, or values, with one line."""
    status, said = make(kdirs, verb, *word.format(kdirs).split())
    lines = [line for line in said.splitlines() if not line.startswith("make")]
    assert status == 2
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert message in lines[0]


WRONG_TREES = [
    ("BUILDROOT=/nonexistent", "BUILDROOT=/nonexistent: is no Buildroot tree"),
    ("BUILDROOT={}/norust", "/norust: is no Buildroot tree"),
    ("BUILDROOT={}/old-buildroot", "is Buildroot 2019.02.1; qemu/buildroot was tried with 20"),
    ("BUILDROOT={}/unnamed-buildroot", "is Buildroot of an unknown version;"),
]


@pytest.mark.parametrize(("word", "message"), WRONG_TREES)
@pytest.mark.parametrize("verb", ["check", "buildroot-image"])
def test_wrong_trees(kdirs, verb, word, message):
    refused(kdirs, verb, word, message)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("DEFCONFIG=foo", "DEFCONFIG=foo: give initramfs or qemu_x86_64"),
        ("FRAGMENT=/nonexistent", "FRAGMENT=/nonexistent: no such file"),
    ],
)
def test_wrong_configurations(kdirs, word, message):
    good = kdirs / "good-buildroot"
    (good / "package/busybox").mkdir(parents=True)
    (good / "Config.in").touch()
    (good / "Makefile").write_text("export BR2_VERSION := 2026.08.1\n")
    status, said = make(kdirs, "buildroot-image", f"BUILDROOT={good}", word)
    assert status == 2
    assert message in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("TIME=0", "TIME=0: give whole seconds, 1 to 99999, or minimize"),
        ("TIME=-1", "TIME=-1: give whole seconds"),
        ("TIME=1h", "TIME=1h: give whole seconds"),
        ("TIME=100000", "TIME=100000: give whole seconds"),
        ("TIME=08x", "TIME=08x: give whole seconds"),
        ("TIME=60 TIMEOUT=60", "TIMEOUT=60: the guest would be ended before TIME=60 is over"),
        ("TIMEOUT=30", "TIMEOUT=30: the guest would be ended before TIME=60 is over"),
        ("INPUT=/nonexistent", "INPUT=/nonexistent: no such file"),
        ("INPUT=/dev/zero", "INPUT=/dev/zero: is no saved input"),
        ("INPUT={}/file", "/file: is no saved input: those are files of 1 to 4088 bytes"),
        ("INPUT={}/large", "/large: is no saved input"),
        ("INPUT={}/empty", "/empty: is empty; give a folder of saved inputs"),
        ("INPUT={}/old-buildroot", "/old-buildroot: Config.in is no saved input"),
        ("INPUT={}/norust/Makefile TIME=5", "takes as long as it takes; leave it or TIME=5 out"),
        ("TIME=5 KDIR={}/norust", "configured without CONFIG_RUST=y"),
    ],
)
def test_what_cannot_be_fuzzed(kdirs, words, message):
    (kdirs / "large").write_bytes(bytes(4089))
    refused(kdirs, "fuzz", words, message)


def test_names_of_other_projects_do_no_harm(kdirs):
    """Who works with Buildroot or kernels has such variables: most verbs do not look at them."""
    done = subprocess.run(
        ["scripts/check-variables"],
        cwd=TOP,
        env=os.environ
        | {"BUILDROOT": str(kdirs), "DEFCONFIG": "multi_v7_defconfig"}
        | {"FRAGMENT": "x", "TIME": "x"},
        check=False,
    )
    assert done.returncode == 0


def test_root_file_system_of_another_kernel(kdirs):
    """A Buildroot image holds a module for one kernel; a kernel of one's own comes with another."""
    kdir = kdirs / "whole"
    for name in ("Makefile", ".config", "rust/libcore.rmeta", "Module.symvers"):
        (kdir / name).parent.mkdir(parents=True, exist_ok=True)
        (kdir / name).write_text("CONFIG_RUST=y\n")
    (kdir / "include/config").mkdir(parents=True)
    (kdir / "include/config/kernel.release").write_text("7.3.0\n")
    status, said = make(kdirs, "qemu-test", f"KDIR={kdir}", "ROOTFS=buildroot")
    assert status == 2
    assert "ROOTFS=buildroot: holds the module for its own kernel, not for the one in KDIR" in said


def test_unknown_verb(kdirs):
    status, said = make(kdirs, "qemu-tset")
    assert status == 2
    assert "qemu-tset" in said


def test_unknown_kernel():
    done = subprocess.run(
        [TOP / "scripts/lane-kernel", "kasan"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "error: lane-kernel: debug or kcsan\n"


def test_help_lists_every_verb():
    done = subprocess.run(
        ["make", "-C", str(TOP), "help"], capture_output=True, text=True, check=True
    )
    makefile = (TOP / "Makefile").read_text()
    verbs = {
        word
        for line in makefile.splitlines()
        if line.startswith(".PHONY:")
        for word in line.split()[1:]
    }
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert verbs - {"all"} <= listed
