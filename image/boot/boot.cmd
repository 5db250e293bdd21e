# U-Boot's script on the boot partition: which slot starts, and how often it may try.
# RAUC writes BOOT_ORDER and the two counters from Linux (fw_setenv, /etc/fw_env.config).
#
# The variables are one sector of the "env" partition, 512 bytes with a checksum: a
# power cut leaves the old sector or the new one. Without a valid one (a new device) the
# order is A B with three tries each.
setenv BOOT_ORDER "A B"
setenv BOOT_A_LEFT 3
setenv BOOT_B_LEFT 3
setenv env_addr 0x44000000
setenv env_sector @ENV_SECTOR@
if virtio read ${env_addr} ${env_sector} 1; then
	env import -c ${env_addr} 0x200 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
fi
setenv slot
for s in ${BOOT_ORDER}; do
	if test -z "${slot}"; then
		if test ${s} = A && test ${BOOT_A_LEFT} -gt 0; then
			setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
			setenv slot A
			setenv part 3
			setenv root root-a
		fi
		if test ${s} = B && test ${BOOT_B_LEFT} -gt 0; then
			setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
			setenv slot B
			setenv part 4
			setenv root root-b
		fi
	fi
done
if test -z "${slot}"; then
	echo "phoned: no slot has a try left; both get three again"
	setenv BOOT_ORDER "A B"
	setenv BOOT_A_LEFT 3
	setenv BOOT_B_LEFT 3
fi
env export -c -s 0x200 ${env_addr} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
virtio write ${env_addr} ${env_sector} 1
if test -z "${slot}"; then
	reset
fi
echo "phoned: slot ${slot}, tries left: A ${BOOT_A_LEFT}, B ${BOOT_B_LEFT}"
# "nowayout" of the watchdog and panic= make a slot that hangs or dies come back here.
setenv bootargs "root=PARTLABEL=${root} rauc.slot=${slot} ro console=ttyAMA0 quiet panic=5 systemd.condition-needs-update=0 ${phoned_args}"
if load virtio 0:${part} ${kernel_addr_r} vmlinuz; then
	if load virtio 0:${part} ${ramdisk_addr_r} initrd; then
		booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr}
	fi
fi
echo "phoned: slot ${slot} can't be started"
reset
