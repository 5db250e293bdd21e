package walltime

import "golang.org/x/sys/unix"

// kernelSynchronised asks the kernel (adjtimex(2)): whoever sets the clock by a
// time server, timesyncd, chrony or ntpd, takes the mark STA_UNSYNC away.
func kernelSynchronised() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
