package lab

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"phoned/lab/b2b"
	"phoned/lab/faults"
)

// admin is the interface that tests in other processes use; see README.md.
func (ex *Exchange) admin() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		show(w, map[string]any{"wss": ex.WSSURL(), "ws": ex.WSURL(), "udp": ex.UDPAddress(), "oauth": ex.OAuthURL(),
			"api": ex.APIURL(), "domain": ex.Domain(), "ca": string(ex.CAPEM())})
	})
	m.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.Calls()) })
	m.HandleFunc("GET /registered", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.Engine.Registered()) })
	m.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("after"))
		show(w, ex.Engine.Record.Events(n))
	})
	m.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.Engine.Record.Messages()) })
	m.HandleFunc("GET /history", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.OAuth.History()) })
	m.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.OAuth.Counts()) })
	m.HandleFunc("GET /tokens/{extension}", func(w http.ResponseWriter, r *http.Request) {
		a, f, ok := ex.Tokens(r.PathValue("extension"))
		if !ok {
			http.Error(w, "no such extension", http.StatusNotFound)
			return
		}
		show(w, map[string]string{"access_token": a, "refresh_token": f})
	})
	ex.adminFaults(m)
	ex.adminPhone(m)
	ex.adminWatch(m)
	return m
}

func (ex *Exchange) adminFaults(m *http.ServeMux) {
	m.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.Faults.State()) })
	m.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { ex.Faults.Clear(); done(w, nil) })
	m.HandleFunc("PUT /faults/http/{endpoint}", take(func(r *http.Request, f faults.HTTP) error {
		return ex.Faults.SetHTTP(r.PathValue("endpoint"), f)
	}))
	m.HandleFunc("PUT /faults/sip", take(func(_ *http.Request, f faults.SIP) error { ex.Faults.SetSIP(f); return nil }))
	m.HandleFunc("PUT /faults/token", take(func(_ *http.Request, f faults.Token) error { ex.Faults.SetToken(f); return nil }))
	for path, f := range map[string]func(*http.Request) error{
		"drop-sockets":  func(*http.Request) error { return ex.Engine.DropSockets() },
		"ping":          func(r *http.Request) error { return ex.Engine.PingAll(r.Context()) },
		"age-nonces":    func(*http.Request) error { ex.Engine.AgeNonces(); return nil },
		"expire-tokens": func(*http.Request) error { ex.OAuth.Expire(); return nil },
		"revoke":        func(*http.Request) error { ex.OAuth.Revoke(); return nil },
	} {
		m.HandleFunc("POST /"+path, func(w http.ResponseWriter, r *http.Request) { done(w, f(r)) })
	}
}

// behaviour is b2b.Behaviour in JSON.
type behaviour struct {
	AnswerAfterMS int     `json:"answer_after_ms"`
	Refuse        int     `json:"refuse"`
	ToneHz        float64 `json:"tone_hz"`
	Echo          bool    `json:"echo"`
	Silent        bool    `json:"silent"`
	HangUpAfterMS int     `json:"hang_up_after_ms"`
}

func (ex *Exchange) adminPhone(m *http.ServeMux) {
	p := ex.SecondPhone()
	m.HandleFunc("PUT /second/behaviour", take(func(_ *http.Request, b behaviour) error {
		return p.Behave(b2b.Behaviour{AnswerAfter: time.Duration(b.AnswerAfterMS) * time.Millisecond, Refuse: b.Refuse,
			ToneHz: b.ToneHz, Echo: b.Echo, Silent: b.Silent, HangUpAfter: time.Duration(b.HangUpAfterMS) * time.Millisecond})
	}))
	type order struct {
		User, Number, Display, Digits string
		Info                          bool
		Code                          int
	}
	for path, f := range map[string]func(*http.Request, order) error{
		"call": func(_ *http.Request, o order) error {
			if o.Number == "" {
				o.Number, o.Display = b2b.SecondExtension, "Anna"
			}
			_, err := p.CallAs(o.User, o.Number, o.Display)
			return err
		},
		"answer":  func(*http.Request, order) error { return p.Answer() },
		"reject":  func(_ *http.Request, o order) error { return p.Reject(max(o.Code, 486)) },
		"hang-up": func(*http.Request, order) error { return p.HangUp() },
		"hold":    func(r *http.Request, _ order) error { return p.Hold(r.Context(), true) },
		"resume":  func(r *http.Request, _ order) error { return p.Hold(r.Context(), false) },
		"dtmf":    func(r *http.Request, o order) error { return p.DTMF(r.Context(), o.Digits, o.Info) },
	} {
		m.HandleFunc("POST /second/"+path, take(f))
	}
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the reader is gone: nobody to tell
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		show(w, map[string]string{"error": err.Error()})
		return
	}
	show(w, map[string]bool{"ok": true})
}

// take reads a JSON body (an empty one is the zero value) and carries it out.
func take[T any](f func(*http.Request, T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var v T
		if r.ContentLength != 0 {
			d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
			d.DisallowUnknownFields()
			if err := d.Decode(&v); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		done(w, f(r, v))
	}
}
