package phone

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Forward is where callers are sent on to (C10); "" is nowhere.
type Forward struct {
	Always, Busy, NoAnswer string
	NoAnswerAfter          time.Duration
}

// Any says whether callers are sent on in some case.
func (f Forward) Any() bool { return f.Always != "" || f.Busy != "" || f.NoAnswer != "" }

// Names of what a person sets at the phone; those of SaveSetting. Values are
// texts: "true" and "false", seconds, numbers.
const (
	SetTheme           = "theme"
	SetLocale          = "locale"
	SetDND             = "dnd"
	SetForwardAlways   = "forward_always"
	SetForwardBusy     = "forward_busy"
	SetForwardNoAnswer = "forward_no_answer"
	SetForwardAfter    = "forward_no_answer_after"
	SetForwardLast     = "forward_last"
	SetRejectAnonymous = "reject_anonymous"
	SetWithhold        = "withhold"
	SetCallerID        = "caller_id"
	SetCallWaiting     = "call_waiting"
	SetVoicemail       = "voicemail"
	SetHistoryOff      = "history_off"
	SetWebAccess       = "web_access"
	SetLocked          = "locked"
	SetLockFailures    = "lock_failures"
	SetPINSet          = "pin_set"
	SetMelody          = "melody"
	SetAutoLock        = "auto_lock"
	SetHotLine         = "hot_line"
	SetMuteKeyDND      = "mute_key_dnd"
	SetHideDigits      = "hide_digits"
	SetTransfers       = "transfers" // one of the TransferPolicy, or "own"
	SetRedirects       = "follow_redirects"
	SetConfConnect     = "conference_connect"
	SetTransferOnHook  = "transfer_on_hook"
	SetAutoAnswer      = "auto_answer"
	SetHookFlash       = "hook_flash"
	SetMuteReminder    = "mute_reminder" // seconds
	SetDisplayDim      = "display_dim"   // seconds
	SetDisplaySleep    = "display_sleep" // seconds
	SetBrightness      = "brightness"    // percent
	SetReducedMotion   = "reduced_motion"
)

// ApplySetting changes what a kept or received setting says and reports
// whether it was a name and a value that this phone knows.
func ApplySetting(s *Settings, name, value string) bool {
	if v, ok := texts(s)[name]; ok {
		*v = value
		return true
	}
	if v, ok := switches(s)[name]; ok {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return false
		}
		*v = on
		return true
	}
	switch name {
	case SetForwardAfter, SetAutoLock, SetMuteReminder, SetDisplayDim, SetDisplaySleep:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 24*3600 {
			return false
		}
		switch d := time.Duration(n) * time.Second; name {
		case SetAutoLock:
			s.AutoLock = d
		case SetMuteReminder:
			s.MuteReminder = d
		case SetDisplayDim:
			s.DisplayDim = d
		case SetDisplaySleep:
			s.DisplaySleep = d
		default:
			s.Forward.NoAnswerAfter = d
		}
	case SetBrightness:
		n, err := strconv.Atoi(value)
		if err != nil || n < leastBrightness || n > 100 {
			return false
		}
		s.Brightness = n
	case SetLockFailures:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return false
		}
		s.LockFailures = n
	case SetCallWaiting:
		on, err := strconv.ParseBool(value)
		if err != nil {
			return false
		}
		s.NoCallWaiting = !on
	case SetWebAccess:
		on, err := strconv.ParseBool(value)
		if err != nil {
			return false
		}
		s.WebOff = !on
	case SetTransferOnHook:
		on, err := strconv.ParseBool(value)
		if err != nil {
			return false
		}
		s.NoTransferOnHook = !on
	case SetTransfers:
		p, ok := ParseTransferPolicy(value)
		if !ok {
			return false
		}
		s.Transfers = p
	default:
		return false
	}
	return true
}

func texts(s *Settings) map[string]*string {
	return map[string]*string{
		SetTheme: &s.Theme, SetLocale: &s.Locale, SetForwardAlways: &s.Forward.Always, SetForwardBusy: &s.Forward.Busy,
		SetForwardNoAnswer: &s.Forward.NoAnswer, SetForwardLast: &s.ForwardLast, SetCallerID: &s.CallerID,
		SetVoicemail: &s.Voicemail, SetMelody: &s.Melody, SetHotLine: &s.HotLine,
	}
}

func switches(s *Settings) map[string]*bool {
	return map[string]*bool{
		SetDND: &s.DND, SetRejectAnonymous: &s.RejectAnonymous, SetWithhold: &s.Withhold, SetHistoryOff: &s.HistoryOff,
		SetLocked: &s.Locked, SetPINSet: &s.PINSet, SetMuteKeyDND: &s.MuteKeyDND, SetHideDigits: &s.HideDigits,
		SetAutoAnswer: &s.AutoAnswer, SetHookFlash: &s.HookFlash, SetRedirects: &s.FollowRedirects, SetConfConnect: &s.ConfConnect, SetReducedMotion: &s.ReducedMotion,
	}
}

// transferPolicies are the words of TransferPolicy, in the order of the menu.
var transferPolicies = []string{"own", string(TransfersAccept), string(TransfersAsk), string(TransfersRefuse)}

// ParseTransferPolicy reads a word of a configuration: "own" (also ""),
// "accept", "ask" or "refuse".
func ParseTransferPolicy(word string) (p TransferPolicy, ok bool) {
	if word == "" || word == "own" {
		return TransfersOwn, true
	}
	return TransferPolicy(word), slices.Contains(transferPolicies, word)
}

// Word is what ParseTransferPolicy reads.
func (p TransferPolicy) Word() string {
	if p == TransfersOwn {
		return "own"
	}
	return string(p)
}

// change sets and keeps a setting.
func (t *turn) change(name, value string) {
	if ApplySetting(&t.settings, name, value) {
		t.emit(SaveSetting{name, value})
	}
}

func (t *turn) changeSwitch(name string, on bool) { t.change(name, strconv.FormatBool(on)) }

// Numbers compare without what people write between the digits.
func sameNumber(a, b string) bool {
	a, b = bareNumber(a), bareNumber(b)
	return a != "" && a == b
}

func bareNumber(n string) string {
	n = cleanNumber(n)
	if rest, ok := strings.CutPrefix(n, "sip:"); ok {
		n, _, _ = strings.Cut(rest, "@")
	}
	return n
}

// Anonymous says whether a caller withholds the number, or there is none.
func Anonymous(number string) bool {
	switch strings.ToLower(number) {
	case "", "anonymous", "unknown", "restricted", "unavailable":
		return true
	}
	return false
}
