package mediapeer

import (
	"context"
	"strings"
	"time"

	"github.com/pion/rtp"

	"phoned/lab/sdptext"
)

const digits = "0123456789*#ABCD" // RFC 4733 §3.2, in order of event codes

// digit notes an event's first end packet and gives its digit, 0 otherwise.
func (e *End) digit(p *rtp.Packet) byte {
	if len(p.Payload) < 4 || p.Payload[1]&0x80 == 0 || int(p.Payload[0]) >= len(digits) {
		return 0
	}
	if e.hasEvt && e.event == p.Timestamp { // the end comes three times
		return 0
	}
	e.hasEvt, e.event = true, p.Timestamp
	return digits[p.Payload[0]]
}

// SendDTMF sends digits as RFC 4733 events of 100 ms with 60 ms between.
func (e *End) SendDTMF(ctx context.Context, text string) error {
	e.mu.Lock()
	clock := e.formats[e.sendPT].Clock
	var evt sdptext.Format
	for _, f := range e.formats {
		if f.Name == "telephone-event" && f.Clock == clock {
			evt = f
		}
	}
	e.mu.Unlock()
	if evt.Name == "" {
		return ErrNoDTMF
	}
	for _, c := range text {
		code := strings.IndexRune(digits, c)
		if code < 0 {
			continue
		}
		if err := e.sendDigit(ctx, evt, byte(code)); err != nil {
			return err
		}
	}
	return nil
}

// sendDigit sends five packets 20 ms apart and the end two times more.
func (e *End) sendDigit(ctx context.Context, f sdptext.Format, code byte) error {
	e.mu.Lock()
	e.out.ts += uint32(f.Clock / 50)
	ts := e.out.ts
	e.mu.Unlock()
	for i := 1; i <= 7; i++ {
		n := min(i, 5) * f.Clock / 50
		flags := byte(10) // volume -10 dBm0
		if i >= 5 {
			flags |= 0x80
		}
		e.mu.Lock()
		if e.closed || e.tr == nil {
			e.mu.Unlock()
			return ErrClosed
		}
		e.out.seq++
		h := &rtp.Header{Version: 2, PayloadType: f.PT, SequenceNumber: e.out.seq, Timestamp: ts, Marker: i == 1}
		e.write(h, []byte{code, flags, byte(n >> 8), byte(n)}, f.Name)
		if i < 5 {
			if err := wait(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	e.mu.Lock()
	e.out.ts += uint32(f.Clock / 10)
	e.mu.Unlock()
	return wait(ctx, 60*time.Millisecond)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
