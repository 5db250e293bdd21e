package sip

import (
	"errors"
	"fmt"
	"net"

	"github.com/coder/websocket"
	gosip "github.com/emiago/sipgo/sip"
)

// link joins a Flow to sipgo's transactions: it is the gosip.Connection they
// write to, and the table that finds the one a message belongs to. sipgo's own
// transport layer is left out on purpose: it resolves, dials and pools by what
// Contact and Route say, and hands messages on out of order; here all of a
// line's dialogs stay on its flow (RFC 5626 §5.3) and order is kept.
//
// One goroutine reads; the tables belong to the agent's loop.
type link struct {
	a      *Agent
	line   *line
	flow   Flow
	info   flowInfo
	client map[string]*clientTx
	server map[string]*serverTx
	// trusted is set by the 200 to our REGISTER: before it nobody has proved
	// to be our exchange.
	trusted bool
	gone    bool
	// answersOptions: the server has shown that it does.
	answersOptions bool
}

// clientTx is a request of ours that waits for its answer.
type clientTx struct {
	*gosip.ClientTx
	final bool // a final answer was delivered
	dups  bool // further final answers go to a goroutine: sipgo may sleep in them
	on    func(*gosip.Response, error)
	// follow takes from flush once what it had before is posted; idle is
	// closed when it has ended.
	flush chan struct{}
	idle  chan struct{}
}

// serverTx is a request of theirs.
type serverTx struct {
	*gosip.ServerTx
	req      *gosip.Request
	tag      string // our To tag in every answer
	answered int    // final status sent, 0: none
	leg      *leg   // of an INVITE
	last     *gosip.Response
}

func newLink(a *Agent, l *line, f Flow, info flowInfo) *link {
	k := &link{a: a, line: l, flow: f, info: info, client: map[string]*clientTx{}, server: map[string]*serverTx{}}
	a.wg.Go(k.read)
	return k
}

// WriteMsg implements gosip.Connection. sipgo's timers call it as well.
func (k *link) WriteMsg(m gosip.Message) error {
	text := m.String()
	k.a.trace(k.line.cfg.ID, k.info, true, text)
	return k.flow.Send([]byte(text))
}

// LocalAddr implements gosip.Connection.
func (k *link) LocalAddr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", k.info.Local)
	if err != nil {
		return &net.TCPAddr{}
	}
	return a
}

// Ref implements gosip.Connection: the line owns the flow, transactions don't.
func (k *link) Ref(int) int { return 1 }

// TryClose implements gosip.Connection.
func (k *link) TryClose() (int, error) { return 1, nil }

// Close implements gosip.Connection.
func (k *link) Close() error { return nil }

// read hands one message at a time to the loop and waits for it: a peer that
// floods us is slowed down by its own flow.
func (k *link) read() {
	for {
		b, err := []byte(nil), errFlowFault
		k.a.guard("a flow failed", func() { b, err = k.flow.Recv() })
		if err != nil {
			k.a.post(func() { k.line.flowLost(k, err) })
			return
		}
		k.a.guard("a message could not be read", func() { k.take(b) })
	}
}

// errFlowFault: reading from a flow panicked; it is made anew.
var errFlowFault = errors.New("reading from the flow failed")

func (k *link) take(b []byte) {
	k.a.trace(k.line.cfg.ID, k.info, false, string(b))
	m, err := parse(b)
	if err != nil {
		k.a.counters.malformed.Add(1)
		k.a.log.Debug("message that cannot be read", "line", k.line.cfg.ID, "err", err)
		return
	}
	k.a.wait(func() { k.receive(m) })
}

// restarting says whether the server closed the flow because it goes down, in
// the words of a WebSocket close (RFC 6455 §7.4.1 and its registry).
func (k *link) restarting(err error) bool {
	switch websocket.CloseStatus(err) {
	case websocket.StatusGoingAway, websocket.StatusServiceRestart, websocket.StatusTryAgainLater:
		return true
	}
	return false
}

// parse is sipgo's parser with its panics turned into errors.
func parse(b []byte) (m gosip.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	if len(b) > maxMessage {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	m, err = gosip.ParseMessage(b)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// receive runs on the loop for every message.
func (k *link) receive(m gosip.Message) {
	if k.gone {
		return
	}
	m.SetTransport(k.info.Transport)
	m.SetSource(k.info.Remote)
	k.a.guard("a message could not be handled", func() {
		switch m := m.(type) {
		case *gosip.Response:
			k.response(m)
		case *gosip.Request:
			k.request(m)
		}
	})
}

func (k *link) response(res *gosip.Response) {
	key, err := gosip.ClientTxKeyMake(res)
	if err != nil {
		k.a.counters.malformed.Add(1)
		return
	}
	tx := k.client[key]
	switch {
	case tx == nil:
		k.a.counters.stray.Add(1)
	case tx.dups:
		go k.a.guard("a response could not be handled", func() { tx.Receive(res) })
	default:
		// A second final refusal makes sipgo wait before it repeats the ACK.
		tx.dups = tx.Origin().IsInvite() && res.StatusCode >= 300
		tx.Receive(res)
		// What came next on the flow must not overtake this answer: a BYE
		// right behind a 200 would find no dialog yet.
		select {
		case tx.flush <- struct{}{}:
		case <-tx.idle:
		}
	}
}

// send starts a client transaction. on runs on the loop for every response
// and, if no final one ever came, once with an error. The request must not be
// touched afterwards.
func (k *link) send(req *gosip.Request, on func(*gosip.Response, error)) *clientTx {
	tx := &clientTx{on: on, flush: make(chan struct{}), idle: make(chan struct{})}
	fail := func(err error) *clientTx {
		k.a.post(func() { tx.deliver(nil, err) })
		return tx
	}
	key, err := gosip.ClientTxKeyMake(req)
	if err != nil {
		return fail(err)
	}
	req.SetTransport(k.info.Transport)
	tx.ClientTx = gosip.NewClientTx(key, req, k, k.a.quiet)
	if k.gone {
		return fail(ErrFlowDown)
	}
	k.client[key] = tx
	tx.OnRetransmission(func(res *gosip.Response) { k.a.post(func() { tx.deliver(res, nil) }) })
	k.a.wg.Go(func() { k.follow(key, tx) })
	if err := tx.Init(); err != nil {
		tx.Terminate()
	}
	return tx
}

// follow carries what a transaction says to the loop.
func (k *link) follow(key string, tx *clientTx) {
	defer close(tx.idle)
	for {
		select {
		case <-tx.flush:
		case res := <-tx.Responses():
			k.a.post(func() { tx.deliver(res, nil) })
		case <-tx.Done():
			err := tx.Err()
			k.a.post(func() {
				if k.client[key] == tx {
					delete(k.client, key)
				}
				if !tx.final {
					tx.deliver(nil, transactionError(err))
				}
			})
			return
		}
	}
}

func (t *clientTx) deliver(res *gosip.Response, err error) {
	if err != nil || res.StatusCode >= 200 {
		t.final = true
	}
	t.on(res, err)
}

// newServerTx registers a transaction for a request that starts one.
func (k *link) newServerTx(key string, req *gosip.Request) (*serverTx, error) {
	tx := &serverTx{ServerTx: gosip.NewServerTx(key, req, k, k.a.quiet), req: req, tag: newTag()}
	if to := req.To(); to != nil {
		if tag, ok := to.Params.Get("tag"); ok {
			tx.tag = tag
		}
	}
	if err := tx.Init(); err != nil {
		return nil, err
	}
	k.server[key] = tx
	tx.OnTerminate(func(key string, _ error) {
		k.a.post(func() {
			if k.server[key] == tx {
				delete(k.server, key)
			}
		})
	})
	return tx, nil
}

// respond sends an answer built by edit on top of what RFC 3261 §8.2.6 asks.
func (t *serverTx) respond(code int, reason string, body []byte, edit func(*gosip.Response)) {
	res := newResponse(t.req, code, reason, t.tag, body)
	if edit != nil {
		edit(res)
	}
	if code >= 200 {
		t.answered = code
	}
	t.last = res
	_ = t.Respond(res) // the flow's death is reported by the flow
}

// again repeats the last answer (RFC 6026 §7.1: the transaction passes a 2xx
// of its user on as often as it comes).
func (t *serverTx) again() { _ = t.Respond(t.last) }

// newResponse builds an answer with our tag in it.
func newResponse(req *gosip.Request, code int, reason, tag string, body []byte) *gosip.Response {
	res := gosip.NewResponseFromRequest(req, code, reason, body)
	res.SipVersion = "SIP/2.0"
	if to := res.To(); to != nil && code != 100 {
		to.Params.Add("tag", tag)
	}
	return res
}

// close ends every transaction; their owners hear ErrFlowDown.
func (k *link) close() {
	if k.gone {
		return
	}
	k.gone = true
	for _, tx := range k.client {
		k.a.wg.Go(tx.Terminate)
	}
	for _, tx := range k.server {
		k.a.wg.Go(tx.Terminate)
	}
	k.a.wg.Go(func() { _ = k.flow.Close() })
}
