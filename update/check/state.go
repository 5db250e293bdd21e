package check

import (
	"slices"
	"time"

	"phoned/update"
)

// Settings are what the configuration says.
type Settings struct {
	URL string // of the index, "": nobody is asked
	// Every is how often the server is asked, 0: only when a person says so.
	Every time.Duration
	// Window is when an update may begin by itself.
	Window Window
	// Install begins what is offered by itself; else it is only told.
	Install bool
	Zone    *time.Location // of the window, nil: UTC
}

func (s Settings) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// Phone is what update.State says that matters here. It is comparable.
type Phone struct {
	Way        update.Way
	Version    string
	Compatible string
	Phase      update.Phase
	Busy       bool
	Place      string // of the bundle that is under way, or was last
	Report     update.Report
}

// PhoneOf takes it out of an update's state.
func PhoneOf(s update.State) Phone {
	return Phone{s.Boot.Way, s.Boot.Version, s.Boot.Compatible, s.Phase, s.Facts.Busy, s.Source.Place, s.Report}
}

// Kept is what has to survive a restart. Its parts are not changed, but replaced.
type Kept struct {
	// Place is the phone's own in a window, drawn once, 0 to 1.
	Place float64 `json:"place"`
	// URL is that of the index which the next four are of, Board whom Offer is for.
	URL     string    `json:"url,omitempty"`
	ETag    string    `json:"etag,omitempty"`
	Board   string    `json:"board,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	// Offer is the highest version for this board, without one: none.
	Offer Offer `json:"offer,omitzero"`
	// Refused are versions that are not begun by themselves, the newest last.
	Refused []Refusal `json:"refused,omitempty"`
	// Trying is what was begun and has not ended yet; nil: nothing.
	Trying *Trying `json:"trying,omitempty"`
	// Stumbles counts how often Offer could not be written to its slot.
	Stumbles int `json:"stumbles,omitempty"`
}

// Refusal is a version that was tried here, and why it did not stay.
type Refusal struct {
	Version string        `json:"version"`
	Reason  update.Reason `json:"reason"`
	At      time.Time     `json:"at"`
}

// Trying is an update under way.
type Trying struct {
	Offer
	// Before is the time of the report that was the last one when it began.
	Before time.Time `json:"before,omitzero"`
	// Installed: it was written whole, and the phone was to restart into it.
	Installed bool `json:"installed,omitempty"`
}

// State is all that Step knows. Copies are independent.
type State struct {
	Set      Settings
	Phone    Phone
	Believed bool // the time of day
	Kept     Kept
	Failure  string // of the last question, "": it was answered
	Fails    int    // questions in a row that were not

	planned bool      // the times are
	due     time.Time // the next question
	hold    time.Time // no question before
	wait    time.Time // nothing is begun by itself before
	falls   int       // updates in a row that did not come
	asked   bool      // a person wants a question now
	asking  bool
	ordered bool // Trying was begun since the program started
	ran     bool // and was seen under way
	try     int  // generation of questions
}

// newer is what the server offers and the phone has not.
func (s State) newer() (Offer, bool) {
	o := s.Kept.Offer
	return o, o.Version != "" && s.Phone.Way == update.Slots && s.Kept.URL == s.Set.URL && o.Compatible == s.Phone.Compatible &&
		update.Compare(o.Version, s.Phone.Version) > 0
}

// refusal is why a version is not begun by itself, "": nothing is against it.
func (s State) refusal(version string) update.Reason {
	if i := slices.IndexFunc(s.Kept.Refused, func(r Refusal) bool { return r.Version == version }); i >= 0 {
		return s.Kept.Refused[i].Reason
	}
	return ""
}

// Status is what people are told.
type Status struct {
	Checked time.Time // the server's last answer
	Next    time.Time // when it is asked next, zero: not by itself
	Failure string    // why the last question was not answered
	Fails   int       // questions in a row that were not
	Offered string    // a version that is newer than the one that runs
	// Refused is why that one is not installed by itself here.
	Refused update.Reason
	// ByItself: that one will be installed without anybody saying so. From and To are the
	// window in which it begins, where there is one; From alone: not before.
	ByItself bool
	From, To time.Time
}

// Status gives it for a moment.
func (s State) Status(now time.Time) Status {
	if s.Set.URL == "" || s.Phone.Way != update.Slots {
		return Status{}
	}
	out := Status{Failure: s.Failure, Fails: s.Fails}
	if s.Kept.URL == s.Set.URL {
		out.Checked = s.Kept.Checked
	}
	if s.Set.Every > 0 && s.planned {
		out.Next = later(s.due, s.hold)
	}
	o, ok := s.newer()
	if !ok {
		return out
	}
	out.Offered, out.Refused = o.Version, s.refusal(o.Version)
	if out.Refused == "" && s.Set.Install && s.Believed {
		out.ByItself = true
		if s.wait.After(now) {
			out.From = s.wait
		}
		if !s.Set.Window.IsZero() {
			w := s.Set.Window.next(later(now, s.wait), s.Set.zone())
			out.From, out.To = w.start, w.end
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
