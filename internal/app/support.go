package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"phoned/internal/secret"
	"phoned/manage"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/store"
)

// SupportPart is one file of a support report. Write is called when somebody asks for
// a report, on the asker's goroutine, and writes what is known then; an error of its
// own stands in the report instead of the part. What it writes is searched for the
// phone's secrets once more.
type SupportPart struct {
	Name  string // "log.txt"
	Write func(ctx context.Context, w io.Writer) error
}

// maxSupportPart bounds a part, in bytes; what is beyond is cut off.
const maxSupportPart = 8 << 20

// minHush is how long a secret must be to be searched for: a shorter one would be found
// everywhere. Passwords of lines and PINs that short never get into a part anyway.
const minHush = 5

// support makes reports of what the phone knows.
type support struct {
	s       *System
	cfg     provisioning.Config
	secrets *store.Secrets
	info    func() manage.Info
	device  func() phone.DeviceInfo
	parts   []SupportPart
	now     func() time.Time
}

// recordedParts are the flight recorder's page and its data, and the log.
func (s *System) recordedParts() []SupportPart {
	return []SupportPart{
		{"calls.html", func(_ context.Context, w io.Writer) error { rep := s.Server.Report(); return rep.WriteHTML(w) }},
		{"calls.json", func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(s.Server.Report()) }},
		{"log.json", func(_ context.Context, w io.Writer) error {
			lines, _ := s.Logs.After(0)
			return json.NewEncoder(w).Encode(lines)
		}},
	}
}

// SupportBundle writes a ZIP file for whoever has to find out what ails the phone: state,
// lines, problems, the configuration with the origin of every value, events, and what
// Options.Support adds. Secrets are redacted in all of it; numbers and names of calls are
// in it. It may run beside everything else.
func (s *System) SupportBundle(ctx context.Context, w io.Writer) error {
	return s.support.write(ctx, w)
}

// SupportName is a name for a report of now.
func (s *System) SupportName() string { return s.support.name() }

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

func (r *support) name() string {
	who := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(r.device().MAC), ""), "-")
	if who == "" {
		who = "phone"
	}
	return "phoned-support-" + who + "-" + r.now().UTC().Format("20060102-150405") + ".zip"
}

func (r *support) write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	hush := r.hush()
	parts := append([]SupportPart{
		r.json("about.json", r.about), r.json("state.json", r.state), r.json("problems.json", func() any { return r.s.Health.List() }),
		r.json("configuration.json", r.configuration), r.json("events.json", r.events),
	}, r.parts...)
	for _, p := range parts {
		var b bytes.Buffer
		if err := p.Write(ctx, &cut{&b, maxSupportPart}); err != nil {
			fmt.Fprintf(&b, "\nthis part is not whole: %v\n", err)
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.Name, Method: zip.Deflate, Modified: r.now().UTC()})
		if err == nil {
			_, err = f.Write(hush.in(b.Bytes()))
		}
		if err != nil {
			return fmt.Errorf("support report: %s: %w", p.Name, err)
		}
	}
	return z.Close()
}

func (r *support) json(name string, of func() any) SupportPart {
	return SupportPart{Name: name, Write: func(_ context.Context, w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(of())
	}}
}

func (r *support) about() any {
	i, d := r.info(), r.device()
	out := map[string]any{
		"made": r.now().UTC(), "version": i.Version, "board": i.Board, "started": i.Started.UTC(), "serial": d.Serial,
		"network": map[string]any{"interface": d.Interface, "addresses": d.Addresses, "mac": d.MAC}, "parts": d.Parts,
	}
	if b, ok := debug.ReadBuildInfo(); ok {
		out["go"] = b.GoVersion
	}
	return out
}

func (r *support) state() any {
	v, i := r.s.Phone.View(), r.info()
	type line struct {
		ID, Label, Number, Domain, State, Cause, Detail string
		Since                                           time.Time
	}
	lines := []line{}
	for _, l := range v.Lines {
		lines = append(lines, line{string(l.ID), l.Label, l.Number, l.Domain, string(l.State), string(l.Cause), l.Detail, l.Since})
	}
	calls := []string{}
	for _, c := range v.Calls {
		calls = append(calls, c.Direction.String()+" "+c.State.String())
	}
	return map[string]any{
		"screen": v.Screen, "lines": lines, "calls": calls, "locked": v.Locked, "timeOfDayBelieved": r.s.Gate.State(),
		"sound": i.Media, "counters": i.Counters,
	}
}

func (r *support) configuration() any {
	out := map[string]any{"keys": r.cfg.Entries(), "document": r.cfg.Redacted()}
	if r.s.standing != nil {
		out["trial"], out["last"] = r.s.standing()
	}
	return out
}

func (r *support) events() any {
	past, _ := r.s.Bus.After(0)
	out := make([]json.RawMessage, 0, len(past))
	for _, p := range past {
		out = append(out, json.RawMessage(p.JSON()))
	}
	return out
}

// cut writes no more than left bytes and calls the rest written.
type cut struct {
	w    io.Writer
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.left -= n
	if _, err := c.w.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// hush are the phone's secrets, for the last look at a part.
type hush [][]byte

func (h hush) in(b []byte) []byte {
	for _, s := range h {
		b = bytes.ReplaceAll(b, s, []byte(secret.Redacted))
	}
	return b
}

// hush collects all secrets there are: of the configuration and of the sign-in, as they
// are and as JSON writes them; the longest first.
func (r *support) hush() hush {
	var all hush
	add := func(s secret.String) {
		text := s.Reveal()
		if len(text) < minHush {
			return
		}
		all = append(all, []byte(text))
		if b, err := json.Marshal(text); err == nil && string(b) != `"`+text+`"` {
			all = append(all, b[1:len(b)-1])
		}
	}
	secretsIn(reflect.ValueOf(r.cfg), add)
	for _, name := range r.secrets.Names() {
		if s, err := r.secrets.Get(name); err == nil {
			add(s)
		}
	}
	slices.SortFunc(all, func(a, b []byte) int { return len(b) - len(a) })
	return all
}

// secretsIn walks over a value of plain data.
func secretsIn(v reflect.Value, found func(secret.String)) {
	if s, ok := v.Interface().(secret.String); ok {
		found(s)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				secretsIn(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			secretsIn(v.Index(i), found)
		}
	}
}
