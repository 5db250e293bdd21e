// Package syslog sends the log to a collector: messages of RFC 5424, each with its
// length before it (octet counting), over TLS (RFC 5425).
//
// A Sender reads a logring.Ring: the ring is its queue. What the ring drops before
// it was sent is lost and counted, and so the queue is bounded, the oldest lines go
// first, and each package's level is the one that the ring has. It runs on the
// goroutine that calls Run and on one more for as long as it is connected, and it
// never holds up whoever logs.
//
// Syslog has no acknowledgement: what the collector's machine had taken in and the
// collector had not read when it broke off is lost uncounted (RFC 5425 §4.3).
package syslog
