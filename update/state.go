package update

import "time"

// Phase is how far an update is.
type Phase string

// The phases, in order.
const (
	Idle       Phase = "idle"
	Fetching   Phase = "fetching"   // downloaded, read from the stick, or taken from the page
	Verifying  Phase = "verifying"  // signature, board and version
	Installing Phase = "installing" // waits for the end of calls, then writes the other slot
	Restarting Phase = "restarting" // installed; the restart waits until nobody telephones
	Trial      Phase = "trial"      // the new system runs and is not confirmed yet
)

// Way is how this phone gets its updates.
type Way string

// The ways.
const (
	Slots    Way = "slots"   // two slots and RAUC: this package
	Packages Way = "apt"     // an ordinary Debian: apt updates the phone as any program
	Unknown  Way = "unknown" // the helper has not answered yet
)

// SourceKind is where a bundle comes from.
type SourceKind string

// The kinds of sources.
const (
	Stick  SourceKind = "stick"
	URL    SourceKind = "url"
	Upload SourceKind = "upload"
)

// Source is one bundle to be fetched.
type Source struct {
	Kind SourceKind `json:"kind"`
	// Name is shown: a file name or a host, never a whole URL.
	Name string `json:"name"`
	// Place is the path or the URL; it never leaves the phone.
	Place string `json:"-"`
	// Size and SHA256 (in hexadecimal) are those of a URL's bundle, and Version the one
	// it has to be, where somebody announced them; 0 and "": nobody did.
	Size    int64  `json:"-"`
	SHA256  string `json:"-"`
	Version string `json:"-"`
	// Left: nobody has just plugged the stick in, it was there when the phone started.
	// What it has is then taken if it is news, and otherwise not worth a word.
	Left bool `json:"-"`
}

// Bundle is what a verified bundle says of itself.
type Bundle struct {
	Compatible string `json:"compatible"`
	Version    string `json:"version"`
}

// Reason says why an update ended; it is stable, for machines.
type Reason string

// The reasons.
const (
	Succeeded     Reason = "confirmed"
	Cancelled     Reason = "cancelled"
	NoSource      Reason = "not-found"   // no bundle on the stick
	Unreachable   Reason = "unreachable" // the download failed
	NoSpace       Reason = "no-space"    // the bundle does not fit
	ReadOnly      Reason = "read-only"   // the state partition can't be written
	BadSignature  Reason = "signature"   // corrupt, or signed by somebody else
	WrongBoard    Reason = "wrong-board" // made for another device
	Older         Reason = "older"       // older than what runs, and nobody said it may be
	Same          Reason = "same"        // the very version that runs
	Checksum      Reason = "checksum"    // not the bytes that were announced
	Mislabelled   Reason = "mislabelled" // signed, but not the version that was announced
	NotWritten    Reason = "not-written" // the slot could not be written
	NotBooted     Reason = "not-booted"  // the new system did not come up
	NotRegistered Reason = "not-registered"
	SelfTest      Reason = "self-test"
	NoHelper      Reason = "helper" // the program that writes the slots does not answer
)

// Report is how the last update ended.
type Report struct {
	Reason Reason    `json:"reason"`
	From   string    `json:"from,omitempty"` // the version before
	To     string    `json:"to,omitempty"`   // the bundle's
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at"`
	// After is how long a server asked to be left alone, 0: it did not.
	After time.Duration `json:"after,omitempty"`
}

// Good says that the new version runs and stays.
func (r Report) Good() bool { return r.Reason == Succeeded }

// RolledBack says that the new system was tried and left.
func (r Report) RolledBack() bool {
	return r.Reason == NotBooted || r.Reason == NotRegistered || r.Reason == SelfTest
}

// Attempt is what root's helper keeps from the installation to the verdict.
type Attempt struct {
	Slot    string `json:"slot"` // that the bundle was written to
	From    string `json:"from"`
	Version string `json:"version"`
	// Registered: the phone had service before. Only then must the new one have.
	Registered bool `json:"registered"`
	// Written: the slot was written whole and made the next one to start.
	Written bool `json:"written"`
	// Verdict is why the trial ended badly, "": nobody has judged it.
	Verdict Reason `json:"verdict,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// Boot is what the helper tells of the system that runs.
type Boot struct {
	Way        Way      `json:"way"`
	Slot       string   `json:"slot,omitempty"`
	Version    string   `json:"version,omitempty"`
	Compatible string   `json:"compatible,omitempty"`
	Attempt    *Attempt `json:"attempt,omitempty"`
}

// Facts are what the phone knows of itself.
type Facts struct {
	Busy       bool // a call, or somebody dials
	Registered bool // at least one line has service
	// Fault is what the self-test complains of, "": nothing.
	Fault string
	// Ready: the self-test has an answer.
	Ready bool
}

// State is all that Step knows. Copies are independent.
type State struct {
	Phase      Phase
	Boot       Boot
	Facts      Facts
	Source     Source
	AllowOlder bool
	Bundle     Bundle
	Done       int64 // bytes fetched, or per cent installed
	Total      int64 // bytes expected, 0: unknown; 100 while installing
	Report     Report
	writing    bool // the installation was begun
	confirmed  bool // this boot was
	leaving    bool // a restart was ordered
	try        int  // generation: what belongs to an older one is stale
}

// Percent is the phase's progress, -1: unknown.
func (s State) Percent() int {
	if s.Total <= 0 || s.Phase != Fetching && s.Phase != Installing {
		return -1
	}
	return int(min(100, max(0, s.Done*100/s.Total)))
}
