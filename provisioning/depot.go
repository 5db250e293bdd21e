package provisioning

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
)

// Vault keeps a few named texts, all or none of them changed by a Set, which
// returns when they are on the disk; *store.Secrets is one.
type Vault interface {
	Get(name string) (secret.String, error)
	Set(values map[string]secret.String) error
	Wipe(names ...string) error
}

// Depot keeps the documents that the phone is given while it runs, one for each
// of the layers site, stick or QR code, and user. A change begins as a trial: what
// was there before is kept beside it until Confirm, and comes back by RollBack, or
// by itself when the phone has been started MaxStarts times without a Confirm. All
// of it is one text in the vault, so that a power cut leaves the old state or the
// new one. It is safe for concurrent use.
type Depot struct {
	vault Vault
	clock clock.Clock

	mu    sync.Mutex
	state depotState
}

// MaxStarts is how often a phone may be started on trial: a configuration that
// makes it crash or hang is taken back at the next start.
const MaxStarts = 3

// What a change can be refused for.
var (
	// ErrOnTrial: the change before it has not been confirmed yet.
	ErrOnTrial = errors.New("the last change is still on trial")
	// ErrStale: the configuration has changed since the proposal was made.
	ErrStale = errors.New("the configuration has changed meanwhile; look at the difference again")
	// ErrLayer: the layer is not one that can be given while the phone runs.
	ErrLayer = errors.New("this layer can't be changed")
)

const depotName = "documents"

// depotState is what the vault holds, as JSON.
type depotState struct {
	Version   int                 `json:"version"`
	Serial    uint64              `json:"serial"` // counts the changes
	Documents map[string]document `json:"documents,omitempty"`
	Trial     *trialState         `json:"trial,omitempty"`
	Last      *Outcome            `json:"last,omitempty"`
}

type document struct {
	Name string    `json:"name"` // of the origin: "stick", "cfg.example.net"
	Text string    `json:"text"`
	ETag string    `json:"etag,omitempty"`
	At   time.Time `json:"at"`
}

type trialState struct {
	Layer  string    `json:"layer"`
	Before *document `json:"before,omitempty"` // nil: there was none
	Since  time.Time `json:"since"`
	Starts int       `json:"starts"`
}

// Trial is a change that has not proved itself yet.
type Trial struct {
	Layer  Layer     `json:"layer"`
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Starts int       `json:"starts"` // of the phone since then
}

// Outcome is how the last trial ended.
type Outcome struct {
	Layer     string    `json:"layer"`
	Name      string    `json:"name"`
	Confirmed bool      `json:"confirmed"`
	Why       string    `json:"why,omitempty"` // it was taken back
	At        time.Time `json:"at"`
}

// depotLayers can be given while the phone runs.
var depotLayers = []Layer{LayerSite, LayerMedia, LayerUser}

// OpenDepot reads what the vault holds. What can't be read is an error, and the
// Depot is empty then and can be used.
func OpenDepot(vault Vault, c clock.Clock) (*Depot, error) {
	if c == nil {
		c = clock.Real{}
	}
	d := &Depot{vault: vault, clock: c, state: depotState{Version: format}}
	kept, err := vault.Get(depotName)
	if err != nil || kept.Empty() {
		return d, err
	}
	var s depotState
	if err := json.Unmarshal([]byte(kept.Reveal()), &s); err != nil {
		return d, fmt.Errorf("%w: the kept configuration can't be read", ErrDocument) // the text may hold secrets
	}
	if s.Version > format {
		return d, ErrNewerFormat
	}
	d.state = s
	return d, nil
}

// Sources are the kept documents, for Load beside the phone's own file.
func (d *Depot) Sources() []Source {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.sources()
}

func (s depotState) sources() []Source {
	var out []Source
	for _, l := range depotLayers {
		if doc, ok := s.Documents[l.String()]; ok {
			out = append(out, Text{From: Origin{Layer: l, Name: doc.Name}, Data: []byte(doc.Text)})
		}
	}
	return out
}

// ETag is that of the kept document of a layer, and its name; "" without one.
func (d *Depot) ETag(l Layer) (etag, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc := d.state.Documents[l.String()]
	return doc.ETag, doc.Name
}

// Document is a new document for a layer. Empty Data takes the layer's away.
type Document struct {
	Layer Layer
	Name  string
	Data  []byte
	ETag  string // of the answer it came in
}

// Proposal is a checked change that nobody has asked for yet.
type Proposal struct {
	// Config is the configuration as it would be.
	Config   Config
	Changes  []Change
	Warnings []Warning

	doc    Document
	serial uint64
}

// Trial says whether the change could cost the phone its service, so that it has
// to prove itself.
func (p Proposal) Trial() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.Stage == StageTrust || c.Stage == StageAccount || c.Stage == StageLines
	})
}

// Propose checks a document together with everything else there is: base are the
// sources outside the depot. A document that can't be used, or a whole that can't
// be, is an error that names every key; nothing is changed.
func (d *Depot) Propose(doc Document, base ...Source) (Proposal, error) {
	if !slices.Contains(depotLayers, doc.Layer) {
		return Proposal{}, fmt.Errorf("%s: %w", doc.Layer, ErrLayer)
	}
	if doc.Data != nil {
		if _, _, err := read(Origin{Layer: doc.Layer, Name: doc.Name}, doc.Data); err != nil {
			return Proposal{}, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	from, _, _ := Load(slices.Concat(base, d.state.sources())...) // what is there has been told of before
	after := d.state
	after.Documents = d.state.with(doc, time.Time{})
	to, warns, err := Load(slices.Concat(base, after.sources())...)
	if err != nil && len(doc.Data) > 0 && errors.Is(err, ErrDocument) && from.Validate() == nil {
		// Another source is broken; it was so before and is not this one's fault.
		err = nil
	}
	if err == nil {
		err = to.Validate()
	}
	if err == nil && len(to.Missing()) > 0 && len(from.Missing()) == 0 {
		err = &KeyError{Key: to.Missing()[0], Origin: Origin{Layer: doc.Layer, Name: doc.Name}, Want: "a value, or nobody could sign in"}
	}
	if err != nil {
		return Proposal{}, err
	}
	return Proposal{Config: to, Changes: Diff(&from, &to), Warnings: warns, doc: doc, serial: d.state.Serial}, nil
}

// with gives the documents with one of them replaced.
func (s depotState) with(doc Document, at time.Time) map[string]document {
	out := map[string]document{}
	for k, v := range s.Documents {
		out[k] = v
	}
	if len(doc.Data) == 0 {
		delete(out, doc.Layer.String())
	} else {
		out[doc.Layer.String()] = document{Name: doc.Name, Text: string(doc.Data), ETag: doc.ETag, At: at}
	}
	return out
}

// Begin keeps the proposed document; it is on the disk when Begin returns. With
// trial set and a proposal that could cost the service, its trial begins: for a
// phone that has service now.
func (d *Depot) Begin(p Proposal, trial bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state.Trial != nil:
		return ErrOnTrial
	case p.serial != d.state.Serial:
		return ErrStale
	}
	next := d.state
	now := d.clock.Now()
	next.Serial++
	next.Documents = d.state.with(p.doc, now)
	if trial && p.Trial() {
		next.Trial = &trialState{Layer: p.doc.Layer.String(), Since: now}
		if old, ok := d.state.Documents[p.doc.Layer.String()]; ok {
			next.Trial.Before = &old
		}
	}
	return d.keep(next)
}

// Booted counts a start of the phone. A change that was on trial for MaxStarts of
// them is taken back; the phone has to Load after it.
func (d *Depot) Booted() (rolledBack bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Trial == nil {
		return false, nil
	}
	t := *d.state.Trial
	t.Starts++
	if t.Starts > MaxStarts {
		return true, d.rollBack(fmt.Sprintf("the phone was started %d times without service", MaxStarts))
	}
	next := d.state
	next.Trial = &t
	return false, d.keep(next)
}

// Trial is the change that is on trial, if there is one.
func (d *Depot) Trial() (Trial, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.state.Trial
	if t == nil {
		return Trial{}, false
	}
	return Trial{Layer: layerOf(t.Layer), Name: d.state.Documents[t.Layer].Name, Since: t.Since, Starts: t.Starts}, true
}

// Last is how the last trial ended; false: there was none.
func (d *Depot) Last() (Outcome, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Last == nil {
		return Outcome{}, false
	}
	return *d.state.Last, true
}

// Confirm ends the trial: the change has proved itself.
func (d *Depot) Confirm() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Trial == nil {
		return nil
	}
	next := d.state
	next.Last = d.outcome("")
	next.Last.Confirmed = true
	next.Trial = nil
	return d.keep(next)
}

// RollBack ends the trial by putting back what was there before.
func (d *Depot) RollBack(why string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Trial == nil {
		return nil
	}
	return d.rollBack(why)
}

func (d *Depot) rollBack(why string) error {
	next := d.state
	next.Serial++
	next.Last = d.outcome(why)
	next.Documents = d.state.with(Document{Layer: layerOf(d.state.Trial.Layer)}, time.Time{})
	if before := d.state.Trial.Before; before != nil {
		next.Documents[d.state.Trial.Layer] = *before
	}
	next.Trial = nil
	return d.keep(next)
}

func (d *Depot) outcome(why string) *Outcome {
	t := d.state.Trial
	return &Outcome{Layer: t.Layer, Name: d.state.Documents[t.Layer].Name, Why: why, At: d.clock.Now()}
}

// keep writes the state and takes it on only when it is on the disk.
func (d *Depot) keep(next depotState) error {
	b, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := d.vault.Set(map[string]secret.String{depotName: secret.New(string(b))}); err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	d.state = next
	return nil
}

// Forget takes everything away, for a factory reset.
func (d *Depot) Forget() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = depotState{Version: format}
	return d.vault.Wipe()
}

func layerOf(word string) Layer {
	for _, l := range depotLayers {
		if l.String() == word {
			return l
		}
	}
	return LayerNone
}
