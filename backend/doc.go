// Package backend is the phone's side of the service behind it: signing in
// (OAuth tokens, session, refresh) and the REST calls that ride on it (park
// slots, call history, numbers).
//
// It owns the tokens: they are in a Vault on disk before they are used, and
// they never leave for another host, a log or an error text. An Account runs
// one goroutine (Account.run) that signs in, retries and tells its owner what
// happened; a TokenSource runs one more while a refresh is on its way, so that
// a caller who gives up does not break a rotation in the middle. A History runs
// one goroutine that empties the out-box, a Parking one that looks at park slots.
//
// It never touches SIP, never decides what a screen says, and never signs out
// because something could not be reached.
package backend
