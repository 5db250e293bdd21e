package malgodev

import "golang.org/x/sys/unix"

// feederPriority is under that of the kernel's own threads and of miniaudio's.
const feederPriority = 10

// realtime asks for real-time scheduling of this thread; without the right to
// (RLIMIT_RTPRIO, CAP_SYS_NICE) it stays as it is.
func realtime() {
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: feederPriority,
	}, 0)
}

// ordinary ends real-time scheduling of this thread.
func ordinary() {
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
}

// threadID names this thread.
func threadID() int64 { return int64(unix.Gettid()) }
