package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"phoned/internal/flight"
	"phoned/manage"
	"phoned/phone"
	"phoned/sip"
	"phoned/store"
)

// linesKept is how much of the log stays in memory.
const linesKept = 1500

// record connects the flight recorder with everything that it records.
func (s *System) record(o *Options) {
	s.Flight = flight.New(o.Clock.Now)
	s.Health.Listen(s.Flight.Problems)
	s.Bus.Observe(func(e manage.Published) { s.flown(e.At, e.Name, e.Detail) })
	also := o.Trace
	o.Trace = func(m sip.TraceMessage) {
		s.Flight.Message(m.At, m.Line, m.Sent, m.Text)
		s.captures.message(m)
		if also != nil {
			also(m)
		}
	}
}

// flown records an event. With the history off nothing of a call is kept after it.
func (s *System) flown(at time.Time, name string, detail map[string]any) {
	s.Flight.Event(at, name, detail)
	if over := name == "call-ended" || name == "call-failed"; !over || s.Phone == nil || !s.Phone.View().Settings.HistoryOff {
		return
	}
	if id, _ := detail["callId"].(string); id != "" {
		s.Flight.Drop(id)
	}
}

// dialog tells which SIP dialog is a call's.
func (p *Phone) dialog(c *call, sipCallID string) {
	if p.cfg.Dialog != nil && sipCallID != "" {
		p.cfg.Dialog(c.id, p.ids.of(c.id), sipCallID)
	}
}

// keepReport is the Report key.
func (p *Phone) keepReport() {
	err := errors.New("this phone keeps no reports")
	if p.cfg.KeepReport != nil {
		err = p.cfg.KeepReport()
	}
	if err != nil {
		p.log.Error("the report was not kept", "err", err)
	}
	p.loop.Post(phone.ReportMade{OK: err == nil})
}

// reports are files of the data folder, so that a reset wipes them.
type reports struct{ s *System }

var _ manage.Reports = reports{}

// reportsKept is how many stay; the oldest go.
const reportsKept = 3

func (r reports) dir() string { return filepath.Join(r.s.data, "reports") }

// WriteReport writes the support bundle to a stick or wherever w leads, and gives the
// file's name for it.
func (s *System) WriteReport() (name string, data []byte, err error) {
	rep := s.Server.Report()
	var b bytes.Buffer
	if err := rep.WriteZip(&b, s.Server.SupportFiles()...); err != nil {
		return "", nil, err
	}
	return rep.Name(), b.Bytes(), nil
}

// KeepReport implements manage.Reports.
func (r reports) KeepReport() (manage.KeptReport, error) {
	name, b, err := r.s.WriteReport()
	if err != nil {
		return manage.KeptReport{}, err
	}
	if err := os.MkdirAll(r.dir(), 0o700); err != nil {
		return manage.KeptReport{}, fmt.Errorf("keep the report: %w", err)
	}
	if err := store.ReplaceFile(filepath.Join(r.dir(), name), b); err != nil {
		return manage.KeptReport{}, fmt.Errorf("keep the report: %w", err)
	}
	list, err := r.KeptReports()
	for i, old := range list {
		if i >= reportsKept {
			err = errors.Join(err, os.Remove(filepath.Join(r.dir(), old.Name)))
		}
	}
	r.s.log.Info("a report was kept", "state", name)
	return manage.KeptReport{Name: name, Size: int64(len(b)), Made: r.s.clock.Now()}, err
}

// KeptReports implements manage.Reports.
func (r reports) KeptReports() ([]manage.KeptReport, error) {
	entries, err := os.ReadDir(r.dir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []manage.KeptReport
	for _, e := range entries {
		if info, ierr := e.Info(); ierr == nil && strings.HasSuffix(e.Name(), ".zip") {
			out = append(out, manage.KeptReport{Name: e.Name(), Size: info.Size(), Made: info.ModTime()})
		}
	}
	slices.SortFunc(out, func(a, b manage.KeptReport) int { return strings.Compare(b.Name, a.Name) })
	return out, err
}

// ReadReport implements manage.Reports.
func (r reports) ReadReport(name string) ([]byte, error) {
	list, err := r.KeptReports()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list, func(k manage.KeptReport) bool { return k.Name == name }) {
		return nil, fmt.Errorf("report %q: %w", name, manage.ErrNotFound)
	}
	return os.ReadFile(filepath.Join(r.dir(), name))
}
