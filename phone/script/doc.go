// Package phonescript runs text scripts against the pure core: "press 9196",
// "lift", "invite a 1002", "advance 30s", "expect screen dialtone". A World
// stands in for everything outside: it answers timers when the script lets
// time pass, names calls, and holds every step against phone.Check and
// phone.Trace. It has no goroutine and no clock of its own, so a script always
// gives the same result.
//
// One command a line; a line that begins with # is a comment. See commands.go
// for the words.
package phonescript
