// Package store is what survives a power cut: settings, the call history with
// its out-box, and contacts in one SQLite database; secrets in a file of their
// own, so that a copy of the database holds none.
//
// A DB has one writing connection (transactions queue up for it) and a few
// reading ones; WAL with synchronous=FULL means that a committed transaction is
// on the disk. It starts no goroutine, except that database/sql keeps one per
// pool for opening connections. The package never talks to the network and
// never decides what a value means.
package store
