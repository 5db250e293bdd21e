package flight

import (
	"slices"
	"sync"
	"time"

	"phoned/internal/health"
)

// Bounds of what is kept.
const (
	callsKept    = 8
	messagesKept = 400     // of everything
	messageBytes = 1 << 20 // likewise
	perCall      = 300     // messages of one call
	eventsKept   = 300     // of everything, and of one call
	samplesKept  = 900     // of one call; a longer one has every second one, then every fourth …
	troublesKept = 100
)

// Event is something that happened, in the words of the interface.
type Event struct {
	At     time.Time      `json:"at"`
	Name   string         `json:"event"`
	Detail map[string]any `json:"detail,omitempty"`
}

// Sample is how a call sounded.
type Sample struct {
	At      time.Time `json:"at"`
	Quality string    `json:"quality,omitempty"`
	Bitrate float64   `json:"bitrate" doc:"kbit/s, both ways."`
	Loss    float64   `json:"packetLoss" doc:"Percent."`
	Jitter  float64   `json:"jitter" doc:"Milliseconds."`
	Latency float64   `json:"latency" doc:"Round trip, milliseconds; 0: not known."`
	Level   float64   `json:"audioLevel" doc:"0–1, of the far end."`
}

// Trouble is a problem's coming or going.
type Trouble struct {
	At     time.Time `json:"at"`
	Gone   bool      `json:"gone,omitempty"`
	Code   string    `json:"code"`
	Of     string    `json:"subject,omitempty"`
	Title  string    `json:"title"`
	Detail string    `json:"detail,omitempty"`
}

// Call is all that is known of one call.
type Call struct {
	ID        string     `json:"callId" doc:"As in the call history and the events."`
	Call      int        `json:"call" doc:"As in the list of calls."`
	SIP       []string   `json:"sipCallIds"`
	Line      string     `json:"line,omitempty"`
	Number    string     `json:"phoneNumber,omitempty"`
	Direction string     `json:"direction,omitempty"`
	Began     time.Time  `json:"began"`
	Answered  *time.Time `json:"answered,omitempty"`
	Ended     *time.Time `json:"ended,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Messages  []Message  `json:"messages"`
	Samples   []Sample   `json:"samples"`
	Events    []Event    `json:"events"`

	every, skipped int // of the samples
}

// SchemaName tells it from a call that is going on.
func (Call) SchemaName() string { return "Flight" }

// Recorder is the flight recorder. Make it with New.
type Recorder struct {
	now func() time.Time

	mu       sync.Mutex
	last     int64
	bytes    int
	messages []Message
	calls    []*Call // oldest first
	events   []Event
	troubles []Trouble
	known    map[[2]string]health.Problem
	wait     chan struct{}
}

// New makes an empty recorder; now is the clock.
func New(now func() time.Time) *Recorder {
	return &Recorder{now: now, known: map[[2]string]health.Problem{}, wait: make(chan struct{})}
}

// Message records a SIP message, from which credentials have been removed.
func (r *Recorder) Message(at time.Time, line string, sent bool, text string) {
	m := parse(text)
	m.At, m.Line, m.Sent = at, line, sent
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	m.ID = r.last
	for i := len(r.messages) - 1; i >= max(0, len(r.messages)-30); i-- {
		if o := r.messages[i]; o.Sent == sent && o.CallID == m.CallID && o.Text == m.Text {
			m.Again = true
			break
		}
	}
	r.messages = append(r.messages, m)
	r.bytes += len(m.Text)
	for len(r.messages) > messagesKept || r.bytes > messageBytes {
		r.bytes -= len(r.messages[0].Text)
		r.messages = slices.Delete(r.messages, 0, 1)
	}
	if c := r.bySIP(m.CallID); c != nil {
		c.add(m)
	}
	close(r.wait)
	r.wait = make(chan struct{})
}

func (c *Call) add(m Message) {
	if len(c.Messages) == perCall { // the beginning tells most; the end the rest
		c.Messages = slices.Delete(c.Messages, perCall/2, perCall/2+1)
	}
	c.Messages = append(c.Messages, m)
}

func (r *Recorder) bySIP(id string) *Call {
	if id == "" {
		return nil
	}
	for _, c := range r.calls {
		if slices.Contains(c.SIP, id) {
			return c
		}
	}
	return nil
}

// Link tells that a SIP dialog belongs to a call.
func (r *Recorder) Link(call int, id, sipCallID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.call(call, id, r.now())
	if sipCallID == "" || slices.Contains(c.SIP, sipCallID) {
		return
	}
	c.SIP = append(c.SIP, sipCallID)
	for _, m := range r.messages { // those that came before we knew
		if m.CallID == sipCallID {
			c.add(m)
		}
	}
	slices.SortStableFunc(c.Messages, func(a, b Message) int { return int(a.ID - b.ID) })
}

// call finds a call, or begins it.
func (r *Recorder) call(call int, id string, at time.Time) *Call {
	for _, c := range r.calls {
		if c.ID == id {
			return c
		}
	}
	c := &Call{ID: id, Call: call, Began: at, every: 1, SIP: []string{}, Messages: []Message{}, Samples: []Sample{}, Events: []Event{}}
	r.calls = append(r.calls, c)
	if len(r.calls) > callsKept {
		r.calls = slices.Delete(r.calls, 0, 1)
	}
	return c
}

// whole lists are no events of a device: they are long, and of other calls.
var passedOver = map[string]bool{"history-updated": true, "park-slots-updated": true}

// Event records what was published. Those of a call carry "call" and "callId".
func (r *Recorder) Event(at time.Time, name string, detail map[string]any) {
	if passedOver[name] {
		return
	}
	e := Event{At: at, Name: name, Detail: map[string]any{}}
	for k, v := range detail {
		e.Detail[k] = v
	}
	if name == "dtmf-sent" {
		e.Detail["digit"] = redacted
	}
	number, _ := detail["call"].(int)
	id, _ := detail["callId"].(string)
	r.mu.Lock()
	defer r.mu.Unlock()
	if number == 0 || id == "" {
		r.events = keepLast(append(r.events, e), eventsKept)
		return
	}
	c := r.call(number, id, at)
	if name == "quality" {
		c.sample(at, detail)
		return
	}
	delete(e.Detail, "call")
	delete(e.Detail, "callId")
	c.learn(e)
	c.Events = keepLast(append(c.Events, e), eventsKept)
}

func keepLast[E any](list []E, n int) []E {
	if len(list) > n {
		return slices.Delete(list, 0, len(list)-n)
	}
	return list
}

// learn takes what an event says of the call.
func (c *Call) learn(e Event) {
	text := func(key string) string { s, _ := e.Detail[key].(string); return s }
	if s := text("line"); s != "" {
		c.Line = s
	}
	if s := text("phoneNumber"); s != "" {
		c.Number = s
	}
	switch e.Name {
	case "incoming-call":
		c.Direction = "inbound"
	case "call-started":
		c.Direction = text("direction")
	case "call-answered":
		if c.Answered == nil {
			c.Answered = &e.At
		}
	case "call-ended":
		c.Ended, c.Reason = &e.At, text("reason")
	case "call-failed":
		c.Ended, c.Reason = &e.At, text("error")
	}
}

func (c *Call) sample(at time.Time, d map[string]any) {
	if c.skipped++; c.skipped < c.every {
		return
	}
	c.skipped = 0
	figure := func(key string) float64 { f, _ := d[key].(float64); return f }
	word, _ := d["quality"].(string)
	c.Samples = append(c.Samples, Sample{at, word, figure("bitrate"), figure("packetLoss"), figure("jitter"), figure("latency"), figure("audioLevel")})
	if len(c.Samples) < samplesKept {
		return
	}
	half := c.Samples[:0]
	for i, s := range c.Samples {
		if i%2 == 0 {
			half = append(half, s)
		}
	}
	c.Samples, c.every = half, 2*c.every
}

// Problems records which problems came and went; it is a listener of health.
func (r *Recorder) Problems(list []health.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, at := map[[2]string]health.Problem{}, r.now()
	for _, p := range list {
		k := [2]string{p.Code, p.Subject}
		now[k] = p
		if old, ok := r.known[k]; !ok || old.Detail != p.Detail {
			r.troubles = append(r.troubles, Trouble{At: at, Code: p.Code, Of: p.Subject, Title: p.Title, Detail: p.Detail})
		}
	}
	for k, p := range r.known {
		if _, ok := now[k]; !ok {
			r.troubles = append(r.troubles, Trouble{At: at, Gone: true, Code: p.Code, Of: p.Subject, Title: p.Title})
		}
	}
	r.known, r.troubles = now, keepLast(r.troubles, troublesKept)
}

// Messages are the kept messages with an ID above after, those of a SIP Call-ID if
// it is not "", and a channel that is closed when there is another one.
func (r *Recorder) Messages(after int64, sipCallID string) ([]Message, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []Message{}
	for _, m := range r.messages {
		if m.ID > after && (sipCallID == "" || m.CallID == sipCallID) {
			out = append(out, m)
		}
	}
	return out, r.wait
}

// Calls are the kept calls, newest first.
func (r *Recorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Call, 0, len(r.calls))
	for _, c := range slices.Backward(r.calls) {
		out = append(out, c.copy())
	}
	return out
}

// Call is a kept call by its callId.
func (r *Recorder) Call(id string) (Call, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if c.ID == id {
			return c.copy(), true
		}
	}
	return Call{}, false
}

func (c *Call) copy() Call {
	out := *c
	out.SIP, out.Messages = slices.Clone(c.SIP), slices.Clone(c.Messages)
	out.Samples, out.Events = slices.Clone(c.Samples), slices.Clone(c.Events)
	return out
}

// Drop forgets a call and its messages: nothing of it is to be kept.
func (r *Recorder) Drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.calls, func(c *Call) bool { return c.ID == id })
	if i < 0 {
		return
	}
	sips := r.calls[i].SIP
	r.calls = slices.Delete(r.calls, i, i+1)
	r.messages = slices.DeleteFunc(r.messages, func(m Message) bool {
		if slices.Contains(sips, m.CallID) {
			r.bytes -= len(m.Text)
			return true
		}
		return false
	})
}

// Forget drops everything: what was recorded belonged to who has signed out.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages, r.calls, r.events, r.troubles, r.bytes = nil, nil, nil, nil, 0
}

// Report is all that is recorded, with what the phone says of itself.
type Report struct {
	Format   string           `json:"format"`
	Made     time.Time        `json:"made"`
	Phone    map[string]any   `json:"phone"`
	Calls    []Call           `json:"calls"`
	Messages []Message        `json:"messages"` // those of no kept call
	Events   []Event          `json:"events"`
	Troubles []Trouble        `json:"troubles"`
	Problems []health.Problem `json:"problems"`
}

// Format names the JSON of a Report.
const Format = "phoned-flight-1"

// Report is everything as it is now.
func (r *Recorder) Report(phone map[string]any, problems []health.Problem) Report {
	out := Report{Format: Format, Made: r.now(), Phone: phone, Calls: r.Calls(), Problems: problems, Messages: []Message{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		if r.bySIP(m.CallID) == nil {
			out.Messages = append(out.Messages, m)
		}
	}
	out.Events, out.Troubles = append([]Event{}, r.events...), append([]Trouble{}, r.troubles...)
	return out
}
