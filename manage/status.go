package manage

import (
	"net/http"
	"time"

	"phoned/internal/health"
	"phoned/phone"
)

// callResource is a call as interfaces see it (contract §3).
type callResource struct {
	CallID      int     `json:"callId"`
	Line        string  `json:"line"`
	PhoneNumber string  `json:"phoneNumber"`
	Name        string  `json:"name,omitempty"`
	Direction   string  `json:"direction"`
	Status      string  `json:"status"`
	State       string  `json:"state"`
	Duration    int64   `json:"duration"` // ms
	Muted       bool    `json:"muted"`
	OnHold      bool    `json:"onHold"`
	RemoteHold  bool    `json:"remoteHold"`
	Recording   string  `json:"recording"`
	MediaUp     bool    `json:"mediaUp"`
	Secure      bool    `json:"secure"`
	Reason      string  `json:"reason,omitempty"`
	Quality     quality `json:"quality"`
}

type quality struct {
	Quality    string  `json:"quality,omitempty"`
	Bitrate    float64 `json:"bitrate"`
	PacketLoss float64 `json:"packetLoss"`
	Jitter     float64 `json:"jitter"`  // ms
	Latency    float64 `json:"latency"` // ms, round trip
	AudioLevel float64 `json:"audioLevel"`
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func callOf(v phone.View, c phone.CallView, now time.Time) callResource {
	r := callResource{
		CallID: int(c.ID), Line: string(c.Line), PhoneNumber: c.Party.Number, Name: c.Party.Name,
		Direction: c.Direction.String(), Status: phone.StatusWord(c), State: c.State.String(),
		Muted: v.Muted, OnHold: c.OnHold, RemoteHold: c.RemoteHold, Recording: c.Recording.String(),
		MediaUp: c.MediaUp, Secure: c.Secure, Reason: string(c.Cause),
		Quality: quality{c.Quality.Word, c.Quality.BitrateKbps, c.Quality.LossPercent, millis(c.Quality.Jitter), millis(c.Quality.RoundTrip), c.Quality.Level},
	}
	if !c.AnsweredAt.IsZero() {
		end := now
		if !c.EndedAt.IsZero() {
			end = c.EndedAt
		}
		r.Duration = end.Sub(c.AnsweredAt).Milliseconds()
	}
	return r
}

type lineResource struct {
	Line   string     `json:"line"`
	Label  string     `json:"label,omitempty"`
	Number string     `json:"number"`
	Domain string     `json:"domain"`
	State  string     `json:"state"`
	Cause  string     `json:"cause,omitempty"`
	Detail string     `json:"detail,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Next   *time.Time `json:"nextTry,omitempty"`
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *Server) callList(v phone.View) []callResource {
	now := s.cfg.Clock.Now()
	out := make([]callResource, 0, len(v.Calls))
	for _, c := range v.Calls {
		out = append(out, callOf(v, c, now))
	}
	return out
}

type sessionResource struct {
	State phone.SessionState `json:"state"`
	User  string             `json:"user"`
}

type mwiResource struct {
	Known  bool `json:"known"`
	Count  int  `json:"count"`
	Urgent int  `json:"urgent"`
}

// brandResource is whose phone this is; the logo is an address, empty without one.
type brandResource struct {
	Name string `json:"name,omitempty"`
	Logo string `json:"logo,omitempty"`
}

func (s *Server) brandOf() brandResource {
	b := s.brandFields()
	if b["logo"] != "" {
		b["logo"] = "/" + b["logo"]
	}
	return brandResource{b["name"], b["logo"]}
}

// statusResource is the phone at a glance.
type statusResource struct {
	Session       sessionResource  `json:"session"`
	IsConnected   bool             `json:"isConnected" doc:"A line is registered."`
	HasActiveCall bool             `json:"hasActiveCall"`
	Focus         int              `json:"focus" doc:"The call that the soft keys act on, 0: none."`
	Muted         bool             `json:"muted"`
	Path          string           `json:"path" enum:"none,handset,headset,speaker,group"`
	OffHook       bool             `json:"offHook"`
	Screen        phone.Screen     `json:"screen"`
	Display       string           `json:"display" enum:"on,dim,off"`
	Theme         string           `json:"theme"`
	Locale        string           `json:"locale" doc:"The language of its screen, BCP 47."`
	Brand         brandResource    `json:"brand"`
	SoftKeys      [4]phone.Action  `json:"softKeys"`
	Lines         []lineResource   `json:"lines"`
	Calls         []callResource   `json:"calls"`
	MWI           mwiResource      `json:"mwi"`
	Problems      []health.Problem `json:"problems"`
	Seq           uint64           `json:"seq" doc:"Counts the phone's events; a higher one is newer."`
	Phone         *Info            `json:"phone,omitempty"`
	Levels        *Levels          `json:"levels,omitempty"`
}

type callList struct {
	Calls []callResource `json:"calls"`
}

type problemList struct {
	Problems []health.Problem `json:"problems"`
}

type lineList struct {
	Lines []lineResource `json:"lines"`
}

func linesOf(v phone.View) []lineResource {
	lines := make([]lineResource, 0, len(v.Lines))
	for _, l := range v.Lines {
		lines = append(lines, lineResource{string(l.ID), l.Label, l.Number, l.Domain, string(l.State), string(l.Cause), l.Detail, instant(l.Since), instant(l.Next)})
	}
	return lines
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) { reply(w, s.statusNow()) }

func (s *Server) statusNow() statusResource {
	v := s.cfg.Phone.View()
	body := statusResource{
		Session: sessionResource{v.Session.State, v.Session.User}, Focus: int(v.Focus), Muted: v.Muted, Path: v.Path.String(), OffHook: v.OffHook,
		Screen: v.Screen, Display: v.Display.Word(), Theme: v.Settings.Theme, Locale: v.Settings.Locale, Brand: s.brandOf(), SoftKeys: v.SoftKeys, Lines: linesOf(v), Calls: s.callList(v),
		MWI: mwiResource{v.MWI.Known, v.MWI.New, v.MWI.Urgent}, Problems: s.problemList(), Seq: v.Seq,
	}
	for _, l := range v.Lines {
		body.IsConnected = body.IsConnected || l.State == phone.LineRegistered
	}
	for _, c := range v.Calls {
		body.HasActiveCall = body.HasActiveCall || c.State != phone.Ended
	}
	if s.cfg.Info != nil {
		info := s.cfg.Info()
		body.Phone = &info
	}
	if s.cfg.Levels != nil {
		levels := s.cfg.Levels()
		body.Levels = &levels
	}
	return body
}

func (s *Server) calls(w http.ResponseWriter, _ *http.Request) {
	reply(w, callList{s.callList(s.cfg.Phone.View())})
}

func (s *Server) lines(w http.ResponseWriter, _ *http.Request) {
	reply(w, lineList{linesOf(s.cfg.Phone.View())})
}

func (s *Server) problemList() []health.Problem {
	if s.cfg.Health == nil {
		return []health.Problem{}
	}
	return s.cfg.Health.List()
}

func (s *Server) problems(w http.ResponseWriter, _ *http.Request) {
	reply(w, problemList{s.problemList()})
}

// healthz is 200 while nothing critical is wrong, 503 otherwise.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	list := s.problemList()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(list) > 0 && list[0].Severity == health.Critical {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	reply(w, problemList{list})
}

type lampResource struct {
	Pattern phone.LampPattern `json:"pattern"`
	Colour  phone.LampColour  `json:"colour,omitempty"`
}

func lampsOf(v phone.View) map[string]lampResource {
	out := map[string]lampResource{}
	for id, s := range phone.Lamps(v) {
		out[id] = lampResource{s.Pattern, s.Colour}
	}
	return out
}

// lamps are what every lamp of the phone shows.
func (s *Server) lamps(w http.ResponseWriter, _ *http.Request) {
	reply(w, lampsOf(s.cfg.Phone.View()))
}
