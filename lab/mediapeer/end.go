// Package mediapeer is the lab's own end of a call's media: WebRTC on Pion, or
// plain RTP. It can echo packet by packet, send a tone or samples, be silent,
// relay to another End, send and hear DTMF, and tell what it heard.
//
// An End has one reading goroutine for each transport and at most one sending
// goroutine; Close ends them all and waits for them.
package mediapeer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"

	"phoned/lab/sdptext"
)

// Errors of an End.
var (
	ErrClosed   = errors.New("lab media closed")
	ErrNoCodec  = errors.New("no codec in common")
	ErrNoDTMF   = errors.New("telephone-event was not negotiated")
	errNoRemote = errors.New("no remote address yet")
)

// Config of an End.
type Config struct {
	IP     string        // where sockets are bound, "127.0.0.1"
	Style  sdptext.Style // how descriptions are written
	Codecs []string      // lower case, in order; empty: all, in the offer's order
	// Passive: answer a=setup:passive, so that the phone sends the ClientHello.
	Passive bool
	// Deaf drops DTLS from the phone for this long after a description was
	// answered or applied; it implies Passive.
	Deaf time.Duration
	// Digit is called for each RFC 4733 digit heard, from the reading goroutine.
	Digit func(digit byte)
}

// Stats is what an End counted. Fingerprints are public; keys are never kept.
type Stats struct {
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	CodecIn, CodecOut     string
	Level                 float64 // RMS of the last 20 ms heard, 0–1
	Profile               string  // SRTP profile, "" for plain RTP
	LocalFingerprint      string
	RemoteFingerprint     string
	Connected             bool
	DTLSDropped           uint64
	Direction             string // as last agreed, from the lab's side
}

// transport carries RTP for an End.
type transport interface {
	offer(ctx context.Context) (string, error)
	answer(ctx context.Context, offer string) (string, error)
	apply(ctx context.Context, answer string) error
	write(h *rtp.Header, payload []byte) error
	fill(*Stats)
	close()
}

// End is one side of media; methods are safe for concurrent use, and Offer,
// Answer and Apply must not overlap.
type End struct {
	cfg Config

	mu      sync.Mutex
	tr      transport
	secure  bool
	id      string // remote ufrag and fingerprint: another one is negotiated anew
	print   string // remote fingerprint: another one is another transport; with another ufrag alone it is an ICE restart
	local   string // last description sent
	version uint64
	formats map[uint8]sdptext.Format
	sendPT  uint8
	dir     string // agreed, ours
	want    string // what we would do
	mode    mode
	out     outStream
	stats   Stats
	heard   *recorder
	codecs  map[uint8]codec
	event   uint32 // timestamp of the last digit heard
	hasEvt  bool
	closed  bool
	stop    chan struct{} // ends the sender
	wg      sync.WaitGroup
}

// New makes an End; secure says whether an Offer is WebRTC. An Answer follows
// the offer.
func New(cfg Config, secure bool) *End {
	if cfg.IP == "" {
		cfg.IP = "127.0.0.1"
	}
	return &End{cfg: cfg, secure: secure, dir: "inactive", want: "sendrecv",
		formats: map[uint8]sdptext.Format{}, codecs: map[uint8]codec{}, heard: &recorder{}}
}

// SetWant sets the direction of the next description: sendonly is hold.
func (e *End) SetWant(dir string) {
	e.mu.Lock()
	e.want = dir
	e.mu.Unlock()
}

// Offer gives a complete description.
func (e *End) Offer(ctx context.Context) ([]byte, error) {
	tr, err := e.transport(e.secure, "")
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	local := e.local
	e.mu.Unlock()
	if local == "" {
		if local, err = tr.offer(ctx); err != nil {
			return nil, fmt.Errorf("lab offer: %w", err)
		}
		local, _ = sdptext.Keep(e.cfg.Style.Apply(local, true), e.cfg.Codecs)
	}
	return e.publish(local, e.wanted()), nil
}

// Renew forgets the transport, so that the next Offer starts ICE and DTLS anew
// towards another peer.
func (e *End) Renew() {
	e.mu.Lock()
	old := e.tr
	e.tr, e.id, e.print, e.local = nil, "", "", ""
	e.mu.Unlock()
	if old != nil {
		old.close()
	}
}

func (e *End) wanted() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.want
}

// publish writes direction and a new version, and remembers the text.
func (e *End) publish(local, dir string) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.local = local
	e.version++
	out := sdptext.SetVersion(sdptext.SetDirection(local, dir), 1000+e.version)
	if e.cfg.Style == sdptext.FreeSWITCH && dir == "sendrecv" { // the default is not written
		out = strings.Replace(out, "a=sendrecv\r\n", "", 1)
	}
	return []byte(out)
}

// Answer takes an offer. An offer with the ICE user and fingerprint of before
// only changes directions.
func (e *End) Answer(ctx context.Context, offer []byte) ([]byte, error) {
	a, err := sdptext.Read(string(offer))
	if err != nil {
		return nil, err
	}
	e.secure = a.Secure()
	id := a.Ufrag + a.Fingerprint
	tr, err := e.transport(a.Secure(), a.Fingerprint)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	local, known := e.local, e.id == id && e.local != ""
	e.mu.Unlock()
	if !known || !a.Secure() {
		text, err := tr.answer(ctx, sdptext.SetDirection(string(offer), "sendrecv"))
		if err != nil {
			return nil, fmt.Errorf("lab answer: %w", err)
		}
		if local, err = e.choose(e.cfg.Style.Apply(text, false)); err != nil {
			return nil, err
		}
	}
	dir := sdptext.AnswerDirection(a.Direction, e.wanted())
	e.agree(a, local, dir)
	return e.publish(local, dir), nil
}

// choose orders and thins the codecs of an answer.
func (e *End) choose(answer string) (string, error) {
	names := e.cfg.Codecs
	if e.cfg.Style.SingleCodec() {
		a, err := sdptext.Read(answer)
		if err != nil {
			return "", err
		}
		if names = first(names, a); len(names) == 0 {
			return "", ErrNoCodec
		}
	}
	out, ok := sdptext.Keep(answer, names)
	if !ok {
		return "", ErrNoCodec
	}
	return out, nil
}

// first picks the one codec of a server that has its own preference: Opus
// before the rest unless the configuration orders otherwise.
func first(names []string, a sdptext.Audio) []string {
	if len(names) == 0 {
		names = []string{"opus", "pcmu", "pcma"}
	}
	for _, n := range names {
		if _, ok := a.Find(n); ok {
			return []string{n}
		}
	}
	return nil
}

// Apply takes the answer to our Offer.
func (e *End) Apply(ctx context.Context, answer []byte) error {
	a, err := sdptext.Read(string(answer))
	if err != nil {
		return err
	}
	id := a.Ufrag + a.Fingerprint
	e.mu.Lock()
	tr, known := e.tr, e.id == id
	e.mu.Unlock()
	if tr == nil {
		return ErrClosed
	}
	if !known || !a.Secure() {
		if err := tr.apply(ctx, withMid(sdptext.SetDirection(string(answer), "sendrecv"), a.Secure())); err != nil {
			return fmt.Errorf("lab apply: %w", err)
		}
	}
	e.agree(a, string(answer), sdptext.AnswerDirection(a.Direction, e.wanted()))
	return nil
}

// withMid gives back the mid that a style took out of our offer, and so the
// phone left out of its answer: without it Pion finds no place for the sound.
func withMid(answer string, secure bool) string {
	if !secure || strings.Contains(answer, "\na=mid:") {
		return answer
	}
	return strings.TrimRight(answer, "\r\n") + "\r\na=mid:0\r\n"
}

// agree takes over what a finished offer and answer mean for us: the sending
// codec is the first of agreed.
func (e *End) agree(remote sdptext.Audio, agreed, dir string) {
	a, _ := sdptext.Read(agreed)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.id, e.print = remote.Ufrag+remote.Fingerprint, remote.Fingerprint
	e.dir, e.stats.Direction = dir, dir
	picked := false
	for _, f := range a.Formats {
		e.formats[f.PT] = f
		if !picked && f.Name != "telephone-event" && f.Name != "cn" {
			e.sendPT, picked = f.PT, true
		}
	}
}

// transport gives the transport for a remote identity, a new one if the peer
// behind it changed.
func (e *End) transport(secure bool, print string) (transport, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	if e.tr != nil && (print == "" || e.print == "" || e.print == print) {
		return e.tr, nil
	}
	if e.tr != nil {
		old := e.tr
		e.tr, e.local = nil, ""
		e.wg.Go(old.close)
	}
	var err error
	if secure {
		e.tr, err = newRTC(e.cfg, e.received)
	} else {
		e.tr, err = newPlain(e.cfg, e.received)
	}
	if err != nil {
		e.tr = nil
		return nil, fmt.Errorf("lab media: %w", err)
	}
	return e.tr, nil
}

// Stats gives the counters.
func (e *End) Stats() Stats {
	e.mu.Lock()
	s, tr := e.stats, e.tr
	e.mu.Unlock()
	if tr != nil {
		tr.fill(&s)
	}
	return s
}

// Heard gives what was decoded last, at most three seconds, and its rate.
func (e *End) Heard() ([]int16, int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard.all(), e.heard.rate
}

// Close frees everything and waits for the goroutines. It is idempotent.
func (e *End) Close() {
	e.mu.Lock()
	tr := e.tr
	e.tr, e.closed = nil, true
	e.halt()
	e.mu.Unlock()
	if tr != nil {
		tr.close()
	}
	e.wg.Wait()
}
