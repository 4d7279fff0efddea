# SPDX-License-Identifier: GPL-2.0
"""The doctor, on a good kernel, and on that kernel with one thing broken at a time."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
STOCK_KDIR = Path(os.environ["STOCK_KDIR"])


@pytest.fixture
def kdir(tmp_path):
    """A copy of the stock KDIR's bones: small enough to be broken in a test."""
    folder = tmp_path / "kernel"
    (folder / "rust").mkdir(parents=True)
    (folder / "scripts").mkdir()
    (folder / "include/config").mkdir(parents=True)
    for name in (".config", "Makefile", "Module.symvers", "include/config/kernel.release"):
        shutil.copy(STOCK_KDIR / name, folder / name)
    (folder / "vmlinux").touch()
    (folder / "scripts/target.json").touch()
    for path in (STOCK_KDIR / "rust").glob("*.*"):
        # The head is all that is read of them: it names the compiler.
        (folder / "rust" / path.name).write_bytes(path.open("rb").read(4096))
    return folder


@pytest.fixture
def machine(tmp_path):
    """What of /proc, /sys and /dev the doctor looks at, of a machine with nothing special."""
    root = tmp_path / "machine"
    (root / "proc/sys/kernel").mkdir(parents=True)
    (root / "proc/sys/kernel/osrelease").write_text("6.1.0-1-amd64\n")
    (root / "proc/cpuinfo").write_text("flags\t\t: fpu sse2 vmx\n")
    (root / "sys/module/module/parameters").mkdir(parents=True)
    (root / "sys/module/module/parameters/sig_enforce").write_text("N\n")
    (root / "dev").mkdir()
    (root / "dev/kvm").touch()
    return root


@pytest.fixture
def doctor(kdir, machine, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()

    def doctor(path=None, **environment):
        done = subprocess.run(
            ["make", "--no-print-directory", "-C", str(TOP), "doctor", f"KDIR={kdir}"],
            env=os.environ
            | {"DOCTOR_ROOT": str(machine), "PATH": path or f"{tools}:{os.environ['PATH']}"}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    doctor.tools = tools
    return doctor


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def without(tmp_path, *names):
    """A $PATH with every program but the named ones."""
    folder = tmp_path / "path"
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in names and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def fake(tools, name, says):
    """A program that says one thing, whatever it is asked."""
    program = tools / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


def assert_mends(said, what):
    """A line that says what is missing, and below it what mends it."""
    lines = said.splitlines()
    at = [number for number, line in enumerate(lines) if "MISSING" in line and what in line]
    assert at, said
    assert lines[at[0] + 1].strip().startswith("mend: ")


def test_good_kernel(doctor):
    status, said = doctor()
    assert status == 0, said
    assert "nothing is missing" in said
    for what in ("CONFIG_RUST=y", "Rust metadata", "rustc", "bindgen", "libclang", "C compiler"):
        assert f"  ok       {what}" in said


def test_not_built_with_rust(doctor, kdir):
    replace(kdir / ".config", "CONFIG_RUST=y\n", "CONFIG_MODVERSIONS=y\n")
    status, said = doctor()
    assert status != 0
    assert_mends(said, "CONFIG_RUST")
    assert "CONFIG_MODVERSIONS=y without CONFIG_GENDWARFKSYMS=y" in said


@pytest.mark.parametrize("name", ["libcore.rmeta", "libkernel.rmeta", "libmacros.so"])
def test_no_metadata(doctor, kdir, name):
    (kdir / "rust" / name).unlink()
    status, said = doctor()
    assert status != 0
    assert_mends(said, f"rust/{name}")


def test_no_target_description(doctor, kdir):
    (kdir / "scripts/target.json").unlink()
    status, said = doctor()
    assert status != 0
    assert_mends(said, "scripts/target.json")


def test_no_symvers(doctor, kdir):
    (kdir / "Module.symvers").unlink()
    status, said = doctor()
    assert status != 0
    assert_mends(said, "Module.symvers")


def test_another_rustc(doctor):
    fake(doctor.tools, "rustc", "rustc 1.95.0 (59807616e 2026-04-14)")
    status, said = doctor()
    assert status != 0
    assert_mends(said, "is 'rustc 1.95.0")
    assert "built by 'rustc 1.85" in said


def test_metadata_of_another_rustc(doctor, kdir):
    """What the metadata says counts, not what the configuration does."""
    core = kdir / "rust/libcore.rmeta"
    core.write_bytes(core.read_bytes().replace(b"rustc 1.8", b"rustc 1.7"))
    status, said = doctor()
    assert status != 0
    assert_mends(said, "built by 'rustc 1.7")


def test_no_rustc_under_sudo(doctor, tmp_path):
    status, said = doctor(path=without(tmp_path, "rustc"), SUDO_USER="somebody")
    assert status != 0
    assert_mends(said, "rustc: looked in $PATH")
    assert "build as somebody" in said


def test_no_bindgen(doctor, tmp_path):
    status, said = doctor(path=without(tmp_path, "bindgen"))
    assert status != 0
    assert_mends(said, "bindgen: looked in $PATH; wants 'bindgen 0.")


def test_no_libclang(doctor):
    (doctor.tools / "bindgen").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo bindgen 0.71.1 && exit\nexit 1\n'
    )
    (doctor.tools / "bindgen").chmod(0o755)
    status, said = doctor()
    assert status != 0
    assert_mends(said, "libclang")


def test_no_compiler(doctor, tmp_path):
    names = ("gcc", "gcc-14", "cc", "x86_64-linux-gnu-gcc", "x86_64-linux-gnu-gcc-14")
    status, said = doctor(path=without(tmp_path, *names))
    assert status != 0
    assert_mends(said, "C compiler")


def test_modversions_without_gendwarfksyms(doctor, kdir):
    replace(kdir / ".config", "CONFIG_RUST=y\n", "CONFIG_RUST=y\nCONFIG_MODVERSIONS=y\n")
    status, said = doctor()
    assert status != 0
    assert_mends(said, "CONFIG_MODVERSIONS=y without CONFIG_GENDWARFKSYMS=y")


def test_no_btf(doctor, kdir):
    (kdir / "vmlinux").unlink()
    status, said = doctor()
    assert status == 0
    assert "BTF: " in said


def test_no_pahole(doctor, tmp_path):
    status, said = doctor(path=without(tmp_path, "pahole"))
    assert status == 0
    assert "pahole is not in $PATH" in said


def test_another_kernel_runs(doctor):
    status, said = doctor()
    assert status == 0
    assert "Invalid module format" in said


def test_the_kernel_itself_runs(doctor, kdir, machine):
    release = (kdir / "include/config/kernel.release").read_text()
    (machine / "proc/sys/kernel/osrelease").write_text(release)
    status, said = doctor()
    assert status == 0
    assert "ok       vermagic" in said


def test_secure_boot(doctor, machine):
    variables = machine / "sys/firmware/efi/efivars"
    variables.mkdir(parents=True)
    secure = variables / "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    secure.write_bytes(b"\6\0\0\0\1")
    assert "Key was rejected by service" in doctor()[1]
    secure.write_bytes(b"\6\0\0\0\0")
    assert "unsigned modules are taken" in doctor()[1]


def test_enforced_signatures(doctor, machine):
    (machine / "sys/module/module/parameters/sig_enforce").write_text("Y\n")
    assert "mokutil" in doctor()[1]


def test_lockdown(doctor, machine):
    (machine / "sys/kernel/security").mkdir(parents=True)
    (machine / "sys/kernel/security/lockdown").write_text("none [integrity] confidentiality\n")
    assert "mokutil" in doctor()[1]


def test_kvm_of_a_cpu_without_it(doctor, machine):
    (machine / "proc/cpuinfo").write_text("flags\t\t: fpu sse2\n")
    assert "neither vmx nor svm" in doctor()[1]


def test_no_kvm(doctor, machine):
    (machine / "dev/kvm").unlink()
    assert "there is no /dev/kvm" in doctor()[1]


def test_other_variables_are_no_obstacle(doctor):
    """A KIMAGE belongs to the KDIR; that doctor does not need it is no reason to refuse."""
    status, said = doctor(KIMAGE="/dev/null")
    assert status == 0, said


def test_kdir_that_is_none(doctor, kdir):
    shutil.rmtree(kdir)
    status, _ = doctor()
    assert status == 2
