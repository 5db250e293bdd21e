package manage

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"phoned/phone"
)

const (
	writeLimit = 10 * time.Second // a browser that does not read is let go
	heartbeat  = 15 * time.Second
)

// stream writes Server-Sent Events; every write has a deadline of its own, so
// that a vanished browser frees its goroutine.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func openStream(w http.ResponseWriter) stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	return stream{w, rc}
}

func (s stream) send(id int64, name string, data []byte) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeLimit))
	if id > 0 {
		if _, err := fmt.Fprintf(s.w, "id: %d\n", id); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	return s.rc.Flush()
}

func (s stream) beat() error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := fmt.Fprint(s.w, ": beat\n\n"); err != nil {
		return err
	}
	return s.rc.Flush()
}

// resume reads from where a stream goes on: Last-Event-ID, or after in the query;
// without either from newest. It answers what is no number itself.
func resume(w http.ResponseWriter, r *http.Request, newest int64) (last int64, ok bool) {
	from := r.Header.Get("Last-Event-ID")
	if from == "" {
		from = r.URL.Query().Get("after")
	}
	if from == "" {
		return newest, true
	}
	n, err := strconv.ParseInt(from, 10, 64)
	if err != nil || n < 0 {
		fail(w, http.StatusBadRequest, "Last-Event-ID is the number of an event.", from)
		return 0, false
	}
	return n, true
}

// events is the event stream, resumable by Last-Event-ID.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	last, ok := resume(w, r, s.cfg.Bus.Last())
	if !ok {
		return
	}
	follow(w, r, last, func(last int64) (out []sent, more <-chan struct{}) {
		list, more := s.cfg.Bus.After(last)
		for _, e := range list {
			out = append(out, sent{e.ID, e.Name, e.JSON(), true})
		}
		return out, more
	})
}

// patch is a rectangle of the screen as a PNG.
type patch struct {
	X   int    `json:"x"`
	Y   int    `json:"y"`
	PNG string `json:"png"`
}

// screenStream names the panel ("hello"), sends the whole screen, then what
// changes: "frame" with patches, "lamps", "panel" and "levels". When it ends,
// the keys that this panel holds are let go.
func (s *Server) screenStream(w http.ResponseWriter, r *http.Request) {
	frames, cancel := s.cfg.Screen.Follow()
	defer cancel()
	views, leave := s.cfg.Phone.Subscribe()
	defer leave()
	panel, gone := s.held.open()
	defer gone()
	out := openStream(w)
	if out.send(0, "hello", fmt.Appendf(nil, `{"panel":%q}`, panel)) != nil {
		return
	}
	first := s.cfg.Screen.Whole()
	if s.sendFrame(out, first) != nil {
		return
	}
	seen := first.Seq
	var lamps, state string
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	meter := time.NewTicker(100 * time.Millisecond)
	defer meter.Stop()
	var levels Levels
	for {
		if err := s.sendPanel(out, &lamps, &state); err != nil {
			return
		}
		select {
		case _, more := <-views: // lamps and labels may change without the picture
			if !more {
				return
			}
		case f := <-frames:
			if f.Seq <= seen { // already in a whole picture
				continue
			}
			if f.Seq != seen+1 && !f.Whole {
				f = s.cfg.Screen.Whole()
			}
			if s.sendFrame(out, f) != nil {
				return
			}
			seen = f.Seq
		case <-meter.C:
			if len(frames) == 0 && s.cfg.Screen.Seq() > seen {
				f := s.cfg.Screen.Whole()
				if s.sendFrame(out, f) != nil {
					return
				}
				seen = f.Seq
			}
			if s.cfg.Levels == nil {
				continue
			}
			if now := s.cfg.Levels(); now != levels {
				levels = now
				b, _ := json.Marshal(now)
				if out.send(0, "levels", b) != nil {
					return
				}
			}
		case <-beat.C:
			if out.beat() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Server) sendFrame(out stream, f Frame) error {
	ps := make([]patch, 0, len(f.Patches))
	for _, p := range f.Patches {
		ps = append(ps, patch{p.At.X, p.At.Y, base64.StdEncoding.EncodeToString(p.PNG)})
	}
	b, err := json.Marshal(map[string]any{"seq": f.Seq, "width": f.Size.X, "height": f.Size.Y, "whole": f.Whole, "patches": ps})
	if err != nil {
		return err
	}
	return out.send(0, "frame", b)
}

// sendPanel sends what the panel shows beside the screen, if it changed.
func (s *Server) sendPanel(out stream, lamps, state *string) error {
	v := s.cfg.Phone.View()
	b, err := json.Marshal(lampsOf(v))
	if err != nil {
		return err
	}
	if string(b) != *lamps {
		*lamps = string(b)
		if err := out.send(0, "lamps", b); err != nil {
			return err
		}
	}
	b, err = json.Marshal(map[string]any{
		"offHook": v.OffHook, "path": v.Path.String(), "screen": v.Screen, "display": v.Display.Word(), "headset": v.Headset,
		"softKeys": v.SoftKeys, "keys": keyLabels(v), "say": say(v), "pin": v.Form != nil && v.Form.Kind.Secret(),
		"brand": s.brandFields(), "locale": v.Settings.Locale,
	})
	if err != nil {
		return err
	}
	if string(b) != *state {
		*state = string(b)
		return out.send(0, "panel", b)
	}
	return nil
}

// keyLabels are the paper strips of K1–K8; without keys of its own the phone
// has its lines on them.
func keyLabels(v phone.View) [8]string {
	var out [8]string
	for i, k := range v.Keys {
		if i >= len(out) {
			break
		}
		if out[i] = k.Label; out[i] == "" {
			out[i] = k.Value
		}
	}
	if v.Keys != nil {
		return out
	}
	for i, l := range v.Lines {
		if i < len(out) {
			out[i] = l.Number
		}
	}
	return out
}

// say is the screen in one sentence, for a screen reader.
func say(v phone.View) string {
	what := strings.ReplaceAll(string(v.Screen), "_", " ")
	what = strings.ToUpper(what[:min(1, len(what))]) + what[min(1, len(what)):]
	for _, c := range v.Calls {
		if c.ID != v.Focus {
			continue
		}
		who := c.Party.Name
		if who == "" {
			who = c.Party.Number
		}
		return what + ": " + who
	}
	return what
}
