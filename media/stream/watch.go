package stream

import (
	"sync/atomic"

	"github.com/pion/rtp"
)

// Watch lets somebody see the packets of all streams that it was given to, as they
// are without encryption. Safe for concurrent use; while nobody looks it costs one
// load of a pointer a packet.
type Watch struct{ seer atomic.Pointer[Seer] }

// Seer is called with every packet on the goroutine that moves it: it must not
// block, and keeps nothing of what it is given.
type Seer func(sent bool, header, payload []byte)

// Look has f called from now on; nil ends it.
func (w *Watch) Look(f Seer) {
	if f == nil {
		w.seer.Store(nil)
		return
	}
	w.seer.Store(&f)
}

// watched says that somebody looks.
func (w *Watch) watched() bool { return w != nil && w.seer.Load() != nil }

// sent tells of a packet that goes out. SSRC is the transport's in WebRTC calls.
func (w *Watch) sent(h *rtp.Header, payload []byte) {
	if w == nil {
		return
	}
	if f := w.seer.Load(); f != nil {
		if b, err := h.Marshal(); err == nil {
			(*f)(true, b, payload)
		}
	}
}

// received tells of one that came in; n is the length of its header.
func (w *Watch) received(b []byte, n int) {
	if w == nil {
		return
	}
	if f := w.seer.Load(); f != nil {
		(*f)(false, b[:n], b[n:])
	}
}
