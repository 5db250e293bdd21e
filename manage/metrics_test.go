package manage

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"phoned/internal/health"
)

// What happened is counted, what is so now is told, and a scrape is well formed.
func TestMetrics(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Info = func() Info {
			return Info{Version: "1.2", Board: "pi4", Started: epoch.Add(-time.Minute), Counters: map[string]any{"goroutines": 7, "heapBytes": uint64(1 << 20)}}
		}
		c.Figures = func() Figures { return Figures{"phoned_sip_malformed": 3, "phoned_not_documented": 1} }
	})
	b.health.Set(health.Problem{Code: "line.failed", Subject: "1001@lab", Severity: health.Error, Title: "x"})
	at := epoch
	publish := func(name string, detail map[string]any) { at = at.Add(time.Second); b.bus.Publish(at, name, detail) }
	publish("call-started", map[string]any{"call": 1, "direction": "outbound"})
	publish("call-ringing", map[string]any{"call": 1})
	publish("call-answered", map[string]any{"call": 1, "direction": "outbound"})
	publish("quality", map[string]any{"call": 1, "packetLoss": 2.0, "jitter": 12.5, "latency": 30.0})
	publish("call-ended", map[string]any{"call": 1, "duration": int64(65000)})
	publish("incoming-call", map[string]any{"call": 2})
	publish("call-ended", map[string]any{"call": 2, "duration": int64(0)})
	publish("registration-failed", map[string]any{"cause": "403"})
	w := b.do(http.MethodGet, "/metrics", "")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/openmetrics-text") {
		t.Fatal(w.Code, w.Header())
	}
	body := w.Body.String()
	for _, want := range []string{
		`phoned_calls_total{direction="outbound",outcome="answered"} 1`, `phoned_calls_total{direction="inbound",outcome="ended"} 1`,
		`phoned_events_total{event="registration-failed"} 1`, `phoned_events_total{event="sip-registered"} 0`,
		`phoned_sip_post_dial_delay_seconds_sum 1`, `phoned_sip_post_dial_delay_seconds_bucket{le="1"} 1`, `phoned_call_duration_seconds_sum 65`,
		`phoned_rtp_loss_ratio_bucket{le="0.02"} 1`, `phoned_rtp_loss_ratio_bucket{le="0.01"} 0`, `phoned_rtp_jitter_seconds_sum 0.0125`, `phoned_rtp_round_trip_seconds_count 1`,
		`phoned_problem{code="line.failed",subject="1001@lab",severity="error"} 1`,
		`phoned_build_info{version="1.2",board="pi4"} 1`, `phoned_uptime_seconds 60`, `phoned_goroutines 7`, `phoned_heap_bytes 1.048576e+06`, `phoned_sip_malformed_total 3`,
	} {
		if !strings.Contains(body, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Contains(body, "not_documented") || !strings.HasSuffix(body, "# EOF\n") {
		t.Error("an undocumented figure, or no end")
	}
	for i := range 10 * maxOpen { // calls that never end leave no memory behind
		publish("call-started", map[string]any{"call": 100 + i, "direction": "outbound"})
	}
	if n := len(b.tally.dialled); n > maxOpen {
		t.Errorf("%d calls are remembered", n)
	}
}
