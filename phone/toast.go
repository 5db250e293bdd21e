package phone

// The codes of toasts, keys of ui's catalogue. Causes are codes too: a second
// call that failed beside another one is told by a toast of its Cause.
const (
	ToastMissed         = "missed"          // Arg: the caller
	ToastHeadsetRemoved = "headset_removed" // speaker is muted, press Mute
	ToastNoHeadset      = "no_headset"
	ToastNoService      = "no_service" // Arg: the cause
	ToastNotAllowed     = "number_not_allowed"
	ToastHoldFailed     = "hold_failed"
	ToastResumeFailed   = "resume_failed"
	ToastHoldRecall     = "hold_recall" // Arg: who is on hold
	ToastIntercom       = "intercom"    // Arg: the caller
	ToastNoEmergency    = "no_emergency"
	ToastOffHook        = "off_hook" // the handset is off hook
	ToastDNDOn          = "dnd_on"
	ToastDNDOff         = "dnd_off"
	ToastDigitFailed    = "digit_failed" // Arg: the digit
	ToastRecordRefused  = "recording_refused"
	ToastRecordUnsure   = "recording_unconfirmed"
	ToastRetrying       = "retrying"
	ToastAnswerPending  = "on_call"    // the call in progress can't be left
	ToastTooMany        = "call_limit" // no room for another call
	ToastEmpty          = "nothing_dialled"
	ToastSaved          = "saved"
	ToastNotSaved       = "not_saved"
	ToastLocked         = "locked"
	ToastLockedOut      = "locked_out" // Arg: seconds
	ToastForwardOn      = "forward_on" // Arg: where to
	ToastForwardOff     = "forward_off"
	ToastForwarded      = "forwarded" // Arg: where to
	ToastHistoryOff     = "history_off"
	ToastCallback       = "callback_on" // Arg: who
	ToastCallbackOff    = "callback_off"
	ToastNoVoicemail    = "no_voicemail"
	ToastSlotTaken      = "slot_taken"    // Arg: the slot
	ToastSlotEmpty      = "slot_empty"    // Arg: the slot
	ToastBadDigitMap    = "bad_digit_map" // Arg: the problem and its position
	ToastWithheld       = "withheld"
	ToastNotWithheld    = "not_withheld"
	ToastTransferred    = "transferred"      // Arg: to whom
	ToastTransferBack   = "transfer_back"    // Arg: to whom, Why, Who is back
	ToastTransferHeld   = "transfer_held"    // Arg: to whom, Why, Who is on hold
	ToastTransferFailed = "transfer_failed"  // Arg: to whom, Why
	ToastTransferRecall = "transfer_recall"  // Who is on hold
	ToastForwardedTo    = "forwarded_to"     // the far end is elsewhere; Arg: where
	ToastTransferTo     = "transferred_to"   // we are: Arg: to whom
	ToastTransferNo     = "transfer_refused" // we refused to be: Arg: to whom
	ToastOtherServer    = "other_server"
	ToastParkFailed     = "park_failed"     // Why
	ToastSlotJustTaken  = "slot_just_taken" // Arg: the slot, Who: the next free one
	ToastSlotLost       = "slot_lost"       // taken by someone else
	ToastNoSlot         = "no_free_slot"
	ToastStillParked    = "still_parked" // Arg: the slot, Who
	ToastReporting      = "reporting"    // a report is being written to the stick
	ToastReported       = "reported"     // it is there, the stick can be pulled out
	ToastNotReported    = "not_reported" // it is not; a problem says why
	ToastScanning       = "scanning"     // the camera looks for a code
	ToastMuted          = "muted"        // and somebody speaks
)

func (t *turn) say(code, arg string, bad bool) {
	t.toast = &Toast{Code: code, Arg: arg, Since: t.at, Bad: bad}
	t.start(Timer{Kind: TimerToast}, t.settings.Timers.Toast)
}

// blip is the answer to a key that can do nothing here: a key is never mute.
func (t *turn) blip() { t.emit(PlayBeep{BeepError}) }

func (p Party) label() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Number
}
