package update

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeSlots is an Installer of two slots in memory.
type fakeSlots struct {
	mu      sync.Mutex
	boot    Boot
	bundle  Bundle
	inspect error
	install error
	mark    error
	cut     func() // called while it writes
	orders  []string
	looked  int // how often a bundle was inspected
}

func (f *fakeSlots) note(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, s)
}

func (f *fakeSlots) did() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.orders, " ")
}

func (f *fakeSlots) Status(context.Context) (Boot, error) { return f.boot, nil }
func (f *fakeSlots) Inspect(context.Context, string) (Bundle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked++
	return f.bundle, f.inspect
}
func (f *fakeSlots) Install(_ context.Context, _ string, progress func(int)) error {
	f.note("install")
	progress(40)
	if f.cut != nil {
		f.cut()
	}
	return f.install
}
func (f *fakeSlots) MarkGood(context.Context) error { f.note("good"); return f.mark }
func (f *fakeSlots) MarkBad(context.Context) error  { f.note("bad"); return f.mark }
func (f *fakeSlots) Reboot(context.Context) error   { f.note("reboot"); return nil }

// served is a helper behind a socket, as systemd starts it: one Serve an order.
func served(t *testing.T, f *fakeSlots) (*Helper, *Client) {
	t.Helper()
	dir := t.TempDir()
	h := &Helper{Installer: f, File: filepath.Join(dir, "bundle"), Kept: filepath.Join(dir, "attempt.json")}
	if err := os.WriteFile(h.File, []byte("bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); _ = h.Serve(context.Background(), c, c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return h, &Client{Socket: l.Addr().String()}
}

func TestOrders(t *testing.T) {
	ctx := t.Context()
	f := &fakeSlots{boot: Boot{Way: Slots, Slot: "A", Version: "1.0", Compatible: "board"}, bundle: Bundle{"board", "2.0"}}
	h, c := served(t, f)
	if b, err := c.Status(ctx); err != nil || b != f.boot {
		t.Fatalf("%+v, %v", b, err)
	}
	if b, err := c.Inspect(ctx); err != nil || b != f.bundle {
		t.Fatalf("%+v, %v", b, err)
	}
	var seen []int
	if err := c.Install(ctx, Attempt{Version: "2.0", Registered: true}, func(p int) { seen = append(seen, p) }); err != nil || len(seen) != 1 || seen[0] != 40 {
		t.Fatalf("%v, %v", seen, err)
	}
	b, err := c.Status(ctx)
	if err != nil || b.Attempt == nil || *b.Attempt != (Attempt{Slot: "B", From: "1.0", Version: "2.0", Registered: true, Written: true}) {
		t.Fatalf("%+v, %v", b.Attempt, err)
	}
	if err := c.Reject(ctx, NotRegistered, "no line"); err != nil || f.did() != "install bad reboot" {
		t.Fatalf("%s, %v", f.did(), err)
	}
	if b, _ := c.Status(ctx); b.Attempt.Verdict != NotRegistered || b.Attempt.Detail != "no line" {
		t.Errorf("%+v", b.Attempt)
	}
	if err := c.Confirm(ctx); err != nil {
		t.Fatal(err)
	}
	if b, _ := c.Status(ctx); b.Attempt != nil {
		t.Errorf("an attempt after it was confirmed: %+v", b.Attempt)
	}
	if err := c.Reject(ctx, SelfTest, ""); err == nil {
		t.Error("a system that is not on trial was left")
	}
	if err := os.Remove(h.File); err != nil {
		t.Fatal(err)
	}
	if reason, _ := reasonOf(c.Install(ctx, Attempt{}, nil)); reason != NoSource {
		t.Errorf("nothing to install: %s", reason)
	}
	if err := os.Symlink("/etc/passwd", h.File); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Inspect(ctx); err == nil {
		t.Error("a link was followed")
	}
}

// The power goes while the slot is written: the note is there, and says so.
func TestTheNoteComesFirst(t *testing.T) {
	f := &fakeSlots{boot: Boot{Way: Slots, Slot: "B", Version: "1.0"}}
	h, c := served(t, f)
	f.cut = func() {
		a, err := h.attempt()
		if err != nil || a == nil || a.Slot != "A" || a.Written {
			t.Errorf("while it is written: %+v, %v", a, err)
		}
	}
	f.install = errors.New("no room")
	if reason, detail := reasonOf(c.Install(t.Context(), Attempt{}, nil)); reason != NotWritten || !strings.Contains(detail, "no room") {
		t.Errorf("%s %s", reason, detail)
	}
	if a, _ := h.attempt(); a != nil {
		t.Errorf("a failed installation is still an attempt: %+v", a)
	}
}

func TestReasonsCross(t *testing.T) {
	f := &fakeSlots{inspect: errors.New("signature verification failed")}
	_, c := served(t, f)
	if _, err := c.Inspect(t.Context()); err == nil {
		t.Fatal("taken")
	} else if reason, detail := reasonOf(err); reason != BadSignature || detail != "signature verification failed" {
		t.Errorf("%s %s", reason, detail)
	}
	none := &Client{Socket: filepath.Join(t.TempDir(), "none")}
	if b, err := none.Status(t.Context()); err != nil || b.Way != Packages {
		t.Errorf("no socket: %+v, %v", b, err)
	}
	if reason, _ := reasonOf(none.Confirm(t.Context())); reason != NoHelper {
		t.Errorf("no socket: %s", reason)
	}
}

func FuzzOrder(f *testing.F) {
	f.Add(`{"op":"status"}`)
	f.Add(`{"op":"install","attempt":{"slot":"A","version":"1"}}`)
	f.Add(`{"op":"reject","reason":"x"}` + "\x00")
	f.Fuzz(func(t *testing.T, line string) {
		fake := &fakeSlots{boot: Boot{Way: Slots, Slot: "A"}}
		h := &Helper{Installer: fake, File: "/nonexistent/bundle", Kept: filepath.Join(t.TempDir(), "attempt.json")}
		var out bytes.Buffer
		if h.Serve(t.Context(), strings.NewReader(line+"\n"), &out) == nil && !strings.Contains(out.String(), `"done":true`) {
			t.Errorf("no end: %q", out.String())
		}
		if did := fake.did(); did != "" && did != "good" && did != "reboot" {
			t.Errorf("with no bundle and no attempt: %s", did)
		}
	})
}

func TestWhatRAUCPrints(t *testing.T) {
	var seen []int
	fault := readProgress(strings.NewReader("installing\n  0% Installing\n 20% Determining slot states done.\n100% Installing failed.\nLastError: Failed updating slot rootfs.1: no space\nInstalling failed\n"), func(p int) { seen = append(seen, p) })
	if len(seen) != 3 || seen[1] != 20 || fault != "Failed updating slot rootfs.1: no space" {
		t.Errorf("%v %q", seen, fault)
	}
	b, err := parseStatus([]byte(`{"compatible":"c","variant":"","booted":"B","boot_primary":"rootfs.1","slots":[]}`))
	if err != nil || b != (Boot{Way: Slots, Slot: "B", Compatible: "c"}) {
		t.Errorf("%+v, %v", b, err)
	}
	if v := imageVersion([]byte("NAME=x\nIMAGE_VERSION=\"1.2+3.gab\"\n")); v != "1.2+3.gab" {
		t.Error(v)
	}
}

func FuzzWhatRAUCPrints(f *testing.F) {
	f.Add([]byte(`{"compatible":"c","booted":"A"}`))
	f.Add([]byte(" 40% Checking\nLastError: x\n"))
	f.Add([]byte(`{"compatible":"c","version":"1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseStatus(b); err == nil && s.Slot != "A" && s.Slot != "B" {
			t.Errorf("slot %q", s.Slot)
		}
		if i, err := parseInfo(b); err == nil && i.Version == "" {
			t.Error("no version")
		}
		readProgress(bytes.NewReader(b), func(p int) {
			if p < 0 || p > 100 {
				t.Errorf("%d per cent", p)
			}
		})
		imageVersion(b)
	})
}

var _ io.Writer = (*staging)(nil)
