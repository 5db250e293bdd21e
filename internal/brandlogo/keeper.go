package brandlogo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
)

// ProblemCode is the code of the problem that stands while no new picture could
// be had.
const ProblemCode = "brand.logo"

// How often the logo is looked at, and how long one request may take.
const (
	askEvery   = 24 * time.Hour   // a server, with its ETag
	lookEvery  = 30 * time.Second // a local file: its size and time
	retryFirst = time.Minute
	retryMax   = 6 * time.Hour
	askTime    = 15 * time.Second
)

// Names in the data folder.
const (
	pictureName = "brand-logo.png"
	noteName    = "brand-logo.json"
	// keptBytes bounds what was encoded here: noise does not get smaller.
	keptBytes = 4*keptSide*keptSide + 64<<10
)

// Config of a Keeper. Fields without a remark are required.
type Config struct {
	// Source is an https address, or the name of a local file.
	Source string
	// Dir is the data folder; "": nothing is kept over a restart.
	Dir      string
	HTTP     *httpcall.Client
	Problems *health.Registry // nil: only the log is told
	Clock    clock.Clock      // nil: clock.Real
	Log      *slog.Logger     // nil: none
}

// Keeper has the newest good picture. Current and Changed may be called from any
// goroutine, Run from one.
type Keeper struct {
	cfg     Config
	now     atomic.Pointer[Picture]
	changed chan struct{}
	etag    string
	seen    fileState
	wait    *backoff.Backoff
}

// fileState tells whether a local file is another than before.
type fileState struct {
	size int64
	mod  time.Time
}

// note is what is kept beside the picture.
type note struct {
	Source string `json:"source"`
	ETag   string `json:"etag"`
}

// New makes a Keeper and reads what it kept of the same source before, so that the
// logo stands on the first picture after a restart.
func New(c Config) *Keeper {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{cfg: c, changed: make(chan struct{}, 1), wait: backoff.New(retryFirst, retryMax, 0.5, nil)}
	k.restore()
	return k
}

// Current is the picture, nil while there is none.
func (k *Keeper) Current() *Picture {
	if k == nil {
		return nil
	}
	return k.now.Load()
}

// Changed tells that Current is another picture; it is coalesced. It has one
// reader.
func (k *Keeper) Changed() <-chan struct{} {
	if k == nil {
		return nil
	}
	return k.changed
}

// Run keeps the picture new until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	if k.cfg.Source == "" {
		return
	}
	for {
		next := k.look(ctx)
		if ctx.Err() != nil {
			return
		}
		woken := make(chan struct{})
		t := k.cfg.Clock.AfterFunc(next, func() { close(woken) })
		select {
		case <-woken:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// look asks once and says when to ask again.
func (k *Keeper) look(ctx context.Context) time.Duration {
	remote := strings.HasPrefix(k.cfg.Source, "https://") || strings.HasPrefix(k.cfg.Source, "http://")
	get, every := k.local, lookEvery
	if remote {
		get, every = k.fetch, askEvery
	}
	data, etag, err := get(ctx)
	if err == nil && data != nil {
		err = k.take(data, etag)
	}
	if ctx.Err() != nil {
		return every
	}
	if err != nil {
		k.failed(err)
		if !remote {
			return every
		}
		return k.wait.Next()
	}
	k.wait.Reset()
	if k.cfg.Problems != nil {
		k.cfg.Problems.Clear(ProblemCode, "")
	}
	return every
}

func (k *Keeper) failed(err error) {
	k.cfg.Log.Warn("the logo could not be had", "err", err)
	if k.cfg.Problems == nil {
		return
	}
	k.cfg.Problems.Set(health.Problem{Code: ProblemCode, Severity: health.Info, Title: "The brand's logo can't be shown",
		Advice: "Check brand_logo in the configuration: a PNG of at most 512 KiB.", Detail: err.Error()})
}

// fetch asks the server; no data and no error mean that nothing has changed.
func (k *Keeper) fetch(ctx context.Context) ([]byte, string, error) {
	etag := k.etag
	if k.now.Load() == nil {
		etag = ""
	}
	a, err := k.cfg.HTTP.Do(ctx, httpcall.Request{
		Op: "fetch the logo", URL: k.cfg.Source, ETag: etag, MaxBody: MaxBytes, Timeout: askTime,
		Header: http.Header{"Accept": {"image/png"}},
	})
	if err != nil || a.Status == http.StatusNotModified {
		return nil, "", err
	}
	if a.Body == nil {
		a.Body = []byte{}
	}
	return a.Body, a.ETag, nil
}

// local reads a file where it is another than before. Only a plain file is
// opened: a pipe would never end.
func (k *Keeper) local(context.Context) ([]byte, string, error) {
	st, err := os.Stat(k.cfg.Source)
	if err != nil {
		return nil, "", fmt.Errorf("read the logo: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, "", fmt.Errorf("read the logo: %w: not a plain file", ErrFormat)
	}
	now := fileState{st.Size(), st.ModTime()}
	if now == k.seen && k.now.Load() != nil {
		return nil, "", nil
	}
	f, err := os.Open(k.cfg.Source)
	if err != nil {
		return nil, "", fmt.Errorf("read the logo: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("read the logo: %w", err)
	}
	k.seen = now
	return data, "", nil
}

// take checks a file, shows it and keeps it.
func (k *Keeper) take(data []byte, etag string) error {
	p, err := Decode(data)
	if err != nil {
		return err
	}
	old := k.now.Swap(p)
	k.etag = etag
	if err := k.keep(p); err != nil {
		k.cfg.Log.Warn("the logo could not be kept", "err", err)
	}
	if old == nil || old.Tag != p.Tag {
		k.cfg.Log.Info("the logo is new", "width", p.Image.Rect.Dx(), "height", p.Image.Rect.Dy())
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
	return nil
}

// restore reads what was kept; anything wrong with it is as if there were nothing.
func (k *Keeper) restore() {
	if k.cfg.Dir == "" || k.cfg.Source == "" {
		return
	}
	b, err := readBounded(filepath.Join(k.cfg.Dir, noteName), 16<<10)
	var n note
	if err != nil || json.Unmarshal(b, &n) != nil || n.Source != tagOf([]byte(k.cfg.Source)) {
		return
	}
	data, err := readBounded(filepath.Join(k.cfg.Dir, pictureName), keptBytes)
	if err != nil {
		return
	}
	p, err := decode(data, keptBytes)
	if err != nil {
		k.cfg.Log.Warn("the kept logo is broken", "err", err)
		return
	}
	k.now.Store(p)
	k.etag = n.ETag
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, limit))
}

// keep writes the picture, then the note: a note without its picture, after a
// power cut between the two, only costs the ETag.
func (k *Keeper) keep(p *Picture) error {
	if k.cfg.Dir == "" {
		return nil
	}
	n, err := json.Marshal(note{Source: tagOf([]byte(k.cfg.Source)), ETag: k.etag})
	if err != nil {
		return err
	}
	// Without the old note the new picture can't be taken for another source's.
	if err := os.Remove(filepath.Join(k.cfg.Dir, noteName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := replace(filepath.Join(k.cfg.Dir, pictureName), p.PNG); err != nil {
		return err
	}
	return replace(filepath.Join(k.cfg.Dir, noteName), n)
}

// replace writes a file whole or not at all.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".brand-logo-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// tagOf names a content, or an address that is not to be written down.
func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
