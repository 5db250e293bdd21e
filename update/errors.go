package update

import "errors"

var (
	// ErrBusy: there is an update under way.
	ErrBusy = errors.New("another update is under way")
	// ErrPackages: this phone is a program of an ordinary Debian.
	ErrPackages = errors.New("updates come by apt on this phone: apt-get update && apt-get upgrade")
	// ErrNoHelper: root's program does not answer.
	ErrNoHelper = errors.New("the phone's update service does not answer: systemctl status phoned-update.socket")
	// ErrSource: there is nothing to be fetched there.
	ErrSource = errors.New("no update found")
)
