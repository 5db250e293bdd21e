// Package agree is what both kinds of Session do alike once descriptions are
// exchanged: formats for the stream, gates from directions, events that never
// block. It starts no goroutine and knows no transport.
package agree

import (
	"sync"

	"phoned/media"
	"phoned/media/sdp"
	"phoned/media/stream"
)

// Formats turns codecs of a description into formats of the stream.
func Formats(list []sdp.Codec) (f []stream.Format) {
	for _, c := range list {
		f = append(f, format(c))
	}
	return f
}

func format(c sdp.Codec) stream.Format {
	return stream.Format{Name: c.Name, Type: c.Type, ClockRate: c.Clock}
}

// Terms is what is sent and heard when remote stands against our description:
// ours are its codecs, common those both speak, the one to send first.
func Terms(ours, common []sdp.Codec, remote *sdp.Remote) stream.Formats {
	f := stream.Formats{Send: format(common[0]), Recv: Formats(ours), Ptime: remote.Ptime}
	if e, ok := sdp.EventsFor(common[0], common); ok {
		f.SendEvents = format(e)
	}
	// Some send with the numbers of their own description, as if it were ours.
	for _, c := range Formats(common) {
		known := false
		for _, k := range f.Recv {
			known = known || k.Type == c.Type
		}
		if !known {
			f.Recv = append(f.Recv, c)
		}
	}
	return f
}

// Gates are what both directions, seen from our side, let through. When we hold
// (send only) the path stays warm with silence; the microphone is out of it.
func Gates(ours, theirs media.Direction) (send stream.Gate, recv bool) {
	send = stream.GateShut
	if sdp.Sends(sdp.Meet(ours, theirs)) {
		send = stream.GateSilence
		if ours == media.SendRecv {
			send = stream.GateOpen
		}
	}
	return send, sdp.Receives(ours)
}

// Events is a channel of events that never blocks its writer and may be closed.
// Its methods are safe for concurrent use.
type Events struct {
	mu     sync.Mutex
	c      chan media.Event
	closed bool
}

// NewEvents makes a queue of 64.
func NewEvents() *Events { return &Events{c: make(chan media.Event, 64)} }

// C is what is read.
func (q *Events) C() <-chan media.Event { return q.c }

// Put adds an event; when nobody reads, the oldest is dropped.
func (q *Events) Put(k media.EventKind, detail string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed {
		select {
		case q.c <- media.Event{Kind: k, Detail: detail}:
			return
		default:
		}
		select {
		case <-q.c:
		default:
		}
	}
}

// Close ends the channel. It is idempotent.
func (q *Events) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.c)
	}
}
