# SPDX-License-Identifier: GPL-2.0
"""qemu/buildroot and `make buildroot-image`, as far as they can be tried without a Buildroot.

The tree goes through a real Kconfig and a real make, with stand-ins for what Buildroot defines; the
script runs on a small make file that behaves, or misbehaves, as a Buildroot tree may.
"""

import contextlib
import gzip
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TREE = TOP / "qemu/buildroot"
INIT = TOP / "qemu/guest/init"
KDIR = Path(os.environ["STOCK_KDIR"])
RELEASE = KDIR.name.removeprefix("linux-headers-")

# What our Kconfig files refer to, as Buildroot has it.
OUTSIDE = """\
config BR2_x86_64
	bool "x86_64"
config BR2_LINUX_KERNEL
	bool "kernel"
source "$BR2_EXTERNAL_SYSDEMO_PATH/linux/Config.ext.in"
"""


def ours(text):
    """The symbols of a configuration that our own Kconfig files define."""
    return re.findall(r"^BR2_\w*SYSDEMO\w*=y$", text, re.M)


@pytest.mark.parametrize("name", ["initramfs", "qemu_x86_64"])
def test_kconfig_takes_the_defconfig(tmp_path, name):
    """Every `source` resolves, and no symbol of ours is unknown or has unmet dependencies."""
    defconfig = (TREE / f"configs/sysdemo_{name}_defconfig").read_text()
    # Buildroot's Kconfig is older than the kernel's: it wants variables without parentheses.
    text = OUTSIDE + (TREE / "Config.in").read_text()
    (tmp_path / "Config.in").write_text(text.replace("$BR2_EXTERNAL_SYSDEMO_PATH", str(TREE)))
    known = [*ours(defconfig), "BR2_x86_64=y"]
    known += ["BR2_LINUX_KERNEL=y"] if "BR2_LINUX_KERNEL=y" in defconfig else []
    (tmp_path / ".config").write_text("\n".join(known) + "\n")
    done = subprocess.run(
        [KDIR / "scripts/kconfig/conf", "--olddefconfig", "Config.in"],
        cwd=tmp_path,
        env=os.environ | {"CONFIG_": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert sorted(ours((tmp_path / ".config").read_text())) == sorted(ours(defconfig))
    assert ours(defconfig)


def test_paths_in_the_tree_exist():
    for path in TREE.rglob("*"):
        if not path.is_file():
            continue
        named = r"\$\(?BR2_EXTERNAL_SYSDEMO_PATH\)?/([\w./-]+[\w-])"
        for name in re.findall(named, path.read_text()):
            assert (TREE / name).exists() or "build" in Path(name).parts, f"{path}: {name}"


def test_external_desc():
    text = (TREE / "external.desc").read_text()
    assert re.fullmatch(r"name: SYSDEMO\ndesc: .+\n", text)


# What Buildroot defines, and rules that run what a package would have it run.
STAND_INS = """\
BR2_EXTERNAL_SYSDEMO_PATH := {tree}
TARGET_DIR := {target}
STAGING_DIR := {target}.staging
INSTALL := install
TARGET_CC := gcc-14
TARGET_AR := ar
TARGET_OBJDUMP := objdump
TARGET_CFLAGS := -O2 -Wall -Werror
TARGET_LDFLAGS := -static
SYSDEMO_PKGDIR := {tree}/package/sysdemo/
BR_BUILDING := y
{symbols}
# Builds nothing: installs what the modules of the folders would be.
define kernel-module
SYSDEMO_POST_INSTALL_TARGET_HOOKS += STAND_IN_MODULES_INSTALL
endef
define STAND_IN_MODULES_INSTALL
	mkdir -p $(TARGET_DIR)/lib/modules/1.0/updates
	cp {module} $(@D)/sysdemo.ko
	$(if $(filter qemu/test-modules,$(SYSDEMO_MODULE_SUBDIRS)), \
		cp {probe} $(@D)/qemu/test-modules/probe.ko; \
		touch $(addprefix $(TARGET_DIR)/lib/modules/1.0/updates/,broken.ko probe.ko);)
	cp $(@D)/sysdemo.ko $(TARGET_DIR)/lib/modules/1.0/updates/
endef
include $(BR2_EXTERNAL_SYSDEMO_PATH)/external.mk
.PHONY: prebuilt source
prebuilt: D := $(SYSDEMO_PREBUILT_SITE)
prebuilt:
	@$(SYSDEMO_PREBUILT_INSTALL_TARGET_CMDS)
	@$(foreach hook,$(SYSDEMO_PREBUILT_POST_INSTALL_TARGET_HOOKS),$(call $(hook)))
	@$(SYSDEMO_PREBUILT_INSTALL_INIT_SYSV)
source: D := {source}
source:
	@rsync -a --exclude /.git $(SYSDEMO_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS) $(SYSDEMO_SITE)/ $(@D)/
	@$(SYSDEMO_BUILD_CMDS)
	@$(SYSDEMO_INSTALL_STAGING_CMDS)
	@$(SYSDEMO_INSTALL_TARGET_CMDS)
	@$(foreach hook,$(SYSDEMO_POST_INSTALL_TARGET_HOOKS),$(call $(hook))$(newline))
	@$(SYSDEMO_INSTALL_INIT_SYSV)
.PHONY: systemd
systemd: D := $(SYSDEMO_PREBUILT_SITE)
systemd:
	@$(SYSDEMO_INSTALL_INIT_SYSTEMD)
	@$(SYSDEMO_PREBUILT_INSTALL_INIT_SYSTEMD)
define newline


endef
"""


def install(tmp_path, goal, *symbols):
    """Installs one of our packages as Buildroot would; gives the target folder, or what failed."""
    target, source = tmp_path / "target", tmp_path / "source"
    target.mkdir(exist_ok=True)
    text = STAND_INS.format(
        tree=TREE,
        target=target,
        source=source,
        symbols="\n".join(f"{s} := y" for s in symbols),
        module=TOP / "build/module/sysdemo.ko",
        probe=TOP / "build/test-modules/probe.ko",
    )
    # In a recipe `$(@D)` is the folder of the target; a phony one has none of its own.
    (tmp_path / "Makefile").write_text(text.replace("D := ", "override @D := "))
    done = subprocess.run(
        ["make", "-C", tmp_path, goal], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def payload():
    """What a guest gets, as `make` lays it out."""
    return TOP / "build/payload/tests"


def contents(folder):
    """The files below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_prebuilt_installs_what_the_small_image_has(tmp_path, payload):
    """The same module, programs and init, byte for byte."""
    target = install(tmp_path, "prebuilt", "BR2_PACKAGE_SYSDEMO_PREBUILT")
    files = contents(target)
    service = files.pop("etc/init.d/S60sysdemo")
    assert service == (TREE / "package/sysdemo/S60sysdemo").read_bytes()
    assert files["usr/lib/sysdemo/init"] == INIT.read_bytes()
    assert files == contents(payload)

    image = tmp_path / "small.cpio"
    subprocess.run([TOP / "qemu/make-image", payload, image], check=True)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["cpio", "--quiet", "-id", "-I", image], cwd=small, check=True)
    for name, content in files.items():
        assert (small / name).read_bytes() == content, name


def test_prebuilt_leaves_nothing_of_an_earlier_build(tmp_path, payload):
    target = tmp_path / "target"
    for old in ("usr/lib/sysdemo/tests/gone", "lib/modules/1.0/updates/sysdemo.ko"):
        (target / old).parent.mkdir(parents=True)
        (target / old).touch()
    files = contents(install(tmp_path, "prebuilt", "BR2_PACKAGE_SYSDEMO_PREBUILT"))
    files.pop("etc/init.d/S60sysdemo")
    assert files == contents(payload)


def test_prebuilt_beside_the_source_leaves_the_module_to_it(tmp_path):
    target = install(tmp_path, "prebuilt", "BR2_PACKAGE_SYSDEMO_PREBUILT", "BR2_PACKAGE_SYSDEMO")
    files = contents(target)
    assert files
    assert all(re.match("usr/lib/sysdemo/(init$|rounds$|tests/)", name) for name in files)


def test_source_package_builds_the_library_and_the_program(tmp_path):
    target = install(tmp_path, "source", "BR2_PACKAGE_SYSDEMO")
    assert set(contents(target)) == {
        "usr/bin/sysdemo-call",
        "etc/init.d/S60sysdemo",
        "lib/modules/1.0/updates/sysdemo.ko",
    }
    staging = tmp_path / "target.staging/usr"
    assert set(contents(staging)) == {
        "include/linux/sysdemo.h",
        "include/libsysdemo.h",
        "lib/libsysdemo.a",
    }
    assert not (tmp_path / "source/build").exists()
    for name in ("Kbuild", "rust_sysdemo.rs", "qemu/test-modules/Kbuild", "COPYING"):
        assert (tmp_path / "source" / name).is_file()
    done = subprocess.run([target / "usr/bin/sysdemo-call", "getpid"], check=False)
    assert done.returncode != 0


def test_both_packages_make_a_guest(tmp_path, payload):
    """In either order of installation, and again: what the tests need is that of the module."""
    symbols = ("BR2_PACKAGE_SYSDEMO_PREBUILT", "BR2_PACKAGE_SYSDEMO")
    for goal in ("prebuilt", "source", "prebuilt"):
        files = contents(install(tmp_path, goal, *symbols))
    expected = set(contents(payload)) | {"etc/init.d/S60sysdemo"}
    expected = {re.sub(r"^lib/modules/[^/]*", "lib/modules/1.0", name) for name in expected}
    assert set(files) == expected
    assert b".rodata" in files["usr/lib/sysdemo/sysdemo.symbols"]


def test_systemd_loads_the_module(tmp_path):
    for symbol in ("BR2_PACKAGE_SYSDEMO_PREBUILT", "BR2_PACKAGE_SYSDEMO"):
        files = contents(install(tmp_path, "systemd", symbol))
        assert files["usr/lib/modules-load.d/sysdemo.conf"].splitlines()[-1] == b"sysdemo"


def linux_extension(tmp_path, *symbols):
    """What our extension of Buildroot's linux package makes of its variables."""
    (tmp_path / "Makefile").write_text(
        "HOSTCC_NOCCACHE := /usr/bin/gcc\nHOST_CFLAGS := -O2 -I/host/include\n"
        'LINUX_MAKE_FLAGS = HOSTCC="gcc -O2"\nLINUX_KCONFIG_OPTS = $(LINUX_MAKE_FLAGS)\n'
        + "\n".join(f"{symbol} := y" for symbol in symbols)
        + f"\ninclude {TREE}/linux/linux-ext-sysdemo-rust.mk\n"
        "LINUX_DIR := .\nBR2_MAKE := $(MAKE)\n"
        "flags:\n\t@echo '$(LINUX_MAKE_FLAGS)'\n"
        "check:\n\t$(if $(LINUX_POST_CONFIGURE_HOOKS),$(call $(LINUX_POST_CONFIGURE_HOOKS)))\n"
        "rustavailable:\n\t@test ! -e no-rust || { echo no rustc; exit 1; }\n"
    )
    return lambda goal: subprocess.run(
        ["make", "-C", tmp_path, goal], capture_output=True, text=True, check=False
    )


def test_linux_extension(tmp_path):
    make = linux_extension(tmp_path, "BR2_LINUX_KERNEL_EXT_SYSDEMO_RUST")
    flags = make("flags").stdout
    assert 'HOSTCC="/usr/bin/gcc" HOSTCFLAGS="-O2 -isystem /host/include"' in flags
    assert 'RUSTC="/usr/bin/rustc"' in flags
    assert 'BINDGEN="/usr/bin/bindgen"' in flags

    (tmp_path / ".config").write_text("CONFIG_RUST=y\n")
    assert make("check").returncode == 0
    (tmp_path / ".config").write_text("# CONFIG_RUST is not set\n")
    done = make("check")
    assert done.returncode == 2
    assert "has no CONFIG_RUST=y" in done.stdout
    assert "add board/qemu/sysdemo.fragment" in done.stdout
    (tmp_path / "no-rust").touch()
    done = make("check")
    assert done.returncode == 2
    assert "no rustc" in done.stdout
    assert "sysdemo.fragment" not in done.stdout


def test_linux_extension_that_is_not_wanted(tmp_path):
    assert linux_extension(tmp_path)("flags").stdout.splitlines()[1] == 'HOSTCC="gcc -O2"'


def test_post_image_script(tmp_path):
    subprocess.run([TREE / "board/qemu/post-image.sh", tmp_path], check=True)
    start = tmp_path / "start-qemu.sh"
    subprocess.run(["shellcheck", start], check=True)
    done = subprocess.run([start], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no kernel at" in done.stderr


def test_service_refuses_unknown_words():
    done = subprocess.run(
        ["sh", TREE / "package/sysdemo/S60sysdemo", "dance"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Usage" in done.stdout


# Below, the script.

# A tree in the eyes of `make buildroot-image`: it takes configurations and makes an image of the
# payload. What it is to do wrong is in the file `trouble`.
STAND_IN = r"""
export BR2_VERSION := 2026.08-test
trouble := $(shell cat trouble)
%_defconfig:
	@mkdir -p $(O)
	@cp $(BR2_EXTERNAL)/configs/$@ $(O)/.config
	@test "$(trouble)" != symbol || sed -i /STRACE/d $(O)/.config
olddefconfig:
	@test "$(trouble)" != fragment || sed -i /COMPANY/d $(O)/.config
sysdemo-dirclean sysdemo-prebuilt-dirclean:
	@:
all:
	@echo ">>> one Building"
	@test "$(trouble)" != fail || { echo "one: no such word"; exit 1; }
	@test "$(trouble)" != hang || { echo ">>> two Building"; sleep 600; }
	@test "$(trouble)" != fill || dd if=/dev/zero of=$(O)/large bs=1M
	@mkdir -p $(O)/images $(O)/target/lib/modules/7.3.0-test
	@cd /sysdemo/build/payload/tests && find . -type f | sed s,./,, | \
		if [ "$(trouble)" = other ]; then grep /init; else cat; fi | \
		cpio --quiet -o -H newc | gzip -1 >$(O)/images/rootfs.cpio.gz
	@test "$(trouble)" != cut || truncate -s 100k $(O)/images/rootfs.cpio.gz
	@test "$(trouble)" != change || echo x >>/sysdemo/build/payload/tests/usr/lib/sysdemo/init
	@echo kernel >$(O)/images/bzImage
	@echo ">>> all done"
"""

MERGE = """#!/bin/sh
# merge_config.sh -m -O FOLDER CONFIG FRAGMENT
cat "$5" >>"$4"
"""


@pytest.fixture
def tree(tmp_path):
    """A folder that passes for a Buildroot tree."""
    folder = tmp_path / "buildroot-tree"
    (folder / "package/busybox").mkdir(parents=True)
    (folder / "support/kconfig").mkdir(parents=True)
    (folder / "Config.in").touch()
    (folder / "trouble").touch()
    (folder / "Makefile").write_text(STAND_IN)
    merge = folder / "support/kconfig/merge_config.sh"
    merge.write_text(MERGE)
    merge.chmod(0o755)
    return folder


# What a script sees in place of the real cache and of what somebody made: what it leaves is gone
# with its mounts. What is in the real cache is mounted under its own name: a build that found it
# elsewhere would come out different. Of what goes into an image a part is enough.
PRIVATE = r"""
mkdir -p /tmp/private
mount -t tmpfs tmpfs /tmp/private
mkdir -p /tmp/private/real /tmp/private/payload/tests
mount --bind /cache /tmp/private/real
mount -t tmpfs -o size=$1 tmpfs /cache
for entry in /tmp/private/real/*; do
	case ${entry##*/} in buildroot-* | downloads) continue ;; esac
	if [ -d "$entry" ]; then mkdir "/cache/${entry##*/}"; else : >"/cache/${entry##*/}"; fi
	mount --bind "$entry" "/cache/${entry##*/}"
done
mkdir -p /sysdemo/build/buildroot
mount -t tmpfs tmpfs /sysdemo/build/buildroot
cd /sysdemo/build/payload/tests
cp -r --parents lib usr/lib/sysdemo/init usr/lib/sysdemo/tests/rust /tmp/private/payload/tests/
cd /sysdemo
mount --bind /tmp/private/payload /sysdemo/build/payload
shift
exec "$@"
"""


class Machine:
    """Runs commands of the project where a Buildroot image can be made and lost."""

    def __init__(self, tree, size="8g"):
        self.tree, self.size = tree, size

    def start(self, script, **variables):
        """Starts a shell script there."""
        wanted = {"BUILDROOT": str(self.tree), "SYSDEMO_CACHE": "/cache", "SYSDEMO_LOCKED": "1"}
        # Whoever runs these tests in the background may ignore it, and so would all below.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [
                *("unshare", "--mount", "--", "bash", "-euc", PRIVATE, "bash", self.size),
                *("bash", "-c", script),
            ],
            env=os.environ | wanted | variables,
            cwd=TOP,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, script, **variables):
        """Runs it to its end; gives its exit status, what it said, and its errors."""
        started = self.start(script, **variables)
        said, errors = started.communicate(timeout=120)
        return started.returncode, said, errors


@pytest.fixture
def machine(tree):
    return Machine(tree)


# What goes into it has been built.
IMAGE = "scripts/buildroot-image --built"


def test_without_a_tree():
    environment = {k: v for k, v in os.environ.items() if k != "BUILDROOT"}
    done = subprocess.run(
        [TOP / "scripts/buildroot-image"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    error, command = done.stderr.splitlines()
    assert error.startswith("error: give BUILDROOT=<folder>")
    assert re.fullmatch(r"  git clone --depth 1 --branch \d{4}\.\d\d\.x https://\S+", command)


def test_image_is_made_and_found(machine):
    status, said, errors = machine.run(
        f"{IMAGE} && cat build/buildroot/initramfs/key && ROOTFS=buildroot scripts/rootfs"
        " && scripts/rootfs && ROOTFS=initramfs scripts/rootfs"
    )
    assert status == 0, errors
    assert ">>> all done" in said
    lines = said.splitlines()
    image = str(TOP / "build/buildroot/initramfs/rootfs.cpio.gz")
    assert lines[-3:] == [image, image, "initramfs"]


def test_second_build_keeps_what_is_there(machine):
    """What Buildroot has built is not thrown away; what is in the image is new."""
    status, said, errors = machine.run(
        f"{IMAGE} >/dev/null && cd /cache/buildroot-initramfs-*/images && touch kept && cd {TOP}"
        f" && {IMAGE} >/dev/null && ls /cache/buildroot-initramfs-*/images/kept"
    )
    assert status == 0, errors
    assert said.endswith("/kept\n")


def test_image_of_another_state(machine):
    """A change of what goes into an image makes the one that is there stale."""
    status, said, errors = machine.run(
        f"{IMAGE} >/dev/null && echo 0 >build/buildroot/initramfs/key; scripts/rootfs"
        " && ROOTFS=buildroot scripts/rootfs"
    )
    assert status == 2
    assert said.splitlines()[-1] == "initramfs"
    stale = "the Buildroot image was made of another state of this checkout"
    assert f"{stale}: booting the small one" in errors
    assert f"error: ROOTFS=buildroot: {stale}: make buildroot-image" in errors


def test_no_image(machine):
    status, _, errors = machine.run("ROOTFS=buildroot-kernel scripts/rootfs")
    assert status == 2
    assert (
        "there is no Buildroot image: make buildroot-image BUILDROOT=<a Buildroot tree> DEFC"
        in errors
    )


def test_image_with_its_kernel(machine):
    status, said, errors = machine.run(
        f"DEFCONFIG=qemu_x86_64 {IMAGE} >/dev/null && cd build/buildroot/qemu_x86_64"
        " && cat bzImage release && ls"
    )
    assert status == 0, errors
    assert said == "kernel\n7.3.0-test\nbzImage\nkey\nrelease\nrootfs.cpio.gz\n"


def test_downloads(machine, tmp_path):
    """They go where Buildroot's own would go, and nowhere else without a word."""
    folder = tmp_path / "new/downloads"
    status, said, errors = machine.run(IMAGE, BR2_DL_DIR=str(folder))
    assert status == 0, errors
    assert f"Downloads go to {folder}\n" in said
    assert folder.is_dir()
    for wrong, message in (("relative", "give an absolute path"), ("/proc/x", "cannot be written")):
        status, _, errors = machine.run(IMAGE, BR2_DL_DIR=wrong)
        assert status == 2
        assert f"BR2_DL_DIR={wrong}: {message}" in errors


def test_tree_is_only_read(machine, tree):
    makefile = (tree / "Makefile").read_text()
    (tree / "Makefile").write_text(makefile.replace("all:\n", "all:\n\t@echo x >$(CURDIR)/mine\n"))
    status, _, errors = machine.run(IMAGE)
    assert status == 1
    assert "Read-only file system" in errors
    assert not (tree / "mine").exists()


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("fail", "error: Buildroot failed; the whole log: build/buildroot/initramfs.log"),
        ("other", "error: Buildroot made no whole image with this project's files in it"),
        ("cut", "error: Buildroot made no whole image with this project's files in it"),
        ("change", "error: this project's files were changed while Buildroot ran: run it again"),
        ("symbol", "did not take this of sysdemo_initramfs_defconfig: BR2_PACKAGE_STRACE=y"),
    ],
)
def test_build_that_fails(machine, tree, trouble, message):
    (tree / "trouble").write_text(trouble)
    status, said, errors = machine.run(f"{IMAGE}; status=$?; ls build/buildroot; exit $status")
    assert status == 1
    assert message in errors
    assert "initramfs\n" not in said
    assert ("one: no such word" in errors) == (trouble == "fail")


def test_fragment(machine, tmp_path, tree):
    fragment = tmp_path / "fragment"
    fragment.write_text('BR2_PRIMARY_SITE="https://example.org/COMPANY"\n')
    show = "grep COMPANY /cache/buildroot-*/.config"
    status, said, errors = machine.run(f"{IMAGE} && {show}", FRAGMENT=str(fragment))
    assert status == 0, errors
    assert said.endswith(fragment.read_text())
    (tree / "trouble").write_text("fragment")
    status, _, errors = machine.run(IMAGE, FRAGMENT=str(fragment))
    assert status == 1
    assert "did not take this of fragment: BR2_PRIMARY_SITE" in errors


def sleeping():
    """Whether the stand-in of a Buildroot is where it hangs."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes() == b"sleep\x00600\x00":
                return True
    return False


# One at a time: each looks for the program that it has interrupted.
@pytest.mark.xdist_group("interrupted")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_build(machine, tree, sign):
    """It leaves no image, takes Buildroot along, and the next build goes on."""
    (tree / "trouble").write_text("hang")
    again = f"rm {tree}/trouble && touch {tree}/trouble && {IMAGE} && ls build/buildroot"
    started = machine.start(f"set -m; {IMAGE} & echo pid $!; wait; ls build/buildroot; {again}")
    pid = int(started.stdout.readline().split()[1])
    # Not only its announcement: a shell that is just about to start a program may miss a signal.
    while not sleeping():
        assert started.poll() is None
        time.sleep(0.1)
    # Ctrl-C goes to all that runs in the terminal's foreground, other ends to one process.
    os.kill(-pid if sign == signal.SIGINT else pid, sign)
    said, errors = started.communicate(timeout=120)
    first, _, second = said.partition(">>> all done")
    assert "initramfs\n" not in first
    assert "initramfs\n" in second, errors
    assert not sleeping()


def test_too_little_room(tree):
    status, _, errors = Machine(tree, size="100m").run(IMAGE)
    assert status == 1
    assert "error: the Buildroot image needs 2000 MB in /cache, which has " in errors


def test_disk_that_becomes_full(machine, tree):
    status, said, errors = machine.run(
        f"{IMAGE} >/dev/null && mount -o remount,size=32m /cache && echo fill >{tree}/trouble"
        f" && rm -r build/buildroot/initramfs && {IMAGE}; status=$?; ls build/buildroot"
        "; exit $status"
    )
    assert status == 1
    assert "error: a disk is full: there must be room in /cache, " in errors
    assert "initramfs\n" not in said


def test_gzip_of_the_image(machine, tmp_path):
    """What is collected is the archive as it was made."""
    copy = tmp_path / "copy.gz"
    status, _, errors = machine.run(
        f"{IMAGE} && cp build/buildroot/initramfs/rootfs.cpio.gz {copy}"
    )
    assert status == 0, errors
    assert b"usr/lib/sysdemo/init" in gzip.decompress(copy.read_bytes())


def test_series_file():
    lines = (TOP / "scripts/buildroot-series").read_text().splitlines()
    assert lines[0].startswith("#")
    assert all(re.fullmatch(r"20\d\d\.\d\d", line) for line in lines[1:])
    assert time.strptime(lines[1], "%Y.%m")
