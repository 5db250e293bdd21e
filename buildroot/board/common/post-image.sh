#!/bin/sh
# post-image.sh BINARIES BOARD: the initramfs, one slot's boot partition, the card, and
# the signed bundle of the same slot. Partitions as in image/genimage.cfg.in.
set -eu
board=$2
tree=$(cd "$(dirname "$0")/../../.." && pwd)
here=$tree/buildroot/board
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# --- the initramfs: BusyBox of the target with its libraries, and image/initramfs/init ---
mkdir -p "$tmp"/ird/bin "$tmp"/ird/lib
cp -a "$TARGET_DIR"/bin/busybox "$tmp"/ird/bin/
cp -aL "$TARGET_DIR"/lib/ld-linux-aarch64.so.1 "$TARGET_DIR"/lib/libc.so.6 "$TARGET_DIR"/lib/libresolv.so.2 "$tmp"/ird/lib/
install -m 0755 "$tree"/image/initramfs/init "$tmp"/ird/init
: >"$tmp"/ird/lib/order # the kernel has all it needs built in
find "$tmp"/ird -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
(cd "$tmp"/ird && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0 | gzip -9n) >"$BINARIES_DIR"/initrd

# vfat FILE SIZE LABEL: files are named on standard input, "source name" a line.
vfat() {
	rm -f "$1"
	truncate -s "$2" "$1"
	mkfs.vfat -n "$3" --invariant "$1" >/dev/null
	while read -r from to; do
		case $to in
		*/*) mmd -i "$1" -D s "::${to%/*}" 2>/dev/null || : ;;
		esac
		mcopy -o -m -i "$1" "$from" "::$to"
	done
}

rm -f "$BINARIES_DIR"/slot.vfat "$BINARIES_DIR"/boot.vfat
case $board in
rpi)
	{
		echo "$BINARIES_DIR/Image Image"
		echo "$BINARIES_DIR/initrd initrd"
		for f in "$BINARIES_DIR"/*.dtb; do echo "$f ${f##*/}"; done
		for f in "$BINARIES_DIR"/rpi-firmware/*; do [ -d "$f" ] || echo "$f ${f##*/}"; done
		for f in "$BINARIES_DIR"/rpi-firmware/overlays/*.dtbo; do echo "$f overlays/${f##*/}"; done
	} | vfat "$BINARIES_DIR"/slot.vfat 48M PHONE
	# The selector: only what the firmware reads before it knows the slot.
	{
		echo "$here/rpi/autoboot.txt autoboot.txt"
		echo "$BINARIES_DIR/rpi-firmware/bootcode.bin bootcode.bin"
	} | vfat "$BINARIES_DIR"/boot.vfat 8M BOOT
	;;
virt)
	sed 's/@ENV_SECTOR@/0x4800/' "$tree"/image/boot/boot.cmd >"$tmp"/boot.cmd
	mkimage -A arm64 -T script -C none -n phoned -d "$tmp"/boot.cmd "$BINARIES_DIR"/boot.scr >/dev/null
	printf '%s\n' "$BINARIES_DIR/Image vmlinuz" "$BINARIES_DIR/initrd initrd" | vfat "$BINARIES_DIR"/slot.vfat 48M PHONE
	echo "$BINARIES_DIR/boot.scr boot.scr" | vfat "$BINARIES_DIR"/boot.vfat 8M BOOT
	;;
*) echo "post-image: no board $board" >&2; exit 2 ;;
esac

cp "$BINARIES_DIR"/rootfs.squashfs "$BINARIES_DIR"/root.squashfs
truncate -s 1M "$BINARIES_DIR"/env.img
rm -f "$BINARIES_DIR"/state.ext4
mkdir "$tmp"/state "$tmp"/empty
mke2fs -q -t ext4 -L state -d "$tmp"/state "$BINARIES_DIR"/state.ext4 384M
sed 's/@STATE_MB@/384/' "$tree"/image/genimage.cfg.in >"$tmp"/genimage.cfg
genimage --rootpath "$tmp"/empty --tmppath "$tmp"/genimage --inputpath "$BINARIES_DIR" --outputpath "$BINARIES_DIR" --config "$tmp"/genimage.cfg
COMPATIBLE=phoned-$board-64 "$tree"/image/bundle "$BINARIES_DIR" "$PHONED_KEYS" "$("$tree"/image/version)" "$BINARIES_DIR"/update.raucb
