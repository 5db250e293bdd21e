// Package flight is the phone's flight recorder: the SIP messages, quality samples
// and events of the last calls, and what went wrong meanwhile, always in memory
// and bounded. A Report of it is one page that a person can read, and JSON for
// machines.
//
// Nothing secret is in it: what comes in has its credentials removed already
// (sip's trace), and digits that were sent in a call are left out here, because
// people type their PINs with them.
//
// It owns no goroutine and is safe for concurrent use.
package flight
