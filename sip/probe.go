package sip

import (
	"errors"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// errSilent: what a UDP flow is lost by.
var errSilent = errors.New("no answer to OPTIONS")

// watch notices a dead server over UDP, where no connection can break. If the
// line names an interval in KeepAlive, OPTIONS is sent that often; a server
// that has answered one and then leaves one unanswered for Pong is gone. One
// that never answers them is not judged by it: there only a REGISTER tells.
func (k *link) watch() {
	l := k.line
	if k.info.Transport != "UDP" || !l.probing {
		return
	}
	k.probe(l.cfg.KeepAlive)
}

func (k *link) probe(after time.Duration) {
	l := k.line
	l.a.after(after, func() {
		if l.link != k {
			return
		}
		heard := false
		req := l.newRequest(k, gosip.OPTIONS, gosip.Uri{Scheme: "sip", Host: l.cfg.Domain})
		from, to := l.aor(), l.aor()
		from.Params.Add("tag", newTag())
		req.AppendHeader(&from)
		req.AppendHeader(&gosip.ToHeader{Address: to.Address})
		appendIDs(req, newCallID(), 1)
		req.SetBody(nil)
		tx := k.send(req, func(res *gosip.Response, _ error) {
			if res != nil && res.StatusCode >= 200 {
				heard, k.answersOptions = true, true
			}
		})
		l.a.after(l.cfg.Pong, func() {
			switch {
			case l.link != k:
				return
			case !heard && k.answersOptions:
				l.flowLost(k, errors.Join(ErrFlowDown, errSilent))
				return
			case !heard:
				tx.Terminate() // no more repetitions for nothing
			}
			k.probe(l.cfg.KeepAlive - l.cfg.Pong)
		})
	})
}
