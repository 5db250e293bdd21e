package phone

import "time"

// bootTime is how long after the first event the hook's first report is taken
// for the position it was found in, not for a hand.
const bootTime = 5 * time.Second

// onHandset: the ear is at a handset that is off its cradle.
func (s *State) onHandset() bool {
	return s.offHook && (s.path == PathHandset || s.path == PathGroup)
}

// hookMoved is the cradle. Going down counts after Timers.OnHook only, so a
// bumped cradle ends nothing.
func (t *turn) hookMoved(off bool) {
	first := !t.hookKnown
	t.hookKnown = true
	if off == t.offHook {
		return
	}
	t.offHook = off
	t.publish("hook", "", detail{"offHook": off})
	if !off {
		t.hookDown = t.at
		t.start(Timer{Kind: TimerOnHook}, t.onHookTime())
		return
	}
	if t.running(Timer{Kind: TimerOnHook}) {
		t.stop(Timer{Kind: TimerOnHook})
		if t.path == PathHandset || t.path == PathGroup {
			if t.settings.HookFlash && t.talking() != nil && t.at.Sub(t.hookDown) >= flashLeast {
				t.hand = true
				t.flash()
			}
			return
		}
	}
	if first && t.at.Sub(t.boot) < bootTime {
		t.foundLifted()
		return
	}
	t.lift()
}

// foundLifted: the handset was off hook when the phone started. It is never
// taken for an answer.
func (t *turn) foundLifted() {
	switch {
	case t.anyLive() || t.path != PathNone:
	case t.service():
		t.openDialtone(PathHandset, "boot")
	default:
		t.quiet(false)
		t.setPath(PathHandset, "boot")
		t.bootLifted = true
		t.say(ToastOffHook, "", false)
	}
}

// lift is the row of C6 that wins over everything.
func (t *turn) lift() {
	c := t.call(t.focus)
	if c == nil || c.State != Incoming {
		c = t.incoming()
	}
	entering := t.station == stationDialing || t.station == stationDialtone || t.station == stationTransfer
	switch {
	case t.busyPath() && (c == nil || t.talking() != nil || t.pending.kind != pendingNone):
		t.setPath(PathHandset, "lift")
	case c != nil && (!entering || t.focus == c.ID):
		t.answer(c, PathHandset, "lift")
	default:
		t.openPath(PathHandset, "lift")
	}
}

// busyPath: a call has the path, or is about to. A number that is entered on
// hook sends itself when a path is opened, also while a transfer is pending.
func (s *State) busyPath() bool {
	if s.station == stationPredial {
		return false
	}
	return s.talking() != nil || s.pending.kind != pendingNone || s.xfer.underway() || s.park.stage == parkCheck
}

// openPath is a lifted handset, SPEAKER or HEADSET with nobody talking.
func (t *turn) openPath(p Path, cause string) {
	switch {
	case t.recall.call != 0 && t.call(t.recall.call) != nil:
		t.resume(t.call(t.recall.call), p, cause)
	case t.station == stationPredial && t.input.Text != "":
		t.sendInput(p, cause)
	case t.page.screen == ScreenHistory && t.page.placed:
		t.setPath(p, cause)
		t.dialSelected()
	case t.page.screen == ScreenParkList && len(t.parkedItems()) > 0:
		t.retrieveSelected(p, cause)
	case t.path != PathNone && t.dialScreen():
		t.setPath(p, cause)
	default:
		t.openDialtone(p, cause)
	}
}

// onHook: the handset has been down long enough.
func (t *turn) onHook() {
	switch t.path {
	case PathGroup:
		t.setPath(PathSpeaker, "on_hook")
		if t.talking() == nil {
			t.closePath("on_hook")
		}
	case PathHandset:
		if !t.hangUpTransfer() {
			t.closePath("on_hook")
		}
	}
}

// closePath hangs up a path: it ends the call in progress, and nothing else.
func (t *turn) closePath(cause string) {
	a := t.talking()
	if t.pending.kind == pendingResume {
		t.dropPending()
	}
	t.dismiss()
	t.clearStation()
	t.setPath(PathNone, cause)
	t.dropCheck()
	switch {
	case a != nil && t.inConf(a.ID):
		t.endConf()
	case a != nil:
		t.end(a)
	}
}

// speakerKey is SPEAKER: open, move, or close (C6).
func (t *turn) speakerKey() { t.pathKey(PathSpeaker, "speaker") }

// headsetKey is HEADSET; opening the path also turns headset mode on.
func (t *turn) headsetKey() {
	if t.headsetOut {
		t.blip()
		t.say(ToastNoHeadset, "", true)
		return
	}
	if t.path != PathHeadset {
		t.headset = true
		t.pathKey(PathHeadset, "headset")
		return
	}
	if !t.busyPath() {
		t.headset = false
	}
	t.pathKey(PathHeadset, "headset")
}

// headsetButton answers or, when nobody rings, ends; held down it rejects (C6).
func (t *turn) headsetButton(long bool) {
	c := t.call(t.focus)
	if c == nil || c.State != Incoming {
		c = t.incoming()
	}
	switch a := t.talking(); {
	case c != nil && long:
		t.endCall(c, CauseRejected, t.settings.RejectCode)
	case c != nil && t.path == PathNone:
		t.headset = !t.headsetOut
		t.answer(c, PathHeadset, "headset")
	case c != nil:
		t.answer(c, t.path, "headset")
	case a != nil && t.inConf(a.ID):
		t.endConf()
	case a != nil:
		t.end(a)
	default:
		t.blip()
	}
}

func (t *turn) pathKey(p Path, cause string) {
	c := t.call(t.focus)
	ringing := c != nil && c.State == Incoming
	if !ringing {
		c = t.incoming()
		ringing = c != nil && !t.dialScreen()
	}
	switch {
	case ringing && !t.busyPath():
		t.answer(c, p, cause)
	case t.path != p && (t.busyPath() || t.path != PathNone && t.station != stationQuiet):
		t.setPath(p, cause)
	case t.path == p && t.offHook:
		t.setPath(PathHandset, cause)
	case t.path == p:
		t.closePath(cause)
	default:
		t.openPath(p, cause)
	}
}

// groupKey is SPEAKER held down: group listening on or off.
func (t *turn) groupKey() {
	switch {
	case t.path == PathHandset && t.talking() != nil:
		t.setPath(PathGroup, "speaker")
	case t.path == PathGroup:
		t.setPath(PathHandset, "speaker")
	default:
		t.blip()
	}
}

// headsetPlugged: a headset pulled out in a call must not let the room hear it.
func (t *turn) headsetPlugged(in bool) {
	t.headsetOut = !in
	if in {
		return
	}
	t.headset = false
	if t.path != PathHeadset {
		return
	}
	t.setPath(PathSpeaker, "unplugged")
	if t.busyPath() {
		t.setMuted(true)
		t.say(ToastHeadsetRemoved, "", true)
	}
}

// Volume.

const (
	volumeStep  = 5 // percent
	overlayTime = 2 * time.Second
)

// volumePath is what the volume keys turn: the path in use, otherwise the
// ringer (PathNone).
func (s *State) volumePath() Path {
	if s.plan.Ring.On && !s.plan.Ring.Soft {
		return PathNone
	}
	return s.path
}

// turnVolume reports whether there was anything left to turn.
func (t *turn) turnVolume(by int) bool {
	p := t.volumePath()
	was := t.settings.Volumes[p]
	t.setVolume(p, was+by)
	return t.settings.Volumes[p] != was
}

func (t *turn) setVolume(p Path, percent int) {
	percent = max(0, min(100, percent))
	if t.settings.Volumes[p] != percent {
		v := make(map[Path]int, len(t.settings.Volumes))
		for k, x := range t.settings.Volumes {
			v[k] = x
		}
		v[p] = percent
		t.settings.Volumes = v
		t.emit(SaveVolume{Path: p, Percent: percent})
	}
	t.showVolume(p)
}

func (t *turn) showVolume(p Path) {
	t.volume = &VolumeOverlay{Path: p, Ringer: p == PathNone, Percent: t.settings.Volumes[p]}
	t.start(Timer{Kind: TimerOverlay}, overlayTime)
}
