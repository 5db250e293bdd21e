package phone_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
)

// gapsOf are the times between the packets of a capture that the phone sent.
func gapsOf(t *testing.T, file []byte) (out []time.Duration) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var last time.Time
	for {
		b, ci, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b[:8], []byte("rtp\x00")) || options.Flags == nil || options.Flags.Direction != pcapgo.NgEpbFlagDirectionOutbound {
			continue
		}
		if !last.IsZero() {
			out = append(out, ci.Timestamp.Sub(last))
		}
		last = ci.Timestamp
	}
}

// part is the share of a sorted list below which a value lies.
func part(l []time.Duration, share float64) time.Duration {
	slices.Sort(l)
	return l[min(len(l)-1, int(share*float64(len(l))))].Round(10 * time.Microsecond)
}

// How fast the interface answers while a call runs, and what that does to the call's
// packets: one program that asks without a pause, over loopback.
func TestFigureInterface(t *testing.T) {
	measured(t)
	w := ready(t, setup{api: true})
	s := httptest.NewServer(w.Server.Handler())
	defer s.Close()
	w.dial("9196")
	w.active()
	const length = "capture.pcapng?seconds=20"
	alone := gapsOf(t, w.askFor("/api/v1/"+length))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	took := map[string][]time.Duration{}
	wg.Go(func() {
		paths := []string{"status", "calls", "quality", "logs", "flights", "sip/messages", "config", "screen.png", "report.html"}
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			p := paths[i%len(paths)]
			began := time.Now()
			resp, err := http.Get(s.URL + "/api/v1/" + p)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			took[p] = append(took[p], time.Since(began))
		}
	})
	asked := gapsOf(t, w.askFor("/api/v1/"+length))
	close(stop)
	wg.Wait()
	for _, p := range []string{"status", "calls", "quality", "logs", "flights", "sip/messages", "config", "screen.png", "report.html"} {
		t.Logf("FIGURE %s while a call runs: p50 %v, p99 %v, n = %d", p, part(took[p], 0.5), part(took[p], 0.99), len(took[p]))
	}
	t.Logf("FIGURE gaps between the packets sent, nobody asks: p50 %v, p99 %v, n = %d", part(alone, 0.5), part(alone, 0.99), len(alone))
	t.Logf("FIGURE gaps between the packets sent, asked without a pause: p50 %v, p99 %v, n = %d", part(asked, 0.5), part(asked, 0.99), len(asked))
	w.hangUp()
	w.gone()
}
