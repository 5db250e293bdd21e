package manage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	om "phoned/internal/openmetrics"
	"phoned/phone"
)

// Figures are counters of the phone's parts that no View has, by their names in
// metrics: "phoned_sip_malformed". They only grow.
type Figures map[string]float64

// figureHelp says what each of the Figures counts; others are not shown.
var figureHelp = map[string]string{
	"phoned_sip_stranger":       "UDP packets from elsewhere than the exchange, thrown away.",
	"phoned_sip_malformed":      "Messages that could not be read.",
	"phoned_sip_stray":          "Responses to nothing.",
	"phoned_sip_untrusted":      "Requests before a line was registered, refused.",
	"phoned_sip_limited":        "Requests over the rate, refused.",
	"phoned_panics":             "Faults of the program that were caught.",
	"phoned_syslog_sent":        "Lines of the log that went to the log server.",
	"phoned_syslog_lost":        "Lines of the log that the phone could not keep until the log server took them.",
	"phoned_audio_xruns":        "Times a sound device ran dry or over.",
	"phoned_audio_slow_ticks":   "Frames of sound that took longer than they last.",
	"phoned_audio_ticks":        "Frames of 10 ms that were moved.",
	"phoned_audio_devices_lost": "Sound devices that went away in use.",
}

// tally counts what happens between two scrapes, out of the published events.
type tally struct {
	mu      sync.Mutex
	calls   map[[2]string]uint64 // direction, outcome
	events  map[string]uint64
	dialled map[any]time.Time // call → when it was placed or arrived
	begun   map[any]string    // call → direction
	loss, jitter, trip,
	answer, lasted *om.Histogram
}

func newTally() *tally {
	return &tally{
		calls: map[[2]string]uint64{}, events: map[string]uint64{}, dialled: map[any]time.Time{}, begun: map[any]string{},
		loss:   om.NewHistogram(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
		jitter: om.NewHistogram(0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16),
		trip:   om.NewHistogram(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8),
		answer: om.NewHistogram(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8),
		lasted: om.NewHistogram(10, 30, 60, 180, 600, 1800, 3600),
	}
}

// counted are the events of which the number is told.
var counted = []string{"sip-registered", "sip-unregistered", "registration-failed", "transport-error", "token-refreshed", "auth-failed", "transfer-failed", "call-transferred",
	"call-parked", "call-park-failed", "park-conflict", "devices-changed"}

// maxOpen bounds the calls that are remembered; more at a time there never are.
const maxOpen = 64

func number(v any) float64 {
	switch n := v.(type) {
	case float64:
		return n
	case int64:
		return float64(n)
	case int:
		return float64(n)
	}
	return 0
}

// note takes one published event.
func (t *tally) note(e Published) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := e.Detail["call"]
	if slices.Contains(counted, e.Name) {
		t.events[e.Name]++
	}
	switch e.Name {
	case "call-started", "incoming-call":
		direction, _ := e.Detail["direction"].(string)
		if e.Name == "incoming-call" {
			direction = "inbound"
		}
		if _, known := t.begun[call]; !known && len(t.begun) < maxOpen {
			t.begun[call], t.dialled[call] = direction, e.At
		}
	case "call-ringing", "call-answered":
		if at, ok := t.dialled[call]; ok && t.begun[call] == "outbound" {
			t.answer.Observe(e.At.Sub(at).Seconds())
			delete(t.dialled, call)
		}
	case "quality":
		t.loss.Observe(number(e.Detail["packetLoss"]) / 100)
		t.jitter.Observe(number(e.Detail["jitter"]) / 1000)
		if trip := number(e.Detail["latency"]); trip > 0 {
			t.trip.Observe(trip / 1000)
		}
	case "call-ended", "call-failed":
		outcome := "ended"
		if e.Name == "call-failed" {
			outcome = "failed"
		} else if lasted := number(e.Detail["duration"]); lasted > 0 {
			outcome = "answered"
			t.lasted.Observe(lasted / 1000)
		}
		if direction, ok := t.begun[call]; ok {
			t.calls[[2]string{direction, outcome}]++
		}
		delete(t.begun, call)
		delete(t.dialled, call)
	}
}

func (t *tally) families() []om.Family {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := om.Family{Name: "phoned_calls", Kind: om.Counter, Help: "Calls that are over, by direction and outcome."}
	for k, n := range t.calls {
		calls.Samples = append(calls.Samples, om.Sample{Labels: om.Labels("direction", k[0], "outcome", k[1]), Value: float64(n)})
	}
	events := om.Family{Name: "phoned_events", Kind: om.Counter, Help: "What happened, by the names of the event stream."}
	for _, name := range counted {
		events.Samples = append(events.Samples, om.Sample{Labels: om.Labels("event", name), Value: float64(t.events[name])})
	}
	sizes := func(name, unit, help string, h *om.Histogram) om.Family {
		return om.Family{Name: name, Kind: om.Buckets, Unit: unit, Help: help, Samples: []om.Sample{{Histogram: h.State()}}}
	}
	slices.SortFunc(calls.Samples, func(a, b om.Sample) int {
		return slices.CompareFunc(a.Labels, b.Labels, func(x, y om.Label) int { return strings.Compare(x.Value, y.Value) })
	})
	return []om.Family{
		calls, events,
		sizes("phoned_rtp_loss_ratio", "ratio", "Packets lost of those sent to the phone, a sample each two seconds of a call.", t.loss),
		sizes("phoned_rtp_jitter_seconds", "seconds", "Interarrival jitter (RFC 3550), a sample each two seconds of a call.", t.jitter),
		sizes("phoned_rtp_round_trip_seconds", "seconds", "Round trip by RTCP, a sample each two seconds of a call.", t.trip),
		sizes("phoned_sip_post_dial_delay_seconds", "seconds", "From the INVITE to the first sign of the other side.", t.answer),
		sizes("phoned_call_duration_seconds", "seconds", "How long answered calls lasted.", t.lasted),
	}
}

// families are all metrics of this moment.
func (s *Server) families() []om.Family {
	v, now := s.cfg.Phone.View(), s.cfg.Clock.Now()
	one := func(name, help string, value float64) om.Family {
		return om.Family{Name: name, Kind: om.Gauge, Help: help, Samples: []om.Sample{{Value: value}}}
	}
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	out := append(s.tally.families(), linesUp(v),
		one("phoned_calls_now", "Calls there are.", float64(len(v.Calls))),
		one("phoned_signed_in", "1: somebody is signed in, or the lines are configured.", truth(v.Session.State == phone.SessionIn || len(v.Lines) > 0)),
		one("phoned_messages_waiting", "New messages of the mailboxes.", float64(v.MWI.New)),
	)
	problems := om.Family{Name: "phoned_problem", Kind: om.Gauge, Help: "1 for each problem there is now, by its code."}
	for _, p := range s.problemList() {
		problems.Samples = append(problems.Samples, om.Sample{Labels: om.Labels("code", p.Code, "subject", p.Subject, "severity", p.Severity.String()), Value: 1})
	}
	out = append(out, problems)
	if s.cfg.Info != nil {
		i := s.cfg.Info()
		out = append(out, om.Family{Name: "phoned_build", Kind: om.Info, Help: "The firmware and its board.", Samples: []om.Sample{{Labels: om.Labels("version", i.Version, "board", i.Board)}}},
			om.Family{Name: "phoned_uptime_seconds", Kind: om.Gauge, Unit: "seconds", Help: "Since the program started.", Samples: []om.Sample{{Value: now.Sub(i.Started).Seconds()}}})
		out = append(out, process(i.Counters)...)
	}
	if s.cfg.Figures != nil {
		for name, value := range s.cfg.Figures() {
			if help := figureHelp[name]; help != "" {
				out = append(out, om.Family{Name: name, Kind: om.Counter, Help: help, Samples: []om.Sample{{Value: value}}})
			}
		}
	}
	return out
}

func linesUp(v phone.View) om.Family {
	f := om.Family{Name: "phoned_line_registered", Kind: om.Gauge, Help: "1: the line is in service."}
	for _, l := range linesOf(v) {
		up := 0.0
		if l.State == "registered" {
			up = 1
		}
		f.Samples = append(f.Samples, om.Sample{Labels: om.Labels("line", l.Line), Value: up})
	}
	return f
}

// process are the figures of the program itself.
func process(counters map[string]any) []om.Family {
	var out []om.Family
	add := func(key, name, unit, help string) {
		if n, err := strconv.ParseFloat(asText(counters[key]), 64); err == nil {
			out = append(out, om.Family{Name: name, Kind: om.Gauge, Unit: unit, Help: help, Samples: []om.Sample{{Value: n}}})
		}
	}
	add("goroutines", "phoned_goroutines", "", "Goroutines of the program.")
	add("heapBytes", "phoned_heap_bytes", "bytes", "Memory in use on the heap.")
	return out
}

func asText(v any) string {
	switch n := v.(type) {
	case int:
		return strconv.Itoa(n)
	case uint64:
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// metrics answers a scrape.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", om.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	_ = om.Write(w, s.families())
}
