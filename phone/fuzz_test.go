package phone

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// simulation turns bytes into events of a world that is mostly plausible: it
// fires timers that run, answers calls that exist, and sometimes lies.
type simulation struct {
	step   func(State, Event) (State, []Effect)
	state  State
	trace  Trace
	at     time.Time
	legs   int
	hook   bool
	stale  []What // real events of the past, to come again
	events int
	last   Event
	story  story // what is left of it
}

func newSimulation(step func(State, Event) (State, []Effect)) *simulation {
	m := &simulation{step: step, at: t0}
	m.state = New(Settings{
		Emergency: []string{"112"}, DigitMap: "<9:>[2-8]xxx|1xx|!900x.|*x.T|x.T", MaxCalls: 4, AutoAnswer: true,
	})
	return m
}

var simKeys = []Key{
	"1", "2", "0", "9", "*", "#", KeySoft1, KeySoft2, KeySoft3, KeySoft4, KeyArrowUp, KeyArrowDown, KeyArrowLeft, KeyArrowRight,
	KeyOK, KeyBack, KeySpeaker, KeyHeadset, KeyHeadsetButton, KeyMute, KeyHold, KeyTransfer, KeyRedial, KeyMessage, KeyVolUp, KeyVolDown, KeyLine1, "k2",
	"k3", "k4", "k5", "k6", "k7", KeyLine8, "5", "7",
	KeySoft1, KeySoft2, KeySoft4, KeyTransfer, KeyTransfer, KeySoft3, KeySoft3, KeySpeaker, KeyHold, "nonsense",
}

// event makes an event out of three bytes.
func (m *simulation) event(a, b, c byte) What {
	if c%4 != 0 {
		if w := m.tell(); w != nil {
			return w
		}
	}
	ref := CallRef{CallID(c % 6), int(c/128) + 1}
	if open := m.trace.Open(); len(open) > 0 && b < 230 {
		ref = open[int(c)%len(open)]
		if a >= 224 {
			ref.Gen++ // of an attempt that never was
		}
	}
	switch a % 32 {
	case 0, 1, 2, 3, 4, 5, 6:
		return KeyDown{simKeys[int(b)%len(simKeys)]}
	case 7, 8, 9:
		if n := len(m.state.keys); n > 0 {
			return KeyUp{m.state.keys[int(b)%n].key}
		}
		return KeyUp{simKeys[int(b)%len(simKeys)]}
	case 10, 11:
		if b < 240 {
			m.hook = !m.hook
		}
		return HookMoved{m.hook}
	case 12, 13, 14, 15, 16:
		if r := m.trace.Running(); len(r) > 0 && b < 240 {
			return r[int(c)%len(r)]
		}
		return TimerFired{Timer{Kind: TimerEnding, Call: ref.ID}, int(c)}
	case 17, 18:
		m.legs++
		leg := LegID(fmt.Sprint("leg", m.legs))
		if b > 250 {
			leg = LegID(fmt.Sprint("leg", m.legs-1))
		}
		var replaces CallRef
		if b > 200 {
			replaces = ref
		}
		return CallArrived{Leg: leg, Line: "1", From: Party{Number: fmt.Sprint(1000 + int(c))}, AutoReply: b < 20, Replaces: replaces}
	case 19:
		return CallProgress{Call: ref, Code: 180 + int(b%4), EarlyMedia: b > 200}
	case 20, 21:
		if b%3 == 0 {
			return CallConfirmed{ref}
		}
		return CallAnswered{ref}
	case 22:
		if b%2 == 0 {
			return CallConfirmed{ref}
		}
		return CallGone{Call: ref, Code: []int{0, 486, 404, 503, 487, 200}[int(b)%6], Elsewhere: b > 200}
	case 23:
		return CallGone{Call: ref, Code: 0}
	case 24:
		if b < 200 {
			return MediaUp{Call: ref}
		}
		if c%2 == 0 {
			return MediaSilent{ref}
		}
		return MediaFailed{Call: ref}
	case 25, 26:
		return HoldDone{Call: ref, On: b%3 != 0, OK: b%5 != 0}
	case 27:
		return m.service(b, c)
	case 28, 29:
		return m.command(b, c)
	case 30:
		if n := len(m.stale); n > 0 {
			return m.stale[(int(b)<<8+int(c))%n]
		}
	}
	switch b % 14 {
	case 5:
		m.begin(c / 4)
		return Heartbeat{}
	case 12:
		return m.desk(c)
	case 13:
		return WatchChanged{Line: "1", Resource: []string{"1003", "park+701", "nobody"}[int(c)%3],
			State: []WatchState{WatchIdle, WatchRinging, WatchBusy, WatchUnknown}[int(c/3)%4], Pickup: c > 100, Remote: Party{Number: "77"}}
	case 6, 7:
		return TransferDone{Call: ref, OK: c%3 == 0, Code: []int{486, 0, 603, 404}[int(c)%4], Recovered: c%5 != 0}
	case 8:
		return TransferNews{ref, 180}
	case 9:
		if c%2 == 0 {
			return CallMoved{Call: CallRef{ref.ID, ref.Gen + 1}}
		}
		return CallRedirected{ref, []Contact{{URI: "sip:112@x", Party: Party{Number: "112"}}, {URI: "sip:1007@x", Party: Party{Number: "1007"}}}[int(c)%3/2:]}
	case 10:
		return TransferAsked{Call: ref, Refer: "r", Target: "sip:1008@x", Number: []string{"1008", "112", "1008", ""}[int(c)%4]}
	case 11:
		return ParkResult{ref, []string{"701", "702"}[int(c)%2], c%3 != 0, CauseServer}
	case 0:
		return RemoteHeld{ref, c%2 == 0}
	case 1:
		return DigitSent{ref, '5', c%2 == 0}
	case 2:
		return RecordingReported{ref, Recording(int(c)%7 - 1)}
	case 3:
		return QualitySampled{Call: ref}
	case 4:
		return CallIdentified{ref, Party{Name: "Anna"}}
	}
	if c > 250 {
		return MutedSpeech{}
	}
	return HeadsetPlugged{c%2 == 0}
}

func (m *simulation) service(b, c byte) What {
	switch b % 10 {
	case 8, 9:
		slots := []ParkSlot{{Extension: "701"}, {Extension: "702", Occupied: true, Party: Party{Number: "1009"}, By: "1001", Since: t0}, {Extension: "703", Label: "Three"}}
		e := ParkSlots{Ask: m.state.park.ask, Slots: slots[:int(c)%4]}
		if c > 128 {
			slots[0].Occupied, slots[0].Party.Number = c%2 == 0, "1001"
		}
		if c%16 == 0 {
			e = ParkSlots{Ask: m.state.park.ask, Cause: CauseServer}
		}
		if c%8 == 1 {
			e.Ask = 0
		}
		return e
	case 0:
		if c >= 240 {
			return EmergencyLineKept{LineInfo{ID: []LineID{"kept", ""}[int(c)%2]}}
		}
		return LinesConfigured{[]LineInfo{{ID: "1", Number: "1001"}, {ID: "2"}}[:int(c)%3]}
	case 1, 2:
		return LineChanged{Line: "1", State: LineRegistered}
	case 3:
		return LineChanged{Line: LineID(fmt.Sprint(1 + c%2)), State: LineFailed, Cause: CauseNotAllowed}
	case 4:
		return SettingsChanged{Settings{DND: c > 200, NoCallWaiting: c%8 == 0, SoftRing: c%2 == 0, NoMatch: []NoMatch{"", NoMatchSend, NoMatchReject}[int(c)%3], Emergency: []string{"112"}, NoTransferOnHook: c%7 == 0, ConfConnect: c%5 == 0, FollowRedirects: c%2 == 0,
			Transfers: []TransferPolicy{TransfersOwn, TransfersAccept, TransfersAsk, TransfersRefuse}[int(c)%4]}}
	case 5:
		return SessionChanged{SessionInfo{State: []SessionState{SessionOut, SessionPending, SessionIn, SessionLost}[int(c)%4]}}
	case 6:
		return MessageWaiting{Line: "1", Known: true, New: int(c % 3)}
	}
	return HistoryLoaded{[]CallRecord{{Direction: Direction(c % 2), Party: Party{Number: "4711"}}, {Party: Party{Number: "112"}}}[:int(c)%3]}
}

// desk is news for what stands around the calls.
func (m *simulation) desk(c byte) What {
	switch c % 8 {
	case 6:
		return Offered{Offer{ID: "1", Kind: []OfferKind{OfferStick, OfferAccess}[int(c)%2], PIN: c > 128, Changes: []string{"Language: en → de"}}}
	case 7:
		switch c % 4 {
		case 0:
			return StickChanged{In: c > 128}
		case 1:
			return ReportSaved{OK: c > 128}
		case 3:
			return LicenceRead{[]string{"x", ""}[int(c/16)%2], strings.Repeat("word ", int(c))}
		}
		return OfferEnded{ID: "1", WrongPIN: c > 128}
	case 0:
		if c%4 == 0 {
			return PINSaved{c > 100}
		}
		return PINChecked{c > 60}
	case 1:
		if c%7 == 1 {
			return []What{
				WiFiHeard{[]HeardNetwork{{Name: "Office", Signal: -50, Usable: true}, {Name: "Guests", Signal: -65, Open: true, Usable: true}, {Name: "x", Signal: -80}}[:int(c/8)%4]}, NetworkRefused{},
				DeviceChanged{DeviceInfo{Network: NetworkSetup{Able: true, Radio: c > 128, Wired: Wired{Address: "192.0.2.10/24"}}}},
			}[int(c/7)%3]
		}
		if c%3 == 0 {
			return SignInResult{[]SignInWhy{"", WhyPassword, WhyHost}[int(c/3)%3]}
		}
		return ConfigAsked{Reboot: c > 128}
	case 2:
		return CallerIDsLoaded{[]CallerID{{Number: "4930"}, {Number: "4940"}}[:int(c/8)%3]}
	case 3:
		return ContactsLoaded{[]ContactCard{
			{ID: "a", Name: "Anna", Numbers: []ContactNumber{{Number: "1002"}}, VIP: true}, {ID: "b", Name: "Bertil", Favourite: c > 100},
			{ID: "c", Name: "Czesław", Numbers: []ContactNumber{{Number: "+49 2 1"}, {Number: "112"}}, Blocked: true},
		}[:int(c/8)%4]}
	case 5:
		if c%16 < 8 {
			return []What{Wake{}, Sleep{}, ToggleDisplay{}, SetThemeTo{Themes[int(c)%len(Themes)]}}[int(c/16)%4]
		}
		if c >= 205 {
			return []What{ConsentAsked{ID: 1}, ConsentEnded{ID: 1}, SetPathVolume{Path: PathHandset, Percent: int(c)}, ReportMade{OK: true}}[int(c/16)-12]
		}
	case 4:
		if c > 64 {
			return SignInWaysChanged{SignInWays{Code: c%16 > 8, Password: c > 100, SetServer: c > 200}}
		}
		return DeviceChanged{DeviceInfo{Model: "x", Parts: []SoftwarePart{{"x", "v1", "MIT"}}[:int(c/8)%2], Addresses: []string{"192.0.2.1"}}}
	}
	set := Settings{
		Emergency: []string{"112"}, PINSet: c%4 < 3, Locked: c%16 == 5, Voicemail: []string{"", "*97"}[int(c)%2], HistoryOff: c > 240,
		Keys: []ProgKey{{}, {Function: KeyBLF, Value: "1003", Pickup: []string{"", "**"}[int(c/2)%2]}, {Function: KeyPark, Value: "701"},
			{Function: KeySpeedDial, Value: "2345"}, {Function: KeyDND}, {Function: KeyForwards}, {Function: KeyVoicemail}, {Function: KeyLock}},
		Forward: Forward{NoAnswer: []string{"", "1009"}[int(c/4)%2]}, AutoLock: time.Duration(c%2) * time.Minute, RejectAnonymous: c > 128,
		Melodies:   []string{"aurora", "chime"},
		DisplayDim: time.Duration(c%3) * time.Second, DisplaySleep: time.Duration(c%5) * time.Second,
		HotLine: []string{"", "", "", "1001"}[int(c/8)%4], MuteKeyDND: true, HookFlash: c%2 == 0, MuteReminder: time.Duration(c%3) * time.Second,
	}
	return SettingsChanged{set}
}

func (m *simulation) command(b, c byte) What {
	id := CallID(c % 5)
	switch b % 9 {
	case 0, 1:
		return Dial{Number: []string{"", "1002", "112", "90012", "sip:a@b", "2345"}[int(c)%6], Line: LineID([]string{"", "", "1", "7"}[int(c)%4])}
	case 2:
		return Answer{id}
	case 3:
		return Reject{id}
	case 4:
		return End{id}
	case 5:
		return SetMute{Toggle(c % 3)}
	case 6:
		return SetHolding{id, Toggle(c % 3)}
	case 7:
		return Digits{id, []string{"1", "22#", "x", ""}[int(c)%4]}
	}
	return []What{Record{id, Toggle(c % 3)}, SetVolume{int(c) - 20}, Reconnect{}, Conference{Toggle(c % 3)},
		Transfer{id, []string{"", "1003", "112"}[int(c)%3], CallID(b % 4)}, Park{id, []string{"", "701", "799"}[int(c)%3]},
		Retrieve{[]string{"", "701", "702"}[int(c)%3]}}[int(c)%7]
}

// feed steps one event and checks everything.
func (m *simulation) feed(a, b, c byte) error {
	w := m.event(a, b, c)
	if _, ok := w.(TimerFired); ok || a%32 == 23 {
		m.stale = append(m.stale, w)
	}
	m.at = m.at.Add(time.Duration(c%64) * 10 * time.Millisecond)
	if b == 255 {
		m.at = m.at.Add(-time.Second)
	}
	m.last = Event{m.at, w}
	m.events++
	next, out := m.step(m.state, m.last)
	m.state = next
	if err := Check(next); err != nil {
		return err
	}
	return m.trace.Observe(m.last, out, next)
}

// start makes the phone registered, so that runs are not all about nothing.
func (m *simulation) start() error {
	for _, w := range []What{
		HookMoved{}, SessionChanged{SessionInfo{State: SessionIn}},
		LinesConfigured{[]LineInfo{{ID: "1"}, {ID: "2"}}}, LineChanged{Line: "1", State: LineRegistered},
	} {
		next, out := m.step(m.state, Event{m.at, w})
		m.state = next
		if err := Check(next); err != nil {
			return err
		}
		if err := m.trace.Observe(Event{m.at, w}, out, next); err != nil {
			return err
		}
	}
	return nil
}

// randomRun steps n random events and reports the first thing that is wrong.
func randomRun(seed uint64, n int, step func(State, Event) (State, []Effect)) (at int, last Event, err error) {
	m := newSimulation(step)
	if err := m.start(); err != nil {
		return 0, m.last, err
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		x := r.Uint32()
		if err := m.feed(byte(x), byte(x>>8), byte(x>>16)); err != nil {
			return i + 1, m.last, err
		}
	}
	return n, m.last, nil
}

func TestRandomRunsKeepTheInvariants(t *testing.T) {
	for seed := range uint64(60) {
		if at, last, err := randomRun(seed, 2000, Step); err != nil {
			t.Fatalf("seed %d, step %d, %T%+v: %v", seed, at, last.What, last.What, err)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := make([]byte, 300)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newSimulation(Step)
		if len(b) > 0 && b[0]%4 != 0 {
			if err := m.start(); err != nil {
				t.Fatal(err)
			}
		}
		for ; len(b) >= 3; b = b[3:] {
			if err := m.feed(b[0], b[1], b[2]); err != nil {
				t.Fatalf("event %d, %T%+v: %v", m.events, m.last.What, m.last.What, err)
			}
		}
	})
}
