package lab

import (
	"net/http"

	"phoned/lab/b2b"
)

// adminWatch are the switches of what phones subscribe to and are told unasked.
func (ex *Exchange) adminWatch(m *http.ServeMux) {
	m.HandleFunc("GET /watchers", func(w http.ResponseWriter, _ *http.Request) { show(w, ex.Engine.Watchers()) })
	m.HandleFunc("PUT /lamps/{resource}", take(func(r *http.Request, l b2b.Lamp) error {
		return ex.Engine.SetLamp(r.PathValue("resource"), l)
	}))
	m.HandleFunc("PUT /mailbox/{user}", take(func(r *http.Request, box b2b.Mailbox) error {
		return ex.Engine.SetMailbox(r.PathValue("user"), box)
	}))
	m.HandleFunc("GET /mailbox/{user}", func(w http.ResponseWriter, r *http.Request) { show(w, ex.Engine.Mailbox(r.PathValue("user"))) })
	m.HandleFunc("POST /check-sync/{user}", take(func(r *http.Request, o struct{ Reboot bool }) error {
		return ex.Engine.CheckSync(r.PathValue("user"), o.Reboot)
	}))
	m.HandleFunc("PUT /numbers", take(func(_ *http.Request, items []map[string]any) error {
		ex.OAuth.SetNumbers(items)
		return nil
	}))
}
