package sip

import (
	"context"
	"fmt"

	gosip "github.com/emiago/sipgo/sip"
)

// info answers their INFO (RFC 6086, and the older use of RFC 2976): always
// 200, since some exchanges end the call on anything else.
func (g *leg) info(tx *serverTx) {
	tx.respond(200, "OK", nil, nil)
	if g.state == over {
		return
	}
	e := InfoReceived{Leg: g.id, Body: tx.req.Body()}
	if h := tx.req.ContentType(); h != nil {
		e.ContentType = h.Value()
	}
	if h := tx.req.GetHeader("Record"); h != nil {
		e.Record = h.Value()
	}
	g.a.emit(e)
}

// Info implements UserAgent. An exchange that never answers, as Asterisk does
// to types it does not know, is an ErrTimeout and leaves the call alone.
func (a *Agent) Info(ctx context.Context, id LegID, contentType string, body []byte) error {
	result := make(chan error, 1)
	err := a.onLeg(id, func(g *leg) error {
		if g.state != confirmed {
			return fmt.Errorf("INFO: %w", ErrState)
		}
		g.send(g.d, gosip.INFO, func(req *gosip.Request) {
			h := gosip.ContentTypeHeader(printable(contentType))
			req.AppendHeader(&h)
		}, body, func(res *gosip.Response, err error) {
			switch {
			case err != nil:
				result <- fmt.Errorf("INFO: %w", err)
			case res.StatusCode < 200:
			case res.StatusCode < 300:
				result <- nil
			default:
				result <- fmt.Errorf("INFO: %d %s: %w", res.StatusCode, res.Reason, ErrRefused)
			}
		})
		return nil
	})
	if err != nil {
		return err
	}
	select {
	case err = <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("INFO: %w: %w", ErrTimeout, context.Cause(ctx))
	case <-a.loopDone:
		return ErrClosed
	}
}
