package sip_test

import (
	"testing"
	"time"

	"phoned/sip"
)

// BenchmarkDeadPeer is how long a WebSocket peer that stays silent, with its
// connection open, goes unnoticed at the default settings.
func BenchmarkDeadPeer(b *testing.B) {
	var all []time.Duration
	for b.Loop() {
		p, x, _ := registered(b, "ws")
		begin := time.Now()
		x.NoPong.Store(true)
		p.line(sip.Connecting)
		all = append(all, time.Since(begin))
		_ = p.Close(b.Context())
	}
	percentiles(b, "noticed", all)
}

// BenchmarkBackInService is from the end of a connection, without a good-bye,
// to the next registration: back-off and its jitter, dialling, two REGISTERs.
func BenchmarkBackInService(b *testing.B) {
	var all []time.Duration
	for b.Loop() {
		p, _, peer := registered(b, "ws")
		begin := time.Now()
		peer.Drop()
		p.line(sip.Connecting)
		p.line(sip.Registered)
		all = append(all, time.Since(begin))
		_ = p.Close(b.Context())
	}
	percentiles(b, "back", all)
}
