//go:build !linux

package sip

import (
	"net"
	"time"
)

// setUserTimeout does nothing where the kernel offers no such option.
func setUserTimeout(net.Conn, time.Duration) {}
