package provisioning

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
// of the layers site, stick or QR code, backend (what a manager pushes), and user. A change begins as a trial: what
// was there before is kept beside it until Confirm, and comes back by RollBack, or
// by itself when the phone has been started MaxStarts times without a Confirm. All
// of it is one text in the vault, so that a power cut leaves the old state or the
// new one. It is safe for concurrent use.
type Depot struct {
	vault Vault
	clock clock.Clock
	dir   string // of the files of bundles, "": none

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
	// ErrNothingBefore: there is no earlier configuration to go back to.
	ErrNothingBefore = errors.New("there is no earlier configuration to go back to")
)

const depotName = "documents"

// depotState is what the vault holds, as JSON.
type depotState struct {
	Version   int                 `json:"version"`
	Serial    uint64              `json:"serial"` // counts the changes
	Documents map[string]document `json:"documents,omitempty"`
	Trial     *trialState         `json:"trial,omitempty"`
	Last      *Outcome            `json:"last,omitempty"`
	// Earlier is what the layer that was changed last had before.
	Earlier *earlierState `json:"earlier,omitempty"`
}

type earlierState struct {
	Layer    string    `json:"layer"`
	Document *document `json:"document,omitempty"` // nil: there was none
}

type document struct {
	Name string    `json:"name"` // of the origin: "stick", "cfg.example.net"
	Text string    `json:"text"`
	ETag string    `json:"etag,omitempty"`
	At   time.Time `json:"at"`
	// Parts are what came with it in a bundle, by their names.
	Parts map[string]keptPart `json:"parts,omitempty"`
}

// keptPart is where a part is: in a file, or, as it holds secrets, here, sealed with
// the rest.
type keptPart struct {
	From string `json:"from"` // as document's Name
	File string `json:"file,omitempty"`
	Text string `json:"text,omitempty"`
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
var depotLayers = []Layer{LayerSite, LayerMedia, LayerBackend, LayerUser}

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
	return d.state.sources(d.dir)
}

func (s depotState) sources(dir string) []Source {
	var out []Source
	for _, l := range depotLayers {
		if doc, ok := s.Documents[l.String()]; ok {
			out = append(out, doc.source(l, dir))
		}
	}
	return out
}

func (doc document) source(l Layer, dir string) withParts {
	return withParts{Text: Text{From: Origin{Layer: l, Name: doc.Name}, Data: []byte(doc.Text)}, dir: dir, parts: doc.Parts}
}

// ETag is that of the kept document of a layer, and its name; "" without one.
func (d *Depot) ETag(l Layer) (etag, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc := d.state.Documents[l.String()]
	return doc.ETag, doc.Name
}

// Document is a new document for a layer. Without Data and Parts it takes the layer's
// away.
type Document struct {
	Layer Layer
	Name  string
	Data  []byte
	ETag  string // of the answer it came in
	// Parts are what came with it in a bundle, by their names. Parts without Data
	// leave the layer's document and its other parts as they are.
	Parts map[string][]byte
}

func (d Document) empty() bool { return len(d.Data) == 0 && len(d.Parts) == 0 }

// Proposal is a checked change that nobody has asked for yet.
type Proposal struct {
	// Config is the configuration as it would be.
	Config   Config
	Changes  []Change
	Warnings []Warning

	layer  Layer
	next   *document // nil: the layer's is taken away
	parts  map[string][]byte
	serial uint64
}

// Trial says whether the change could cost the phone its service, so that it has
// to prove itself.
func (p Proposal) Trial() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.Stage == StageTrust || c.Stage == StageNetwork || c.Stage == StageAccount || c.Stage == StageLines
	})
}

// Propose checks a document together with everything else there is: base are the
// sources outside the depot. A document that can't be used, or a whole that can't
// be, is an error that names every key; nothing is changed.
func (d *Depot) Propose(doc Document, base ...Source) (Proposal, error) {
	if !slices.Contains(depotLayers, doc.Layer) {
		return Proposal{}, fmt.Errorf("%s: %w", doc.Layer, ErrLayer)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	next, err := d.planned(doc)
	if err != nil {
		return Proposal{}, err
	}
	return d.propose(doc.Layer, next, doc.Parts, base)
}

// planned is what a document becomes in the depot, checked by itself; nil: nothing.
func (d *Depot) planned(doc Document) (*document, error) {
	if doc.empty() {
		return nil, nil
	}
	at := Origin{Layer: doc.Layer, Name: doc.Name}
	if errs := checkParts(at, doc.Parts); len(errs) > 0 {
		return nil, &DocumentError{Origin: at, Errs: errs}
	}
	next := document{Name: doc.Name, Text: string(doc.Data), ETag: doc.ETag}
	if old, ok := d.state.Documents[doc.Layer.String()]; ok && len(doc.Data) == 0 {
		next = old
		next.Parts = maps.Clone(old.Parts)
	}
	for name, b := range doc.Parts {
		kept := keptPart{From: doc.Name, File: fileOf(name, b)}
		switch {
		case name == partWiFi:
			kept.File, kept.Text = "", string(b)
		case d.dir == "":
			return nil, fmt.Errorf("%s: %s: %w", at, name, ErrNoFolder)
		}
		if next.Parts == nil {
			next.Parts = map[string]keptPart{}
		}
		next.Parts[name] = kept
	}
	_, _, err := readSource(next.source(doc.Layer, d.dir))
	return &next, err
}

func (d *Depot) propose(layer Layer, next *document, parts map[string][]byte, base []Source) (Proposal, error) {
	from, _, _ := Load(slices.Concat(base, d.state.sources(d.dir))...) // what is there has been told of before
	after := d.state
	after.Documents = d.state.with(layer, next)
	to, warns, err := Load(slices.Concat(base, after.sources(d.dir))...)
	if err != nil && next != nil && errors.Is(err, ErrDocument) && from.Validate() == nil {
		// Another source is broken; it was so before and is not this one's fault.
		err = nil
	}
	if err == nil {
		err = to.Validate()
	}
	if err == nil && len(to.Missing()) > 0 && len(from.Missing()) == 0 {
		at := Origin{Layer: layer}
		if next != nil {
			at.Name = next.Name
		}
		err = &KeyError{Key: to.Missing()[0], Origin: at, Want: "a value, or nobody could sign in"}
	}
	if err != nil {
		return Proposal{}, err
	}
	return Proposal{Config: to, Changes: Diff(&from, &to), Warnings: warns, layer: layer, next: next, parts: parts, serial: d.state.Serial}, nil
}

// with gives the documents with one of them replaced, or taken away.
func (s depotState) with(layer Layer, doc *document) map[string]document {
	out := maps.Clone(s.Documents)
	if out == nil {
		out = map[string]document{}
	}
	if doc == nil {
		delete(out, layer.String())
	} else {
		out[layer.String()] = *doc
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
	if p.next != nil {
		doc := *p.next
		doc.At = now
		p.next = &doc
		if err := d.putParts(doc, p.parts); err != nil {
			return fmt.Errorf("keep the configuration: %w", errors.Join(err, d.sweep()))
		}
	}
	next.Documents = d.state.with(p.layer, p.next)
	next.Earlier = &earlierState{Layer: p.layer.String()}
	if old, ok := d.state.Documents[p.layer.String()]; ok {
		next.Earlier.Document = &old
	}
	if trial && p.Trial() {
		next.Trial = &trialState{Layer: p.layer.String(), Since: now, Before: next.Earlier.Document}
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
	next.Documents = d.state.with(layerOf(d.state.Trial.Layer), d.state.Trial.Before)
	next.Trial, next.Earlier = nil, nil
	return d.keep(next)
}

// Undo proposes what the layer that was changed last had before; nothing is changed. A
// change that was taken back already has nothing before it: ErrNothingBefore.
func (d *Depot) Undo(base ...Source) (Proposal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.state.Earlier
	if e == nil {
		return Proposal{}, ErrNothingBefore
	}
	return d.propose(layerOf(e.Layer), e.Document, nil, base)
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
	_ = d.sweep() // what stays behind is removed at the next start
	return nil
}

// Forget takes everything away, for a factory reset.
func (d *Depot) Forget() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = depotState{Version: format}
	return errors.Join(d.vault.Wipe(), d.sweep())
}

func layerOf(word string) Layer {
	for _, l := range depotLayers {
		if l.String() == word {
			return l
		}
	}
	return LayerNone
}
