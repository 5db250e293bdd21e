package manage

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"phoned/internal/logring"
)

// logQuery chooses lines of the log.
type logQuery struct {
	After   int64  `json:"after,omitempty" min:"0" doc:"Only lines with a higher id."`
	Level   string `json:"level,omitempty" enum:"debug,info,warn,error" doc:"At least that."`
	Package string `json:"package,omitempty" doc:"Only those of a part of the program, and of what is below it: media, sip."`
	Limit   int    `json:"limit,omitempty" min:"1" max:"2000" doc:"The newest of them; without one: 500."`
}

func (q logQuery) wants(l logring.Line) bool {
	least, _ := logring.ParseLevel(q.Level)
	level, _ := logring.ParseLevel(l.Level)
	if q.Level != "" && level < least {
		return false
	}
	return q.Package == "" || l.Package == q.Package || strings.HasPrefix(l.Package, q.Package+"/")
}

type logLines struct {
	Lines []logring.Line `json:"lines"`
	Last  int64          `json:"last" doc:"The newest line's id, kept or not: ask for what is after it."`
}

func (s *Server) getLogs(_ *http.Request, q logQuery) (logLines, error) {
	all, _ := s.cfg.Logs.After(q.After)
	out := slices.DeleteFunc(all, func(l logring.Line) bool { return !q.wants(l) })
	if q.Limit == 0 {
		q.Limit = 500
	}
	if len(out) > q.Limit {
		out = out[len(out)-q.Limit:]
	}
	return logLines{Lines: append([]logring.Line{}, out...), Last: s.cfg.Logs.Last()}, nil
}

// logLevels are how much the parts of the program say.
type logLevels struct {
	Level    string            `json:"level" enum:"debug,info,warn,error,off" doc:"Of all that have none of their own."`
	Packages map[string]string `json:"packages"`
}

func (s *Server) getLogLevels(*http.Request, nothing) (logLevels, error) {
	base, own := s.cfg.Logs.Levels()
	out := logLevels{Level: logring.LevelWord(base), Packages: map[string]string{}}
	for p, l := range own {
		out.Packages[p] = logring.LevelWord(l)
	}
	return out, nil
}

type logLevel struct {
	Package string `json:"package,omitempty" maxlen:"100" pattern:"^[a-z0-9_/.]+$" doc:"Without one: all that have none of their own."`
	Level   string `json:"level" enum:"debug,info,warn,error,off,default" doc:"default takes a package's own level away."`
}

// maxLevels bounds how many packages have a level of their own.
const maxLevels = 64

func (s *Server) setLogLevel(_ *http.Request, in logLevel) (nothing, error) {
	level, ok := logring.ParseLevel(in.Level)
	if _, own := s.cfg.Logs.Levels(); ok && len(own) >= maxLevels && own[in.Package] == 0 {
		return nothing{}, ErrNotNow
	}
	switch {
	case ok:
		s.cfg.Logs.SetLevel(in.Package, level)
	case in.Package == "":
		s.cfg.Logs.SetLevel("", slog.LevelInfo)
	default:
		s.cfg.Logs.ClearLevel(in.Package)
	}
	s.cfg.Log.Info("log level", "package", in.Package, "level", in.Level)
	return nothing{}, nil
}

// followLogs is the log, live.
func (s *Server) followLogs(w http.ResponseWriter, r *http.Request) {
	var q logQuery
	if !s.question(w, r, &q) {
		return
	}
	last, ok := resume(w, r, s.cfg.Logs.Last())
	if !ok {
		return
	}
	follow(w, r, last, func(last int64) (out []sent, more <-chan struct{}) {
		list, more := s.cfg.Logs.After(last)
		for _, l := range list {
			b, err := json.Marshal(l)
			out = append(out, sent{l.ID, "log", b, err == nil && q.wants(l)})
		}
		return out, more
	})
}

// sent is one event of a stream; only shown ones go out, all count.
type sent struct {
	id    int64
	name  string
	data  []byte
	shown bool
}

// follow writes what there is after last, and what comes, until the reader goes.
func follow(w http.ResponseWriter, r *http.Request, last int64, after func(int64) ([]sent, <-chan struct{})) {
	out := openStream(w)
	if out.beat() != nil {
		return
	}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		list, more := after(last)
		for _, e := range list {
			last = e.id
			if e.shown && out.send(e.id, e.name, e.data) != nil {
				return
			}
		}
		select {
		case <-more:
		case <-tick.C:
			if out.beat() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
