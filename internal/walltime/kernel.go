package walltime

import (
	"os"

	"golang.org/x/sys/unix"
)

// timesyncMark is there once systemd-timesyncd has set the clock
// (systemd-timesyncd.service(8)).
const timesyncMark = "/run/systemd/timesync/synchronized"

// kernelSynchronised asks the kernel (adjtimex(2)): whoever sets the clock by a
// time server, timesyncd, chrony or ntpd, takes the mark STA_UNSYNC away. A
// service that may not touch the clock is not answered (ProtectClock= of
// systemd); timesyncd then still says so by a file.
func kernelSynchronised() bool {
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err == nil {
		return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
	}
	_, err := os.Stat(timesyncMark)
	return err == nil
}
