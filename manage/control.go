package manage

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"phoned/phone"
)

const maxNumber = 500 // runes of a number; the core bounds what it dials

type keyOrder struct {
	Key    phone.Key `json:"key" pattern:"^([0-9*#]|sk[1-4]|up|down|left|right|ok|back|speaker|headset|mute|hold|transfer|redial|message|vol[+-]|k[1-8])$" doc:"0-9 * # sk1-sk4 up down left right ok back speaker headset mute hold transfer redial message vol+ vol- k1-k8"`
	Action string    `json:"action,omitempty" doc:"Without one: press." enum:"down,up,press"`
	Panel  string    `json:"panel,omitempty" doc:"Of the screen stream's hello: whose finger it is."`
}

type hookOrder struct {
	OffHook *bool `json:"offHook"`
}

type headsetOrder struct {
	In *bool `json:"in" doc:"The plug is in."`
}

// postKey presses a key: down, up, or both ("press", the default).
func (s *Server) postKey(w http.ResponseWriter, r *http.Request) {
	var in keyOrder
	if !read(w, r, &in) {
		return
	}
	if !in.Key.Valid() {
		fail(w, http.StatusUnprocessableEntity, "The phone has no such key.", string(in.Key))
		return
	}
	switch in.Action {
	case "down":
		s.accept(w, s.held.down(in.Panel, in.Key))
	case "up":
		s.accept(w, s.held.up(in.Panel, in.Key))
	case "press", "":
		s.accept(w, s.cfg.Phone.Post(phone.KeyDown{Key: in.Key}) && s.cfg.Phone.Post(phone.KeyUp{Key: in.Key}))
	default:
		fail(w, http.StatusUnprocessableEntity, "A key goes down, up, or is pressed.", in.Action)
	}
}

// accept answers a request whose event the phone took, or did not take.
func (s *Server) accept(w http.ResponseWriter, taken bool) {
	if !taken {
		fail(w, http.StatusServiceUnavailable, "The phone takes no orders now.", "")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) postHook(w http.ResponseWriter, r *http.Request) {
	var in hookOrder
	if !read(w, r, &in) {
		return
	}
	if in.OffHook == nil {
		fail(w, http.StatusUnprocessableEntity, "offHook is true or false.", "")
		return
	}
	s.accept(w, s.cfg.Phone.Post(phone.HookMoved{OffHook: *in.OffHook}))
}

func (s *Server) postHeadset(w http.ResponseWriter, r *http.Request) {
	var in headsetOrder
	if !read(w, r, &in) {
		return
	}
	if in.In == nil {
		fail(w, http.StatusUnprocessableEntity, "in is true or false.", "")
		return
	}
	s.accept(w, s.cfg.Phone.Post(phone.HeadsetPlugged{In: *in.In}))
}

// plainNumber: a text that can be a number, a slot or a URI.
func plainNumber(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxNumber && !strings.ContainsAny(s, "\r\n\x00")
}

func (s *Server) event(name string, in command) (phone.What, string) {
	id := phone.CallID(in.CallID)
	v := s.cfg.Phone.View()
	has := func() bool {
		for _, c := range v.Calls {
			if c.State != phone.Ended && (id == 0 || c.ID == id) {
				return true
			}
		}
		return false
	}
	needsCall := func(e phone.What) (phone.What, string) {
		if !has() {
			return nil, ""
		}
		return e, ""
	}
	switch name {
	case "dial":
		if !plainNumber(in.Number) {
			return nil, "This is not a number that can be dialled."
		}
		return phone.Dial{Number: in.Number, Line: phone.LineID(in.Line), Identity: phone.Party{Number: in.CallerID, Name: in.CallerIDName}, Private: in.Private}, ""
	case "answer":
		return needsCall(phone.Answer{Call: id})
	case "reject":
		return needsCall(phone.Reject{Call: id})
	case "end":
		return needsCall(phone.End{Call: id})
	case "mute":
		return phone.SetMute{On: toggle(in.On)}, ""
	case "hold":
		return needsCall(phone.SetHolding{Call: id, On: toggle(in.On)})
	case "dtmf":
		if in.Digits == "" || len(in.Digits) > 64 || strings.Trim(in.Digits, "0123456789*#ABCD") != "" {
			return nil, "digits are up to 64 of 0-9, *, #, A-D."
		}
		return needsCall(phone.Digits{Call: id, Digits: in.Digits})
	case "record":
		return needsCall(phone.Record{Call: id, On: toggle(in.On)})
	case "park":
		if !plainNumber(in.Slot) {
			return nil, "This is not a parking slot."
		}
		return needsCall(phone.Park{Call: id, Slot: in.Slot})
	case "retrieve":
		if !plainNumber(in.Slot) {
			return nil, "This is not a parking slot."
		}
		return phone.Retrieve{Slot: in.Slot}, ""
	case "transfer":
		if !plainNumber(in.Target) {
			return nil, "This is not a number that a call can be handed on to."
		}
		return needsCall(phone.Transfer{Call: id, Target: in.Target, With: phone.CallID(in.With)})
	case "conference":
		return needsCall(phone.Conference{On: toggle(in.On)})
	case "volume":
		if in.Volume == nil || *in.Volume < 0 || *in.Volume > 100 {
			return nil, "volume is 0 to 100."
		}
		return phone.SetVolume{Percent: *in.Volume}, ""
	case "wake":
		return phone.Wake{}, ""
	case "sleep":
		return phone.Sleep{}, ""
	case "toggle":
		return phone.ToggleDisplay{}, ""
	case "setTheme":
		if !slices.Contains(phone.Themes, in.Theme) {
			return nil, "theme is one of " + strings.Join(phone.Themes, ", ") + "."
		}
		return phone.SetThemeTo{Theme: in.Theme}, ""
	case "reconnect":
		return phone.Reconnect{}, ""
	}
	return nil, "unknown"
}
