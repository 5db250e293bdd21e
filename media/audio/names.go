package audio

// ToneName names a call-progress tone or short signal, whatever it sounds like
// in a country.
type ToneName string

const (
	ToneNone        ToneName = ""
	ToneDial        ToneName = "dial"
	ToneStutter     ToneName = "stutter"      // dial tone: message waiting
	ToneForwardDial ToneName = "forward_dial" // dial tone: calls are forwarded
	ToneSecondDial  ToneName = "second_dial"  // dial tone after an access code
	ToneRingback    ToneName = "ringback"
	ToneBusy        ToneName = "busy"
	ToneReorder     ToneName = "reorder" // congestion
	ToneHowler      ToneName = "howler"  // put the handset back
	ToneCallWaiting ToneName = "call_waiting"
	ToneDisconnect  ToneName = "disconnect" // the far end has hung up
	ToneConfirm     ToneName = "confirm"
	ToneError       ToneName = "error"
	ToneHoldRemind  ToneName = "hold_remind"
	ToneConference  ToneName = "conference" // somebody joined
	TonePage        ToneName = "page"
)
