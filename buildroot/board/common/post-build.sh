#!/bin/sh
# post-build.sh TARGET BOARD: what the image has beside the packages' files. The same
# layout as the Debian-based image (image/ of the project): its files are used here.
set -eu
board=$2
tree=$(cd "$(dirname "$0")/../../.." && pwd)
cp -a "$tree"/image/rootfs/. "$TARGET_DIR"/
case $board in
rpi) loader=custom ;;
*) loader=uboot ;;
esac
mkdir -p "$TARGET_DIR"/etc/rauc "$TARGET_DIR"/state "$TARGET_DIR"/usr/share/phoned
sed "s/@COMPATIBLE@/phoned-$board-64/; s/@BOOTLOADER@/$loader/" "$tree"/image/rauc/system.conf.in >"$TARGET_DIR"/etc/rauc/system.conf
[ "$board" != rpi ] || install -D -m 0755 "$tree"/image/rauc/tryboot "$TARGET_DIR"/usr/lib/phoned/tryboot
[ "$board" != rpi ] || printf '\n[handlers]\nbootloader-custom-backend=/usr/lib/phoned/tryboot\n' >>"$TARGET_DIR"/etc/rauc/system.conf
install -m 0644 "${PHONED_KEYS:?set PHONED_KEYS to the folder with ca.pem, cert.pem and key.pem (docs/updates.md)}"/ca.pem \
	"$TARGET_DIR"/usr/share/phoned/update-keyring.pem
# Kept in the overlay of /etc from the first boot on.
: >"$TARGET_DIR"/etc/machine-id
for d in lib/phoned lib/phoned-update lib/rauc lib/systemd log/journal; do mkdir -p "$TARGET_DIR/var/$d"; done
