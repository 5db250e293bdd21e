// Package stickout puts one file of the phone on a USB stick. The stick is shown to the
// phone read-only, and the phone may mount nothing: it hands the file to a helper over a
// socket that the service manager listens on (Send), and the helper, a process for this
// one file in a mount namespace of its own, makes its view of the stick writable for as
// long as it writes (Serve). No one else can write to the stick meanwhile.
//
// It starts no goroutine. A stick that is pulled out or full is an error like any other,
// and nothing half-written stays under the file's name.
package stickout
