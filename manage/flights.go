package manage

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"phoned/internal/flight"
)

// messageQuery chooses SIP messages.
type messageQuery struct {
	After     int64  `json:"after,omitempty" min:"0" doc:"Only messages with a higher id."`
	SIPCallID string `json:"sipCallId,omitempty" doc:"Only those of one dialog."`
}

type messageList struct {
	Messages []flight.Message `json:"messages"`
}

func (s *Server) getMessages(_ *http.Request, q messageQuery) (messageList, error) {
	list, _ := s.cfg.Flight.Messages(q.After, q.SIPCallID)
	return messageList{list}, nil
}

// followMessages is the signalling, live.
func (s *Server) followMessages(w http.ResponseWriter, r *http.Request) {
	var q messageQuery
	if !s.question(w, r, &q) {
		return
	}
	all, _ := s.cfg.Flight.Messages(0, "")
	newest := int64(0)
	if len(all) > 0 {
		newest = all[len(all)-1].ID
	}
	last, ok := resume(w, r, newest)
	if !ok {
		return
	}
	follow(w, r, last, func(last int64) (out []sent, more <-chan struct{}) {
		list, more := s.cfg.Flight.Messages(last, "")
		for _, m := range list {
			b, err := json.Marshal(m)
			out = append(out, sent{m.ID, "message", b, err == nil && (q.SIPCallID == "" || q.SIPCallID == m.CallID)})
		}
		return out, more
	})
}

// flightSummary is a recorded call without what was recorded.
type flightSummary struct {
	CallID      string     `json:"callId" doc:"As in the call history and the events."`
	Call        int        `json:"call"`
	PhoneNumber string     `json:"phoneNumber,omitempty"`
	Direction   string     `json:"direction,omitempty"`
	Began       time.Time  `json:"began"`
	Answered    *time.Time `json:"answered,omitempty"`
	Ended       *time.Time `json:"ended,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Messages    int        `json:"messages"`
	Samples     int        `json:"samples"`
}

type flightList struct {
	Calls []flightSummary `json:"calls"`
}

func (s *Server) getFlights(*http.Request, nothing) (flightList, error) {
	out := flightList{Calls: []flightSummary{}}
	for _, c := range s.cfg.Flight.Calls() {
		out.Calls = append(out.Calls, flightSummary{c.ID, c.Call, c.Number, c.Direction, c.Began, c.Answered, c.Ended, c.Reason, len(c.Messages), len(c.Samples)})
	}
	return out, nil
}

func (s *Server) getFlight(r *http.Request, _ nothing) (flight.Call, error) {
	c, ok := s.cfg.Flight.Call(r.PathValue("callId"))
	if !ok {
		return c, ErrNotFound
	}
	return c, nil
}

// Report is the flight recorder's report of this phone, as it is now.
func (s *Server) Report() flight.Report {
	about := map[string]any{}
	if s.cfg.Info != nil {
		i := s.cfg.Info()
		about["version"], about["board"], about["started"] = i.Version, i.Board, i.Started.UTC().Format(time.RFC3339)
	}
	v := s.cfg.Phone.View()
	about["lines"], about["screen"], about["path"] = linesOf(v), v.Screen, v.Path.String()
	return s.cfg.Flight.Report(about, s.problemList())
}

func (s *Server) reportHTML(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	if err := s.Report().WriteHTML(&b); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", flight.Policy+"; frame-ancestors 'none'")
	_, _ = b.WriteTo(w)
}

func (s *Server) reportZip(w http.ResponseWriter, _ *http.Request) {
	s.sendBundle(w, s.Report())
}

// supportBundle is the report with the log and the configuration beside it.
func (s *Server) supportBundle(w http.ResponseWriter, _ *http.Request) {
	s.sendBundle(w, s.Report(), s.SupportFiles()...)
}

// SupportFiles are what a support bundle has beside the report, secrets redacted.
func (s *Server) SupportFiles() []flight.File {
	var out []flight.File
	add := func(name string, v any) {
		if b, err := json.MarshalIndent(v, "", " "); err == nil {
			out = append(out, flight.File{Name: name, Data: b})
		}
	}
	add("status.json", s.statusNow())
	if s.cfg.Logs != nil {
		list, _ := s.cfg.Logs.After(0)
		add("log.json", list)
	}
	if s.cfg.Sound != nil {
		add("sound.json", s.cfg.Sound.Figures())
	}
	return out
}

func (s *Server) sendBundle(w http.ResponseWriter, rep flight.Report, more ...flight.File) {
	var b bytes.Buffer
	if err := rep.WriteZip(&b, more...); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+rep.Name()+`"`)
	_, _ = b.WriteTo(w)
}
