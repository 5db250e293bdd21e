package scenes

import (
	"time"

	"phoned/phone"
)

// withCall puts one call with the focus on a screen.
func withCall(s phone.Screen, k [4]phone.Action, c phone.CallView) phone.View {
	v := view(s, k)
	c.ID, c.Line = 1, "1"
	v.Calls = []phone.CallView{c}
	v.Focus = 1
	v.Path, v.OffHook = phone.PathHandset, true
	return v
}

func talking(p phone.Party, since time.Time) phone.CallView {
	return phone.CallView{
		Party: p, State: phone.Active, StartedAt: since.Add(-6 * time.Second), AnsweredAt: since, MediaUp: true, Secure: true,
		Quality: phone.Quality{Word: "excellent", RoundTrip: 22 * time.Millisecond},
	}
}

// losing is how a call sounds whose sound is lost on the way to the other
// side: the one rule of all scenes.
func losing(percent float64) phone.Quality {
	q := phone.Quality{LossPercent: percent, RemoteLoss: percent, Word: "excellent"}
	switch {
	case percent >= 5:
		q.Word = "poor"
	case percent >= 2:
		q.Word = "fair"
	case percent >= 1:
		q.Word = "good"
	}
	if percent >= 2 {
		q.Advice = "uplink_loss"
	}
	return q
}

func calls() []Scene {
	now := at(3*time.Minute + 13*time.Second)
	active := keys(phone.ActHold, phone.ActEnd, phone.ActTransfer, phone.ActMore)
	setup := keys(phone.ActNone, phone.ActEnd, phone.ActNone, phone.ActMore)
	ringing := keys(phone.ActAnswer, phone.ActReject, phone.ActSilence, phone.ActForward)

	calling := withCall(phone.ScreenCalling, setup, phone.CallView{Party: workshop, State: phone.Dialing, StartedAt: now.Add(-2 * time.Second)})
	ringback := withCall(phone.ScreenRingback, setup, phone.CallView{Party: mara, State: phone.Alerting, StartedAt: now.Add(-7 * time.Second)})
	ringback.Path = phone.PathSpeaker

	incoming := withCall(phone.ScreenIncoming, ringing, phone.CallView{
		Party: workshop, Direction: phone.Inbound, State: phone.Incoming, Via: "Sales", StartedAt: now,
	})
	incoming.Path, incoming.OffHook = phone.PathNone, false
	incoming.Lines = append(incoming.Lines, phone.LineView{
		LineInfo: phone.LineInfo{ID: "2", Label: "Hotline", Number: "1800"}, State: phone.LineRegistered,
	})
	unknown := incoming
	unknown.Calls = []phone.CallView{incoming.Calls[0]}
	unknown.Calls[0].Party, unknown.Calls[0].Via, unknown.Calls[0].Silenced = phone.Party{Number: "+44 20 7946 0018"}, "", true
	unknown.SoftKeys = keys(phone.ActAnswer, phone.ActReject, phone.ActNone, phone.ActForward)

	talk := withCall(phone.ScreenActive, active, talking(workshop, now.Add(-133*time.Second)))
	muted := withCall(phone.ScreenActive, active, talking(mara, now.Add(-3725*time.Second)))
	muted.Muted, muted.Path = true, phone.PathSpeaker
	muted.Calls[0].Recording = phone.RecordingOn
	poor := withCall(phone.ScreenActive, active, talking(mara, now.Add(-42*time.Second)))
	poor.Calls[0].Quality = losing(6.2)
	poor.Path = phone.PathHeadset
	poor.Headset = true
	digits := withCall(phone.ScreenActive, active, talking(phone.Party{Name: "Conference bridge", Number: "8800"}, now.Add(-31*time.Second)))
	digits.Calls[0].Digits = "4711#"
	digits.Calls[0].Quality = losing(1)

	held := withCall(phone.ScreenHeld, keys(phone.ActResume, phone.ActEnd, phone.ActNew, phone.ActMore), talking(workshop, now.Add(-300*time.Second)))
	held.Calls[0].OnHold, held.Calls[0].HeldSince = true, now.Add(-65*time.Second)
	remote := withCall(phone.ScreenRemoteHeld, active, talking(warehouse, now.Add(-99*time.Second)))
	remote.Calls[0].RemoteHold = true

	ended := withCall(phone.ScreenEnded, keys(phone.ActRedial, phone.ActSave, phone.ActReport, phone.ActOK), talking(workshop, now.Add(-133*time.Second)))
	ended.Calls[0].State, ended.Calls[0].Cause, ended.Calls[0].EndedAt = phone.Ended, phone.CauseRemote, now
	ended.Calls[0].Quality = losing(1)

	out := []Scene{
		{"calling", true, now, calling},
		{"ringback", true, now, ringback},
		{"incoming", true, now, incoming},
		{"incoming-silenced", false, now, unknown},
		{"active", true, now, talk},
		{"active-muted", true, now, muted},
		{"active-poor", true, now, poor},
		{"active-digits", false, now, digits},
		{"held", true, now, held},
		{"remote-held", true, now, remote},
		{"ended", true, now, ended},
	}
	return append(out, failures(now)...)
}

func failures(now time.Time) []Scene {
	var out []Scene
	for _, c := range []phone.Cause{phone.CauseBusy, phone.CauseNotFound, phone.CauseNotAllowed, phone.CauseNotAvailable,
		phone.CauseNoAnswer, phone.CauseNoConnection, phone.CauseNoMedia, phone.CauseNotCompatible, phone.CauseServer, phone.CauseNoService} {
		v := withCall(phone.ScreenFailed, keys(phone.ActRedial, phone.ActCallback, phone.ActContacts, phone.ActOK),
			phone.CallView{Party: warehouse, State: phone.Ended, StartedAt: now.Add(-4 * time.Second), EndedAt: now, Cause: c})
		out = append(out, Scene{"failed-" + string(c), c == phone.CauseBusy, now, v})
	}
	return out
}

// several are the screens of more than one call.
func several() []Scene {
	now := at(5*time.Minute + 42*time.Second)
	held := talking(workshop, now.Add(-200*time.Second))
	held.ID, held.Line, held.OnHold, held.HeldSince = 1, "1", true, now.Add(-65*time.Second)
	talk := talking(warehouse, now.Add(-42*time.Second))
	talk.ID, talk.Line = 2, "1"
	talk.Quality = losing(1)
	bad := talk
	bad.Quality = losing(3)
	arriving := phone.CallView{ID: 3, Line: "1", Direction: phone.Inbound, State: phone.Incoming, Party: mara, StartedAt: now.Add(-3 * time.Second)}

	base := view(phone.ScreenActiveHeld, keys(phone.ActSwap, phone.ActEnd, phone.ActTransfer, phone.ActMore))
	base.Path, base.OffHook = phone.PathHandset, true

	two := base
	two.Calls, two.Focus = []phone.CallView{held, talk}, 2
	advice := base
	advice.Calls, advice.Focus = []phone.CallView{held, bad}, 2

	waiting := base
	waiting.Screen = phone.ScreenWaiting
	waiting.SoftKeys = keys(phone.ActAnswer, phone.ActReject, phone.ActSilence, phone.ActMore)
	waiting.Calls, waiting.Focus = []phone.CallView{talk, arriving}, 3

	three := waiting
	three.Calls = []phone.CallView{held, talk, arriving}
	back := waiting
	back.Screen, back.Focus = phone.ScreenActive, 2
	back.SoftKeys = keys(phone.ActHold, phone.ActEnd, phone.ActTransfer, phone.ActMore)
	back.Muted = true
	return []Scene{
		{"active-held", true, now, two},
		{"active-held-advice", true, now, advice},
		{"waiting", true, now, waiting},
		{"waiting-three", false, now, three},
		{"waiting-back", false, now, back},
	}
}
