package phone

import (
	"slices"
	"time"
)

// State is everything the core knows. It is a value: Step returns a new one
// and leaves the old one as it was. The zero State is not usable; see New.
type State struct {
	at, boot time.Time // the last and the first event's instant
	seq      uint64
	settings Settings
	digits   *DigitMap // settings.DigitMap, parsed; immutable

	session  SessionInfo
	problems []ProblemInfo
	lines    []LineView
	spare    LineInfo // kept for emergency calls alone, when there is no other; ID "": none
	mwi      []lineMWI

	calls    []call // oldest first
	nextCall CallID
	order    []CallID // live calls, the one that had the focus last first
	focus    CallID   // 0: the dial screen or nothing
	shown    CallID   // the call of the ENDED or FAILED screen
	ended    bool     // a live call ended in this step
	recall   recall
	waiting  waiting
	xfer     transfer
	conf     []CallID // who is in the conference, in the order they came; replaced, never changed
	park     parking
	question question
	pending  pending

	path       Path
	offHook    bool
	hookKnown  bool
	bootLifted bool // off hook since before there was service
	headset    bool // headset mode
	headsetOut bool // the jack says that nothing is plugged in
	muted      bool

	station  station
	input    Input
	dialLine LineID // chosen by a line key
	tone     Tone   // left by a finished call or a time-out

	page       page
	morePage   int       // which row of soft keys
	letters    bool      // they are A to D
	hookDown   time.Time // since when the handset is down
	labels     labels
	toast      *Toast
	stick      bool // reports can be written to a stick
	reporting  bool // one is being written
	volume     *VolumeOverlay
	display    DisplayState
	touched    time.Time // when a hand or a call was last there
	lookAt     time.Time // when TimerDisplay is due
	volumeKeys bool      // * and # turn the volume while the overlay is up
	keys       []heldKey

	under    []page // the pages beneath; replaced, never changed
	watches  []watch
	asked    []watched     // what the world was told to watch
	contacts []ContactCard // sorted; replaced, never changed
	ids      []CallerID
	device   DeviceInfo
	wiring   wiring
	remote   RemoteControl
	choice   int // the selected suggestion while dialling, 0: what was typed
	callback callback

	preview   bool // the chosen melody is heard
	lockUntil time.Time
	pinFor    string // what a PIN is being checked for
	pinSaving pinSave
	lockNext  bool // the phone locks when the PIN is kept
	withhold  bool // the next call's number
	configDue configDue
	offer     *offering
	ways      SignInWays
	typed     typed
	consent   consenting

	missed    int
	recent    []CallRecord // newest first; replaced, never changed
	last      lastNumber
	emergency time.Time // of the last emergency call
	confSince time.Time

	timers []runningTimer
	gen    int

	plan AudioPlan
}

// call is a call with what only the core needs to know of it.
type call struct {
	CallView
	gen       int
	leg       LegID
	early     bool // early media can be heard
	emergency bool
	identity  Party
	private   bool
	detail    string // why it is over, for the API
	dialled   string // the number after rewrites
	melody    string
	referrer  CallID    // whose far end asked for this call
	hops      int       // redirections followed
	returned  time.Time // taken back after a transfer that failed
	unsure    bool      // handed on, but nobody said that it rang there
	slot      string    // the park slot that is retrieved by this call
	knocks    bool      // came while the handset lay beside its cradle: told by a tone there
}

func (c *call) ref() CallRef { return CallRef{ID: c.ID, Gen: c.gen} }

// live: somebody may still talk, ring or wait in it.
func (c *call) live() bool { return c.State != Ending && c.State != Ended }

// takesDigits: the far end can be heard, so digits are for it.
func (c *call) takesDigits() bool {
	return c.State == Active && !c.OnHold || c.State == Alerting && c.early && !c.emergency
}

// talking: the call that the path belongs to. There is at most one, but for a
// conference.
func (c *call) talking() bool {
	switch c.State {
	case Dialing, Alerting, Answering:
		return true
	case Active:
		return !c.OnHold
	}
	return false
}

// station is what an open path, or the dial screen, does while no call has it.
type station int

const (
	stationNone     station = iota
	stationPredial          // on hook, digits entered
	stationDialtone         // path open, no digit yet
	stationDialing          // path open, digits entered
	stationTransfer         // path open, the target of a transfer is entered
	stationReorder          // "Hang up and try again"
	stationHowler
	stationQuiet // path open, nothing going on, idle screen
)

// lastNumber is what REDIAL repeats.
type lastNumber struct {
	typed, number string
	line          LineID
}

// recentLimit is how many finished calls the core remembers.
const recentLimit = 50

// New makes the State of a phone that has just been switched on: on hook, no
// lines, signed out. A digit map that can't be parsed is replaced by
// DefaultDigitMap; whoever takes settings from outside checks them with
// ParseDigitMap first.
func New(set Settings) State {
	s := State{settings: Defaults(set)}
	s.digits = mapOf(s.settings.DigitMap)
	s.labels.reset(s.softKeys(), 0)
	return s
}

func mapOf(text string) *DigitMap {
	m, err := ParseDigitMap(text)
	if err != nil {
		m, _ = ParseDigitMap(DefaultDigitMap)
	}
	return m
}

// At is the instant of the last event.
func (s State) At() time.Time { return s.at }

// clone copies what Step changes in place. Everything else is replaced as a
// whole when it changes.
func (s State) clone() State {
	s.calls = slices.Clone(s.calls)
	s.order = slices.Clone(s.order)
	s.timers = slices.Clone(s.timers)
	s.keys = slices.Clone(s.keys)
	return s
}

func (s *State) call(id CallID) *call {
	if id == 0 {
		return nil
	}
	for i := range s.calls {
		if s.calls[i].ID == id {
			return &s.calls[i]
		}
	}
	return nil
}

// find returns the first call in focus order that f accepts.
func (s *State) find(f func(*call) bool) *call {
	for _, id := range s.order {
		if c := s.call(id); c != nil && f(c) {
			return c
		}
	}
	return nil
}

func (s *State) count(f func(*call) bool) int {
	n := 0
	for i := range s.calls {
		if f(&s.calls[i]) {
			n++
		}
	}
	return n
}

func isIncoming(c *call) bool { return c.State == Incoming }
func isHeld(c *call) bool     { return c.State == Active && c.OnHold }
func isRinging(c *call) bool  { return c.State == Incoming && !c.Silenced }

func (s *State) talking() *call  { return s.find((*call).talking) }
func (s *State) incoming() *call { return s.find(isIncoming) }
func (s *State) held() *call     { return s.find(isHeld) }
func (s *State) anyLive() bool   { return len(s.order) > 0 }

func (s *State) line(id LineID) *LineView {
	for i := range s.lines {
		if s.lines[i].ID == id {
			return &s.lines[i]
		}
	}
	return nil
}

// service: a line is registered.
func (s *State) service() bool {
	return slices.ContainsFunc(s.lines, func(l LineView) bool { return l.State == LineRegistered })
}

// noService: there is none, and not only because the first try still runs.
func (s *State) noService() bool {
	if s.service() || len(s.lines) == 0 {
		return false
	}
	for _, l := range s.lines {
		if l.State != LineConnecting || l.Cause != CauseNone {
			return true
		}
	}
	return false
}
