// Package update brings a new firmware onto the phone without fear: it takes a signed
// bundle from a stick, an HTTPS address or the web page, has it checked and written to
// the slot that does not run, restarts when nobody telephones, and confirms the new
// system only after it registered and passed its self-test. Whatever goes wrong, the
// boot loader returns to the slot that worked, and the report says why.
//
//	Idle → Fetching → Verifying → Installing → Restarting ┄reboot┄ Trial → Idle (confirmed)
//	                                                          └──────┄reboot┄ Idle (rolled back)
//
// Step is pure: events in, effects out, the time is in the event. Manager runs the
// effects; it starts one goroutine for its queue and one per running job, and joins
// them in Close. The phone's own user may neither write a slot nor reboot: a small
// program of root's does (Serve), started by systemd for each request, which knows
// seven orders and takes the file from one place only. RAUC checks the signature; no
// key is in this package. The data folder holds the bundle, the last report and what the
// last stick had. Nothing here retries: an interrupted update is begun anew.
package update
