package logring

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"phoned/internal/secret"
)

// TestPassesOnWhole: the handler behind gets what it would have got alone.
func TestPassesOnWhole(t *testing.T) {
	var buf bytes.Buffer
	h := New(slog.NewTextHandler(&buf, nil), 10, slog.LevelInfo).Handler()
	err := slogtest.TestHandler(h, func() []map[string]any {
		var out []map[string]any
		for line := range strings.Lines(buf.String()) {
			m := map[string]any{}
			for _, f := range strings.Fields(line) {
				k, v, _ := strings.Cut(f, "=")
				into := m
				parts := strings.Split(k, ".")
				for _, g := range parts[:len(parts)-1] {
					if into[g] == nil {
						into[g] = map[string]any{}
					}
					into = into[g].(map[string]any)
				}
				into[parts[len(parts)-1]] = v
			}
			out = append(out, m)
		}
		return out
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKeepsTheLast(t *testing.T) {
	r := New(slog.DiscardHandler, 3, slog.LevelInfo)
	log := slog.New(r.Handler())
	_, more := r.After(0)
	for _, m := range []string{"a", "b", "c", "d"} {
		log.With("call", 1).WithGroup("g").Info(m, "pin", secret.New("1234"), slog.Group("in", "x", 2))
	}
	log.Debug("not kept")
	<-more
	list, _ := r.After(0)
	if len(list) != 3 || list[0].Message != "b" || list[2].Message != "d" || list[2].ID != 4 || r.Last() != 4 {
		t.Fatalf("%+v", list)
	}
	l := list[2]
	if l.Package != "internal/logring" || l.Level != "info" || l.Attrs["call"] != "1" || l.Attrs["g.pin"] != secret.Redacted || l.Attrs["g.in.x"] != "2" {
		t.Errorf("%+v", l)
	}
	if list, _ := r.After(3); len(list) != 1 || list[0].ID != 4 {
		t.Errorf("%+v", list)
	}
}

func TestALevelOfAPackage(t *testing.T) {
	var buf bytes.Buffer
	r := New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelWarn}), 10, slog.LevelInfo)
	log := slog.New(r.Handler())
	log.Debug("one")
	r.SetLevel("internal", slog.LevelDebug) // and those below it
	log.Debug("two")
	r.SetLevel("internal/logring", Off)
	log.Error("three")
	r.ClearLevel("internal/logring")
	r.ClearLevel("internal")
	r.SetLevel("media", slog.LevelDebug)
	log.Debug("four")
	log.Info("five")
	r.SetLevel("", slog.LevelError)
	log.Warn("six")
	var kept []string
	list, _ := r.After(0)
	for _, l := range list {
		kept = append(kept, l.Message)
	}
	if got := strings.Join(kept, " "); got != "two five" {
		t.Errorf("kept %q", got)
	}
	if s := buf.String(); !strings.Contains(s, "two") || !strings.Contains(s, "six") || strings.Contains(s, "three") || strings.Contains(s, "four") || strings.Contains(s, "five") {
		t.Errorf("passed on %q", s)
	}
	base, own := r.Levels()
	if base != slog.LevelError || len(own) != 1 || own["media"] != slog.LevelDebug {
		t.Error(base, own)
	}
}

func TestLongValuesAreClipped(t *testing.T) {
	r := New(slog.DiscardHandler, 3, slog.LevelInfo)
	args := []any{"long", strings.Repeat("x", 1<<20) + "\xff"}
	for range 100 {
		args = append(args, strings.Repeat("k", len(args)), 1)
	}
	slog.New(r.Handler()).Info(strings.Repeat("y", 1<<20), args...)
	list, _ := r.After(0)
	if l := list[0]; len(l.Message) > maxValue+4 || len(l.Attrs["long"]) > maxValue+4 || len(l.Attrs) > maxAttrs {
		t.Errorf("%d %d %d", len(l.Message), len(l.Attrs["long"]), len(l.Attrs))
	}
}

func TestLevelWords(t *testing.T) {
	for _, w := range []string{"debug", "info", "warn", "error", "off"} {
		if l, ok := ParseLevel(w); !ok || LevelWord(l) != w {
			t.Error(w, l, ok)
		}
	}
	if _, ok := ParseLevel("loud"); ok {
		t.Error("loud")
	}
}

func BenchmarkKeep(b *testing.B) {
	log := slog.New(New(slog.DiscardHandler, 2000, slog.LevelInfo).Handler())
	b.ReportAllocs()
	for b.Loop() {
		log.Info("registered", "line", "main", "dur", 12)
	}
}
