package phonescript

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"phoned/phone"
)

// command does one line.
//
// Hands: key K · press DIGITS · down K · up K · hold K 800ms · soft LABEL ·
// lift · hang up · cradle down|up · headset in|out
//
// Time and set-up: advance 30s · set NAME VALUE… · lines 1 2 · kept ID|none · line 1
// registered|connecting|failed|off|unregistered [cause] · session STATE · mwi 1
// 3 [1] · history 1002 1003
//
// Network: invite NAME NUMBER ["Display"] [line L] [via W] [auto] · cancel NAME
// [elsewhere] · 180 183 200 486 … [NAME] · early [NAME] · ack, bye, gone, media
// up|failed, held ok|refused, resumed ok|refused, remote hold|resume, digit D
// ok|failed, recording STATE, identify [NAME] NUMBER "Display"
//
// API: dial [NUMBER] [line L] · answer, reject, end [NAME] · mute, holding
// on|off|flip [NAME] · digits D · record on|off|flip · volume N · reconnect
//
// Keys, contacts, lock and configuration are explained in desk.go, expect …
// in expect.go.
func (w *World) command(words []string) error {
	verb, args := words[0], words[1:]
	if verb == "expect" {
		err := w.expect(args)
		w.said = true
		return err
	}
	if code, err := strconv.Atoi(verb); err == nil && len(verb) == 3 {
		return w.response(code, args)
	}
	for _, set := range []map[string]func(*World, []string) error{hands, outside, network, api, moves, desk} {
		if f, ok := set[verb]; ok {
			return f(w, args)
		}
	}
	return fmt.Errorf("unknown command %q", verb)
}

// has says whether the panel has a key: with few keys only the sixteen.
func (w *World) has(k phone.Key) error {
	switch {
	case !k.Valid():
		return fmt.Errorf("%q is no key", k)
	case w.State.View().Settings.FewKeys && !k.Minimal():
		return fmt.Errorf("a panel of sixteen keys has no %q", k)
	}
	return nil
}

var hands = map[string]func(*World, []string) error{
	"key": func(w *World, a []string) error {
		k := phone.Key(word(a, 0))
		if err := w.has(k); err != nil {
			return err
		}
		return errors.Join(w.Do(phone.KeyDown{Key: k}), w.Do(phone.KeyUp{Key: k}))
	},
	"press": func(w *World, a []string) error {
		for _, d := range word(a, 0) {
			k := phone.Key(string(d))
			if err := errors.Join(w.Do(phone.KeyDown{Key: k}), w.Do(phone.KeyUp{Key: k})); err != nil {
				return err
			}
		}
		return nil
	},
	"down": func(w *World, a []string) error {
		k := phone.Key(word(a, 0))
		return errors.Join(w.has(k), w.Do(phone.KeyDown{Key: k}))
	},
	"up": func(w *World, a []string) error { return w.Do(phone.KeyUp{Key: phone.Key(word(a, 0))}) },
	"hold": func(w *World, a []string) error {
		k := phone.Key(word(a, 0))
		d, err := duration(a[min(1, len(a)):])
		if err != nil {
			return err
		}
		return errors.Join(w.has(k), w.Do(phone.KeyDown{Key: k}), w.Advance(d), w.Do(phone.KeyUp{Key: k}))
	},
	"soft": func(w *World, a []string) error {
		// A hand that reads a label presses it after it has settled.
		if err := w.Advance(300 * time.Millisecond); err != nil {
			return err
		}
		keys := w.State.View().SoftKeys
		i := slices.Index(keys[:], phone.Action(word(a, 0)))
		if i < 0 {
			return fmt.Errorf("no soft key %q, there are %q", word(a, 0), keys)
		}
		k := phone.Key("sk" + strconv.Itoa(i+1))
		return errors.Join(w.Do(phone.KeyDown{Key: k}), w.Do(phone.KeyUp{Key: k}))
	},
	"lift": func(w *World, _ []string) error { return w.Do(phone.HookMoved{OffHook: true}) },
	"hang": func(w *World, _ []string) error {
		return errors.Join(w.Do(phone.HookMoved{}), w.Advance(200*time.Millisecond))
	},
	"cradle": func(w *World, a []string) error {
		return w.Do(phone.HookMoved{OffHook: word(a, 0) == "up"})
	},
	"headset": func(w *World, a []string) error {
		return w.Do(phone.HeadsetPlugged{In: word(a, 0) == "in"})
	},
	"speech": func(w *World, _ []string) error { return w.Do(phone.MutedSpeech{}) },
}

var outside = map[string]func(*World, []string) error{
	"advance": func(w *World, a []string) error {
		d, err := duration(a)
		if err != nil {
			return err
		}
		if w.said { // what timers do counts as after the expectation
			w.said, w.Effects = false, nil
		}
		return w.Advance(d)
	},
	"set": func(w *World, a []string) error {
		s := w.State.View().Settings
		if err := setting(&s, word(a, 0), a[min(1, len(a)):]); err != nil {
			return err
		}
		return w.Do(phone.SettingsChanged{Settings: s})
	},
	"lines": func(w *World, a []string) error {
		var lines []phone.LineInfo
		for _, id := range a {
			lines = append(lines, phone.LineInfo{ID: phone.LineID(id), Label: "Line " + id, Number: "100" + id, Domain: "example.com"})
		}
		return w.Do(phone.LinesConfigured{Lines: lines})
	},
	"kept": func(w *World, a []string) error { // the line for emergency calls
		e := phone.EmergencyLineKept{}
		if word(a, 0) != "none" {
			e.Line = phone.LineInfo{ID: phone.LineID(word(a, 0)), Number: "1001", Domain: "example.com"}
		}
		return w.Do(e)
	},
	"line": func(w *World, a []string) error {
		return w.Do(phone.LineChanged{
			Line: phone.LineID(word(a, 0)), State: phone.LineState(word(a, 1)), Cause: phone.Cause(word(a, 2)),
		})
	},
	"session": func(w *World, a []string) error {
		return w.Do(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionState(word(a, 0))}})
	},
	"mwi": func(w *World, a []string) error {
		n, _ := strconv.Atoi(word(a, 1))
		u, _ := strconv.Atoi(word(a, 2))
		return w.Do(phone.MessageWaiting{Line: phone.LineID(word(a, 0)), Known: word(a, 1) != "unknown", New: n, Urgent: u})
	},
	"history": func(w *World, a []string) error {
		var calls []phone.CallRecord
		for _, n := range a {
			calls = append(calls, phone.CallRecord{Direction: phone.Outbound, Party: phone.Party{Number: n}})
		}
		return w.Do(phone.HistoryLoaded{Calls: calls})
	},
}

func setting(s *phone.Settings, name string, v []string) error {
	on := word(v, 0) == "on"
	switch name {
	case "fewkeys":
		s.FewKeys = on
	case "dnd":
		s.DND = on
	case "callwaiting":
		s.NoCallWaiting = !on
	case "softring":
		s.SoftRing = on
	case "autoanswer":
		s.AutoAnswer = on
	case "emergency":
		s.Emergency = v
	case "transferonhook":
		s.NoTransferOnHook = !on
	case "confconnect":
		s.ConfConnect = on
	case "followredirects":
		s.FollowRedirects = on
	case "transfers":
		s.Transfers = phone.TransferPolicy(word(v, 0))
	case "digitmap":
		s.DigitMap = word(v, 0)
	case "nomatch":
		s.NoMatch = phone.NoMatch(word(v, 0))
	case "sendhash":
		s.SendHash = on
	case "rejectcode":
		s.RejectCode, _ = strconv.Atoi(word(v, 0))
	case "maxcalls":
		s.MaxCalls, _ = strconv.Atoi(word(v, 0))
	case "predialsends":
		s.PredialSends = on
	case "pagegroup":
		s.PageGroup = word(v, 0)
	case "vip":
		s.VIP = v
	case "melodies":
		s.Melodies = v
	case "blocked":
		s.Blocked = v
	case "hotlineafter":
		d, err := duration(v)
		s.HotLineAfter = d
		return err
	default:
		return setByName(s, name, v)
	}
	return nil
}

// setByName sets what a person can set at the phone, by the name it is kept by.
func setByName(s *phone.Settings, name string, v []string) error {
	value := strings.Join(v, " ")
	switch value {
	case "on":
		value = "true"
	case "off":
		value = "false"
	}
	if !phone.ApplySetting(s, name, value) {
		return fmt.Errorf("unknown setting %q or value %q", name, value)
	}
	return nil
}

// response is a SIP status for a call that we placed.
func (w *World) response(code int, a []string) error {
	r, err := w.ref(word(a, 0))
	switch {
	case err != nil:
		return err
	case code < 200:
		return w.Do(phone.CallProgress{Call: r, Code: code})
	case code < 300:
		return w.Do(phone.CallAnswered{Call: r})
	}
	return w.Do(phone.CallGone{Call: r, Code: code})
}

var network = map[string]func(*World, []string) error{
	"invite": func(w *World, a []string) error {
		e := phone.CallArrived{Leg: phone.LegID(word(a, 0)), Line: "1", From: phone.Party{Number: word(a, 1)}}
		for i := 2; i < len(a); i++ {
			switch a[i] {
			case "line":
				i++
				e.Line = phone.LineID(word(a, i))
			case "via":
				i++
				e.Via = word(a, i)
			case "auto":
				e.AutoReply = true
			case "replaces":
				i++
				r, err := w.ref(word(a, i))
				if err != nil {
					return err
				}
				e.Replaces = r
			default:
				e.From.Name = a[i]
			}
		}
		return w.Do(e)
	},
	"cancel": onCall(func(r phone.CallRef, rest string) phone.What {
		return phone.CallGone{Call: r, Elsewhere: rest == "elsewhere"}
	}),
	"early": onCall(func(r phone.CallRef, _ string) phone.What {
		return phone.CallProgress{Call: r, Code: 183, EarlyMedia: true}
	}),
	"ack":  onCall(func(r phone.CallRef, _ string) phone.What { return phone.CallConfirmed{Call: r} }),
	"bye":  onCall(func(r phone.CallRef, _ string) phone.What { return phone.CallGone{Call: r} }),
	"gone": onCall(func(r phone.CallRef, c string) phone.What { return phone.CallGone{Call: r, Cause: phone.Cause(c)} }),
	"media": onWord(func(r phone.CallRef, what string) phone.What {
		if what == "failed" {
			return phone.MediaFailed{Call: r}
		}
		if what == "silent" {
			return phone.MediaSilent{Call: r}
		}
		return phone.MediaUp{Call: r, Secure: true}
	}),
	"held": onWord(func(r phone.CallRef, what string) phone.What {
		return phone.HoldDone{Call: r, On: true, OK: what == "ok"}
	}),
	"resumed": onWord(func(r phone.CallRef, what string) phone.What {
		return phone.HoldDone{Call: r, On: false, OK: what == "ok"}
	}),
	"remote": onWord(func(r phone.CallRef, what string) phone.What {
		return phone.RemoteHeld{Call: r, On: what == "hold"}
	}),
	"recording": onWord(func(r phone.CallRef, what string) phone.What {
		for s := phone.RecordingOff; s <= phone.RecordingUnconfirmed; s++ {
			if s.String() == what {
				return phone.RecordingReported{Call: r, State: s}
			}
		}
		return phone.RecordingReported{Call: r, State: -1}
	}),
	"digit": func(w *World, a []string) error {
		r, err := w.ref(word(a, 2))
		if err != nil || len(word(a, 0)) != 1 {
			return fmt.Errorf("digit D ok|failed [NAME]: %w", err)
		}
		return w.Do(phone.DigitSent{Call: r, Digit: a[0][0], OK: word(a, 1) == "ok"})
	},
	"identify": func(w *World, a []string) error {
		r, err := w.ref(word(a, 0))
		if err != nil {
			return err
		}
		return w.Do(phone.CallIdentified{Call: r, Party: phone.Party{Number: word(a, 1), Name: word(a, 2)}})
	},
}

// onCall reads [NAME] [REST].
func onCall(f func(phone.CallRef, string) phone.What) func(*World, []string) error {
	return func(w *World, a []string) error {
		r, err := w.ref(word(a, 0))
		if err != nil {
			return err
		}
		return w.Do(f(r, word(a, 1)))
	}
}

// onWord reads WHAT [NAME].
func onWord(f func(phone.CallRef, string) phone.What) func(*World, []string) error {
	return func(w *World, a []string) error {
		r, err := w.ref(word(a, 1))
		if err != nil {
			return err
		}
		return w.Do(f(r, word(a, 0)))
	}
}

var api = map[string]func(*World, []string) error{
	"dial": func(w *World, a []string) error {
		d := phone.Dial{Number: word(a, 0)}
		if word(a, 1) == "line" {
			d.Line = phone.LineID(word(a, 2))
		}
		return w.Do(d)
	},
	"answer": byID(func(id phone.CallID) phone.What { return phone.Answer{Call: id} }),
	"reject": byID(func(id phone.CallID) phone.What { return phone.Reject{Call: id} }),
	"end":    byID(func(id phone.CallID) phone.What { return phone.End{Call: id} }),
	"mute":   func(w *World, a []string) error { return w.Do(phone.SetMute{On: toggle(word(a, 0))}) },
	"holding": func(w *World, a []string) error {
		id, err := w.id(word(a, 1))
		return errors.Join(err, w.Do(phone.SetHolding{Call: id, On: toggle(word(a, 0))}))
	},
	"record": func(w *World, a []string) error {
		id, err := w.id(word(a, 1))
		return errors.Join(err, w.Do(phone.Record{Call: id, On: toggle(word(a, 0))}))
	},
	"digits": func(w *World, a []string) error { return w.Do(phone.Digits{Digits: word(a, 0)}) },
	"volume": func(w *World, a []string) error {
		n, err := strconv.Atoi(word(a, 0))
		return errors.Join(err, w.Do(phone.SetVolume{Percent: n}))
	},
	"reconnect": func(w *World, _ []string) error { return w.Do(phone.Reconnect{}) },
}

func byID(f func(phone.CallID) phone.What) func(*World, []string) error {
	return func(w *World, a []string) error {
		id, err := w.id(word(a, 0))
		if err != nil {
			return err
		}
		return w.Do(f(id))
	}
}

// id is a call's number; no name is 0, the focused call.
func (w *World) id(name string) (phone.CallID, error) {
	if name == "" {
		return 0, nil
	}
	r, err := w.ref(name)
	return r.ID, err
}

func toggle(s string) phone.Toggle {
	switch strings.ToLower(s) {
	case "on":
		return phone.On
	case "off":
		return phone.Off
	}
	return phone.Flip
}
