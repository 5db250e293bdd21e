package update

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"phoned/store"
)

// The helper's protocol: one line of JSON with an order, then lines of JSON with
// answers; the last one has Done.
type (
	order struct {
		Op      string   `json:"op"`
		Attempt *Attempt `json:"attempt,omitempty"` // install
		Reason  Reason   `json:"reason,omitempty"`  // reject
		Detail  string   `json:"detail,omitempty"`
	}
	answer struct {
		Percent int     `json:"percent,omitempty"`
		Boot    *Boot   `json:"boot,omitempty"`
		Bundle  *Bundle `json:"bundle,omitempty"`
		Done    bool    `json:"done,omitempty"`
		// Reason and Error say that it failed.
		Reason Reason `json:"reason,omitempty"`
		Error  string `json:"error,omitempty"`
	}
)

// maxOrder bounds what is read from the phone's user.
const maxOrder = 4 << 10

// Installer is what the helper does to the slots; RAUC is one. Its methods are
// called one at a time.
type Installer interface {
	// Status reads the slots; the way is Packages where there are none.
	Status(ctx context.Context) (Boot, error)
	// Inspect checks a bundle's signature and reads what it says of itself.
	Inspect(ctx context.Context, file string) (Bundle, error)
	// Install writes the other slot and makes it the next one to start. It must
	// leave the slot that runs as it is and startable at any moment.
	Install(ctx context.Context, file string, progress func(percent int)) error
	// MarkGood and MarkBad judge the slot that runs.
	MarkGood(ctx context.Context) error
	MarkBad(ctx context.Context) error
	Reboot(ctx context.Context) error
}

// Helper is the part of an update that needs root: seven orders, each harmless for
// who may only give these. The bundle is read from File alone.
type Helper struct {
	Installer Installer
	File      string // where the phone puts the bundle
	Kept      string // root's file with the attempt
}

// Serve reads one order and answers it. The error is the connection's.
func (h *Helper) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	line, err := bufio.NewReader(io.LimitReader(r, maxOrder)).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	out := json.NewEncoder(w)
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return out.Encode(answer{Done: true, Reason: NoHelper, Error: "the order is not understood"})
	}
	a := answer{Done: true}
	if err := h.obey(ctx, o, &a, func(percent int) { _ = out.Encode(answer{Percent: percent}) }); err != nil {
		a.Error, a.Reason = err.Error(), NoHelper
		if f, ok := errors.AsType[*fault](err); ok {
			a.Reason = f.reason
		}
	}
	return out.Encode(a)
}

// fault is an error with its reason.
type fault struct {
	reason Reason
	err    error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func (h *Helper) obey(ctx context.Context, o order, a *answer, progress func(int)) error {
	switch o.Op {
	case "status":
		b, err := h.Installer.Status(ctx)
		if err != nil {
			return err
		}
		if b.Attempt, err = h.attempt(); err != nil {
			return err
		}
		a.Boot = &b
		return nil
	case "inspect":
		if err := plainFile(h.File); err != nil {
			return &fault{NoSource, err}
		}
		b, err := h.Installer.Inspect(ctx, h.File)
		if err != nil {
			return &fault{BadSignature, err}
		}
		a.Bundle = &b
		return nil
	case "install":
		return h.install(ctx, o.Attempt, progress)
	case "confirm":
		if err := h.Installer.MarkGood(ctx); err != nil {
			return err
		}
		return h.forget()
	case "reject":
		return h.reject(ctx, o.Reason, o.Detail)
	case "forget":
		return h.forget()
	case "reboot":
		return h.Installer.Reboot(ctx)
	}
	return fmt.Errorf("no such order: %q", o.Op)
}

// install notes the attempt before the first byte of the slot is written, so that
// whoever boots next knows what happened, at whatever moment the power goes.
func (h *Helper) install(ctx context.Context, a *Attempt, progress func(int)) error {
	if err := plainFile(h.File); err != nil {
		return &fault{NoSource, err}
	}
	b, err := h.Installer.Status(ctx)
	if err != nil {
		return err
	}
	if b.Way != Slots {
		return ErrPackages
	}
	if a == nil {
		a = &Attempt{}
	}
	note := Attempt{Slot: other(b.Slot), From: b.Version, Version: a.Version, Registered: a.Registered}
	if err := h.keep(note); err != nil {
		return &fault{ReadOnly, err}
	}
	if err := h.Installer.Install(ctx, h.File, progress); err != nil {
		return &fault{NotWritten, errors.Join(err, h.forget())}
	}
	note.Written = true
	return h.keep(note)
}

// reject judges the system that runs. Without an attempt there is nothing to go
// back to, and nothing is done.
func (h *Helper) reject(ctx context.Context, r Reason, detail string) error {
	a, err := h.attempt()
	switch {
	case err != nil:
		return err
	case a == nil:
		return errors.New("no new system is being tried")
	}
	a.Verdict, a.Detail = r, detail
	if err := h.keep(*a); err != nil {
		return err
	}
	if err := h.Installer.MarkBad(ctx); err != nil {
		return err
	}
	return h.Installer.Reboot(ctx)
}

func other(slot string) string {
	if slot == "A" {
		return "B"
	}
	return "A"
}

// attempt reads what is kept; what can't be understood was never an attempt.
func (h *Helper) attempt() (*Attempt, error) {
	b, err := os.ReadFile(h.Kept)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var a Attempt
	if json.Unmarshal(b, &a) != nil || a.Slot != "A" && a.Slot != "B" {
		return nil, nil
	}
	return &a, nil
}

func (h *Helper) keep(a Attempt) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return store.ReplaceFile(h.Kept, append(b, '\n'))
}

// forget empties the file: that is as durable as filling it was.
func (h *Helper) forget() error {
	if _, err := os.Stat(h.Kept); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return store.ReplaceFile(h.Kept, nil)
}

// plainFile refuses links and devices: the folder is the phone's user's.
func plainFile(path string) error {
	i, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !i.Mode().IsRegular() {
		return fmt.Errorf("%s is no plain file", path)
	}
	return nil
}

// words are the last line of a program's complaints.
func words(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if len(last) > 300 {
		last = last[:300]
	}
	return last
}
