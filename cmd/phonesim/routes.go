package main

import (
	"encoding/json"
	"net/http"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
)

// peerName is the scripted second phone's.
const peerName = "Anna"

// routes are the simulator's own: who the second phone is, and its call.
func (w *world) routes() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /sim/peer": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(map[string]string{"name": peerName, "number": b2b.SecondExtension})
		}),
		// What a person does at the address that the sign-in screen shows.
		"POST /sim/approve": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			code := w.Phone.View().Session.Code
			if code == "" {
				http.Error(rw, "no code is on the screen", http.StatusConflict)
				return
			}
			if err := w.lab.OAuth.Approve(code, lab.Email(extension)); err != nil {
				http.Error(rw, err.Error(), http.StatusConflict)
				return
			}
			rw.WriteHeader(http.StatusAccepted)
		}),
		// What stands on the display of a phone that waits for a sign-in.
		"GET /sim/sign-in": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			s := w.Phone.View().Session
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(map[string]string{"url": s.URL, "qr": s.QR, "code": s.Code, "fingerprint": s.Fingerprint})
		}),
		"POST /sim/call-me": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			second := w.lab.SecondPhone()
			err := second.Behave(b2b.Behaviour{AnswerAfter: 2 * time.Second})
			if err == nil {
				_, err = second.Call(extension)
			}
			if err != nil {
				http.Error(rw, err.Error(), http.StatusConflict)
				return
			}
			rw.WriteHeader(http.StatusAccepted)
		}),
	}
}
