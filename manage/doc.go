// Package manage is remote management over HTTP: the only HTTP server of the
// phone. It serves the state, the screen, the event stream, the front panel
// and call control to browsers and programs.
//
// Server owns its listeners and one goroutine per open stream; it never
// touches hardware, signalling or media itself: everything it asks for is a
// phone event, everything it shows is a function of phone.View.
//
// Until sign-in to the pages exists the server accepts loopback peers only:
// Listen refuses any other address.
package manage
