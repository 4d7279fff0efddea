#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# post-image.sh IMAGES: run by Buildroot after the images are there. Writes IMAGES/start-qemu.sh, which
# boots them and gives a login on this terminal (root, no password).

set -eu

cat >"$1/start-qemu.sh" <<'SCRIPT'
#!/bin/sh
# start-qemu.sh [KERNEL]: boots these images in QEMU; Ctrl-A X ends it. Without a kernel among the
# images, give the one that the module was built for. Further options for QEMU: QEMU_OPTIONS.
set -eu
images=$(cd "$(dirname "$0")" && pwd)
kernel=${1:-$images/bzImage}
if [ ! -f "$kernel" ]; then
	echo "start-qemu.sh: no kernel at $kernel: give one" >&2
	exit 2
fi
# Options are words.
# shellcheck disable=SC2086
exec qemu-system-x86_64 -machine q35 -cpu max -m 512 -nographic -no-reboot \
	-kernel "$kernel" -initrd "$images/rootfs.cpio.gz" -append "console=ttyS0" ${QEMU_OPTIONS:-}
SCRIPT
chmod 755 "$1/start-qemu.sh"
