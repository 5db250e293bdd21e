// Package logring keeps the last lines of the log in memory, and lets each
// package of the program say more or less while it runs.
//
// A Ring is an slog.Handler that passes what it gets on to another one. It owns
// no goroutine and does no I/O of its own; it is safe for concurrent use.
package logring

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Line is one line of the log.
type Line struct {
	ID      int64             `json:"id" doc:"Counts lines; a higher one is newer."`
	At      time.Time         `json:"at"`
	Level   string            `json:"level" enum:"debug,info,warn,error"`
	Package string            `json:"package" doc:"Which part of the program: sip, media/rtc …"`
	Message string            `json:"message"`
	Attrs   map[string]string `json:"attrs,omitempty"`
}

// SchemaName tells it from a line to a telephone exchange.
func (Line) SchemaName() string { return "LogLine" }

// Limits of what is kept.
const (
	maxValue = 2 << 10 // bytes of one value
	maxAttrs = 24
)

// Ring keeps lines. Make it with New.
type Ring struct {
	next slog.Handler
	size int

	mu     sync.Mutex
	last   int64
	lines  []Line // oldest first, at most size
	wait   chan struct{}
	base   slog.Level
	levels map[string]slog.Level
	least  slog.Level // of base and levels
}

// New keeps the last size lines of at least the level, and passes on to next what
// next wants, and what a package was told to say besides.
func New(next slog.Handler, size int, level slog.Level) *Ring {
	return &Ring{next: next, size: size, wait: make(chan struct{}), base: level, least: level, levels: map[string]slog.Level{}}
}

// Handler is what a slog.Logger is made of.
func (r *Ring) Handler() slog.Handler { return handler{ring: r, next: r.next} }

// Levels are the level of all packages, and of those that have their own.
func (r *Ring) Levels() (base slog.Level, own map[string]slog.Level) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.base, maps.Clone(r.levels)
}

// SetLevel lets a package ("sip", "media/rtc"; those below it follow) say what is
// at least of the level from now on; "" is all that have none of their own.
func (r *Ring) SetLevel(pkg string, level slog.Level) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pkg == "" {
		r.base = level
	} else {
		r.levels[pkg] = level
	}
	r.settle()
}

// ClearLevel takes a package's own level away.
func (r *Ring) ClearLevel(pkg string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.levels, pkg)
	r.settle()
}

func (r *Ring) settle() {
	r.least = r.base
	for _, l := range r.levels {
		r.least = min(r.least, l)
	}
}

// levelOf finds the level of a package: its own, or that of the nearest above it.
func (r *Ring) levelOf(pkg string) (level slog.Level, own bool) {
	for p := pkg; p != ""; {
		if l, ok := r.levels[p]; ok {
			return l, true
		}
		i := strings.LastIndexByte(p, '/')
		p = p[:max(i, 0)]
	}
	return r.base, false
}

// After are the kept lines with an ID above last, and a channel that is closed
// when there is another one.
func (r *Ring) After(last int64) ([]Line, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := len(r.lines)
	for i > 0 && r.lines[i-1].ID > last {
		i--
	}
	return append([]Line(nil), r.lines[i:]...), r.wait
}

// Last is the ID of the newest line, 0 without any.
func (r *Ring) Last() int64 { r.mu.Lock(); defer r.mu.Unlock(); return r.last }

func (r *Ring) keep(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	l.ID = r.last
	if len(r.lines) == r.size {
		copy(r.lines, r.lines[1:])
		r.lines[r.size-1] = l
	} else {
		r.lines = append(r.lines, l)
	}
	close(r.wait)
	r.wait = make(chan struct{})
}

// handler is a Ring with the attributes and the group of a Logger.
type handler struct {
	ring  *Ring
	next  slog.Handler
	attrs []slog.Attr // with their groups in their keys
	group string      // "a.b."
}

// Enabled implements slog.Handler. Which package asks is not known yet: what any
// of them may say is let through to Handle.
func (h handler) Enabled(ctx context.Context, l slog.Level) bool {
	h.ring.mu.Lock()
	least := h.ring.least
	h.ring.mu.Unlock()
	return l >= least || h.next.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, rec slog.Record) error {
	pkg := packageOf(rec.PC)
	h.ring.mu.Lock()
	level, own := h.ring.levelOf(pkg)
	h.ring.mu.Unlock()
	if rec.Level >= level {
		h.ring.keep(h.line(pkg, rec))
	}
	// A package's own level goes before that of the handler behind, both ways.
	if own && rec.Level >= level || !own && h.next.Enabled(ctx, rec.Level) {
		return h.next.Handle(ctx, rec)
	}
	return nil
}

func (h handler) line(pkg string, rec slog.Record) Line {
	l := Line{At: rec.Time, Level: Word(rec.Level), Package: pkg, Message: clip(rec.Message)}
	add := func(prefix string, a slog.Attr) {
		if len(l.Attrs) >= maxAttrs {
			return
		}
		if l.Attrs == nil {
			l.Attrs = map[string]string{}
		}
		flatten(l.Attrs, prefix, a)
	}
	for _, a := range h.attrs {
		add("", a)
	}
	rec.Attrs(func(a slog.Attr) bool { add(h.group, a); return true })
	return l
}

func flatten(into map[string]string, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key != "" {
			into[prefix+a.Key] = clip(v.String())
		}
		return
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, in := range v.Group() {
		if len(into) < maxAttrs {
			flatten(into, prefix, in)
		}
	}
}

func clip(s string) string {
	if len(s) > maxValue {
		s = s[:maxValue] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.next = h.next.WithAttrs(attrs)
	own := append([]slog.Attr(nil), h.attrs...)
	for _, a := range attrs {
		a.Key = h.group + a.Key
		own = append(own, a)
	}
	h.attrs = own
	return h
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	h.next = h.next.WithGroup(name)
	h.group += name + "."
	return h
}

// packageOf is the package of a call, without the module: "media/rtc"; what is not
// the module's own is named in full.
func packageOf(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	name := f.Function
	slash := strings.LastIndexByte(name, '/')
	if dot := strings.IndexByte(name[slash+1:], '.'); dot >= 0 {
		name = name[:slash+1+dot]
	}
	return strings.TrimPrefix(name, module)
}

const module = "phoned/"

// Word is a level in one lower-case word.
func Word(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	}
	return "error"
}

// Off is a level that nothing reaches.
const Off = slog.Level(math.MaxInt32)

// ParseLevel reads a level's word; "off" is Off.
func ParseLevel(word string) (slog.Level, bool) {
	switch word {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	case "off":
		return Off, true
	}
	return 0, false
}

// LevelWord is what ParseLevel reads.
func LevelWord(l slog.Level) string {
	if l >= Off {
		return "off"
	}
	return Word(l)
}
