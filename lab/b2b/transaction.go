package b2b

import (
	"time"

	"phoned/lab/flow"
	"phoned/lab/sipmsg"
)

// RFC 3261 §17.1.1.1.
const (
	t1      = 500 * time.Millisecond
	t2      = 4 * time.Second
	timeout = 64 * t1
)

var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
	302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
	404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
	408: "Request Timeout", 420: "Bad Extension", 423: "Interval Too Brief",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
	487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
	500: "Server Internal Error", 503: "Service Unavailable", 603: "Decline",
}

func reason(code int) string {
	if r := reasons[code]; r != "" {
		return r
	}
	return "Unknown"
}

// serverTx answers one request (RFC 3261 §17.2). Over reliable transports
// nothing is repeated but 2xx to INVITE, which is the leg's business.
type serverTx struct {
	e      *Engine
	key    string
	flow   *flow.Flow
	req    *sipmsg.Message
	tag    string
	last   *sipmsg.Message
	repeat *timer
	leg    *leg // of an INVITE
}

func txKey(m *sipmsg.Message, method string) string {
	return sipmsg.ViaParam(m.Get("Via"), "branch") + "|" + method + "|" + m.Get("Call-ID")
}

// request sorts what came: a repetition, an ACK, a CANCEL, or a new transaction.
func (e *Engine) request(f *flow.Flow, m *sipmsg.Message) {
	e.received(f, m)
	switch m.Method {
	case "ACK":
		if t := e.server[txKey(m, "INVITE")]; t != nil && t.last != nil && t.last.Status >= 300 {
			e.stop(t.repeat)
			return
		}
		e.ack(f, m)
		return
	case "CANCEL":
		e.cancelRequest(f, m)
		return
	}
	key := txKey(m, m.Method)
	if t := e.server[key]; t != nil {
		if t.last != nil {
			e.send(f, t.last)
		}
		return
	}
	t := &serverTx{e: e, key: key, flow: f, req: m, tag: random(6)}
	e.server[key] = t
	e.after(timeout, func() { e.stop(t.repeat); delete(e.server, key) })
	e.dispatch(t)
}

// received notes the source in the topmost Via (RFC 3581).
func (e *Engine) received(f *flow.Flow, m *sipmsg.Message) {
	for i, h := range m.Headers {
		if h.Name != "Via" {
			continue
		}
		host, port := splitHost(f.Remote)
		m.Headers[i].Value = replaceRport(h.Value, port) + ";received=" + host
		return
	}
}

func (t *serverTx) response(code int) *sipmsg.Message {
	tag := t.tag
	if code == 100 {
		tag = ""
	}
	m := t.req.Response(code, reason(code), tag)
	m.Add("Server", "lab")
	return m
}

// reply sends a response without a body.
func (t *serverTx) reply(code int) { t.respond(t.response(code)) }

func (t *serverTx) respond(m *sipmsg.Message) {
	t.last = m
	t.e.send(t.flow, m)
	if t.req.Method == "INVITE" && m.Status >= 300 && !t.flow.Reliable() {
		t.e.stop(t.repeat)
		t.again(t1)
	}
}

func (t *serverTx) again(d time.Duration) {
	t.repeat = t.e.after(d, func() {
		t.e.send(t.flow, t.last)
		t.again(min(2*d, t2))
	})
}

// clientTx is a request of ours (RFC 3261 §17.1). done gets every response,
// and a made-up 408 or 503 when none will come.
type clientTx struct {
	e      *Engine
	key    string
	flow   *flow.Flow
	req    *sipmsg.Message
	done   func(*sipmsg.Message)
	repeat *timer
	expire *timer
	rung   bool // a provisional came: CANCEL may go out
	cancel string
	wanted bool // CANCEL asked for before that
	final  *sipmsg.Message
}

// start sends a request; done may be nil.
func (e *Engine) start(f *flow.Flow, m *sipmsg.Message, done func(*sipmsg.Message)) *clientTx {
	if done == nil {
		done = func(*sipmsg.Message) {}
	}
	c := &clientTx{e: e, key: txKey(m, m.Method), flow: f, req: m, done: done}
	e.client[c.key] = c
	if f.Closed() {
		e.post(func() { c.fail(503, "Flow Failed") })
		return c
	}
	e.send(f, m)
	if !f.Reliable() {
		c.again(t1)
	}
	c.expire = e.after(timeout, func() { c.fail(408, "Request Timeout") })
	return c
}

func (c *clientTx) again(d time.Duration) {
	c.repeat = c.e.after(d, func() {
		c.e.send(c.flow, c.req)
		if c.req.Method != "INVITE" {
			c.again(min(2*d, t2))
		} else {
			c.again(2 * d)
		}
	})
}

// fail ends the transaction with a response of our own making.
func (c *clientTx) fail(code int, why string) {
	if c.final == nil {
		c.finish(c.req.Response(code, why, ""))
	}
}

func (c *clientTx) finish(m *sipmsg.Message) {
	c.final = m
	c.e.stop(c.repeat)
	c.e.stop(c.expire)
	// Kept for repetitions of the final response, which are acknowledged again.
	c.e.after(timeout, func() { delete(c.e.client, c.key) })
	c.done(m)
}

func (e *Engine) response(f *flow.Flow, m *sipmsg.Message) {
	_, method := m.CSeq()
	c := e.client[txKey(m, method)]
	if c == nil {
		return
	}
	if m.Status < 200 {
		e.stop(c.repeat)
		e.stop(c.expire) // an INVITE may ring for long; the leg has its own limit
		if c.req.Method != "INVITE" {
			c.expire = e.after(timeout, func() { c.fail(408, "Request Timeout") })
		}
		c.rung = true
		if c.final == nil {
			if c.wanted {
				c.wanted = false
				c.sendCancel()
			}
			c.done(m)
		}
		return
	}
	if c.req.Method == "INVITE" && m.Status >= 300 {
		e.send(f, c.ackFor(m))
	}
	if c.final == nil {
		c.finish(m)
	} else if c.req.Method == "INVITE" && m.Status < 300 {
		c.done(m) // repeated 2xx, or another fork's: the leg acknowledges
	}
}

// ackFor is the ACK of a refusal: part of the transaction (§17.1.1.3).
func (c *clientTx) ackFor(m *sipmsg.Message) *sipmsg.Message { return c.derived("ACK", m.Get("To")) }

func (c *clientTx) derived(method, to string) *sipmsg.Message {
	r := &sipmsg.Message{Method: method, URI: c.req.URI}
	r.Add("Via", c.req.Get("Via"))
	for _, v := range c.req.All("Route") {
		r.Add("Route", v)
	}
	r.Add("From", c.req.Get("From"))
	r.Add("To", to)
	r.Add("Call-ID", c.req.Get("Call-ID"))
	n, _ := c.req.CSeq()
	r.Add("CSeq", itoa(n)+" "+method)
	r.Add("Max-Forwards", "70")
	return r
}

// cancelWith cancels an INVITE, at once or when it has a provisional response.
func (c *clientTx) cancelWith(why string) {
	if c.final != nil {
		return
	}
	c.cancel = why
	if !c.rung {
		c.wanted = true
		return
	}
	c.sendCancel()
}

func (c *clientTx) sendCancel() {
	r := c.derived("CANCEL", c.req.Get("To"))
	if c.cancel != "" {
		r.Add("Reason", c.cancel)
	}
	c.e.start(c.flow, r, nil)
	c.expire = c.e.after(timeout, func() { c.fail(487, "Request Terminated") })
}

func (e *Engine) clientsOn(f *flow.Flow) []*clientTx {
	var out []*clientTx
	for _, c := range e.client {
		if c.flow == f {
			out = append(out, c)
		}
	}
	return out
}
