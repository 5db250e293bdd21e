package phone

import "time"

// View is an immutable snapshot of what the phone shows and is doing. Screens,
// lamps, the web pages and the API are functions of it. Nothing in it may be
// changed by a reader; slices are shared between snapshots.
type View struct {
	At         time.Time // instant of the last event
	Seq        uint64    // counts events; a higher one is newer
	Screen     Screen
	SoftKeys   [4]Action // what SK1–SK4 do now; ui words and colours them
	Lines      []LineView
	Calls      []CallView // oldest first
	Focus      CallID     // the call the soft keys act on; 0: none
	Path       Path
	OffHook    bool
	Headset    bool // headset mode
	Muted      bool
	DND        bool
	Locked     bool
	Display    DisplayState
	Session    SessionInfo
	Problems   []ProblemInfo
	Settings   Settings
	Input      Input // what is being dialled or typed
	Menu       MenuView
	Toast      *Toast
	Volume     *VolumeOverlay
	MWI        MWIView
	Missed     int
	Plan       AudioPlan
	LastNumber string       // what REDIAL would dial
	Recall     CallID       // the held call that rings back, 0: none
	Recent     []CallRecord // finished calls, newest first
	Transfer   TransferView // or a conference being made
	Conference []CallID     // who is in the conference, nil: there is none
	Park       ParkView

	Keys      []KeyView    // K1 … K8; nil: not known, the lines stand beside them
	Form      *FormView    // of ScreenForm
	Contact   *ContactCard // of ScreenContact
	Record    *CallRecord  // of ScreenRecord
	Filter    string       // digits that narrow ScreenContacts
	Lock      LockView
	CallerIDs []CallerID // the numbers that outgoing calls may show
	Withhold  bool       // the next call shows none
	Callback  bool       // a busy party is being called again and again
	Device    DeviceInfo
	Remote    RemoteControl // who controls the phone from elsewhere
	Text      []string      // of ScreenLicence, from Menu.Index on
	// NoEmergency: there are emergency numbers, and no way to call them.
	NoEmergency bool
}

// Screen is what the display is about (C0.3). The list grows with the flows.
type Screen string

const (
	ScreenUnprovisioned Screen = "unprovisioned" // not signed in; with the QR code
	ScreenSigningIn     Screen = "signing_in"
	ScreenIdle          Screen = "idle"
	ScreenNoService     Screen = "no_service"
	ScreenWhy           Screen = "why" // the cause, the last error, the next try
	ScreenPredial       Screen = "predial"
	ScreenDialtone      Screen = "dialtone"
	ScreenDialing       Screen = "dialing"
	ScreenCalling       Screen = "calling"
	ScreenRingback      Screen = "ringback"
	ScreenIncoming      Screen = "incoming"
	ScreenWaiting       Screen = "waiting" // a new call during a call, focus on the new one
	ScreenActive        Screen = "active"
	ScreenActiveHeld    Screen = "active_held" // active and at least one held
	ScreenHeld          Screen = "held"
	ScreenRemoteHeld    Screen = "remote_held"
	ScreenEnded         Screen = "ended"
	ScreenFailed        Screen = "failed"
	ScreenHangUp        Screen = "hang_up" // off-hook too long: "Hang up and try again"
	ScreenMenu          Screen = "menu"
	ScreenStatus        Screen = "status"
	ScreenHistory       Screen = "history"
	ScreenRecord        Screen = "record"       // one call of the history: View.Record
	ScreenQuality       Screen = "quality"      // how the call in front sounds, in figures
	ScreenXferDial      Screen = "xfer_dial"    // whom to transfer to, or to add
	ScreenXferRinging   Screen = "xfer_ringing" // the consultation is called
	ScreenXferConsult   Screen = "xfer_consult" // the consultation has answered
	ScreenXferPending   Screen = "xfer_pending" // handed on, no outcome yet
	ScreenXferAsked     Screen = "xfer_asked"   // they want to connect us with someone else
	ScreenConference    Screen = "conference"
	ScreenParkPick      Screen = "park_pick" // which slot to park in
	ScreenParkList      Screen = "park_list" // who is parked
	ScreenParking       Screen = "parking"   // the server is asked
	ScreenParked        Screen = "parked"    // "Parked on 701"
	ScreenParkAsk       Screen = "park_ask"  // "701 may be empty. Dial anyway?"
	ScreenLocked        Screen = "locked"    // the key lock instead of idle
	ScreenContacts      Screen = "contacts"  // the list; View.Filter narrows it
	ScreenContact       Screen = "contact"   // one contact: View.Contact, Menu are its rows
	ScreenForm          Screen = "form"      // a number, a text or a PIN: View.Form
	ScreenConfirm       Screen = "confirm"   // a question: Menu.Title; Yes or No
	ScreenVoicemail     Screen = "voicemail" // mailboxes, if there are several
	ScreenEmergency     Screen = "emergency" // the numbers a locked phone may call
	ScreenNetwork       Screen = "network"
	ScreenAbout         Screen = "about"
	ScreenCertificate   Screen = "certificate" // the fingerprint of the phone's own page
	ScreenLicences      Screen = "licences"    // the free software inside
	ScreenLicence       Screen = "licence"     // the words of one: View.Text
	ScreenOffer         Screen = "offer"       // a configuration is offered: Menu; Yes or No
)

// Action is what a soft key does, and the key of its label in ui's catalogue.
// "" is a key without a function.
type Action string

const (
	ActNone        Action = ""
	ActCall        Action = "call"
	ActDelete      Action = "delete"
	ActSave        Action = "save"
	ActCancel      Action = "cancel"
	ActRedial      Action = "redial"
	ActContacts    Action = "contacts"
	ActHistory     Action = "history"
	ActPark        Action = "park"
	ActMenu        Action = "menu"
	ActMore        Action = "more"
	ActEnd         Action = "end"
	ActAnswer      Action = "answer"
	ActReject      Action = "reject"
	ActSilence     Action = "silence"
	ActForward     Action = "forward"
	ActEndAnswer   Action = "end_answer"
	ActHold        Action = "hold"
	ActResume      Action = "resume"
	ActSwap        Action = "swap"
	ActTransfer    Action = "transfer"
	ActConf        Action = "conf"
	ActRecord      Action = "record"
	ActNew         Action = "new"
	ActMute        Action = "mute"
	ActUnmute      Action = "unmute"
	ActQuality     Action = "quality"
	ActKeypad      Action = "keypad"
	ActA           Action = "a" // DTMF letters
	ActB           Action = "b"
	ActC           Action = "c"
	ActD           Action = "d"
	ActSpeaker     Action = "speaker"
	ActVolume      Action = "volume"
	ActWhy         Action = "why"
	ActRetry       Action = "retry"
	ActSignIn      Action = "sign_in"
	ActScan        Action = "scan"
	ActNetwork     Action = "network"
	ActReport      Action = "report"
	ActCallback    Action = "callback"
	ActOK          Action = "ok"
	ActBack        Action = "back"
	ActSelect      Action = "select"
	ActConsult     Action = "consult"
	ActBlind       Action = "blind"
	ActConnect     Action = "connect" // join a call that exists already
	ActJoin        Action = "join"
	ActSplit       Action = "split"
	ActDrop        Action = "drop"
	ActPrivate     Action = "private"
	ActAuto        Action = "auto" // the first free slot
	ActRetrieve    Action = "retrieve"
	ActRefresh     Action = "refresh"
	ActAccept      Action = "accept"
	ActCallBack    Action = "call_back" // who was handed on in vain
	ActDialIt      Action = "dial_it"   // dial all the same
	ActPage        Action = "page"      // call the page group: somebody is parked
	ActUnlock      Action = "unlock"
	ActEmergency   Action = "emergency"
	ActYes         Action = "yes"
	ActNo          Action = "no"
	ActMode        Action = "mode"        // of the letters: abc, Abc, ABC, 0123
	ActOpen        Action = "open"        // the row's details
	ActNext        Action = "next"        // the next thing to enter
	ActTypeIn      Action = "type_in"     // sign in by what is typed here
	ActCertificate Action = "certificate" // its fingerprint
)

// LineState is a line's registration (contract §2).
type LineState string

const (
	LineOff          LineState = "off"
	LineConnecting   LineState = "connecting"
	LineRegistered   LineState = "registered"
	LineUnregistered LineState = "unregistered"
	LineFailed       LineState = "failed"
)

// LineInfo is a line as configured.
type LineInfo struct {
	ID     LineID
	Label  string // "Front desk"
	Number string // own extension
	Domain string
	// Voicemail is the number of this line's mailbox, "": Settings.Voicemail.
	Voicemail string
}

// LineView is a line as it is now.
type LineView struct {
	LineInfo
	State  LineState
	Cause  Cause
	Detail string
	Next   time.Time
	Since  time.Time
}

// CallView is a call as it is now. Durations are computed by the reader from
// the instants.
type CallView struct {
	ID         CallID
	Line       LineID
	Direction  Direction
	State      CallState
	Party      Party
	Via        string
	StartedAt  time.Time
	AnsweredAt time.Time
	EndedAt    time.Time
	HeldSince  time.Time // zero: not held by us
	OnHold     bool
	RemoteHold bool
	Silenced   bool
	MediaUp    bool
	Secure     bool
	Recording  Recording
	Quality    Quality
	Digits     string // DTMF sent in this call
	Cause      Cause  // once Ending or Ended
	// Slot is the park slot that is retrieved by this call, or, of an incoming
	// call, that sends back who was parked there.
	Slot string
	// Forwarded is whom the call goes to since an exchange redirected it.
	Forwarded Party
	Code      int
}

// Input is a number being entered.
type Input struct {
	Text   string
	Cursor int // rune index, 0 … len
}

// MenuView is the list on the screen, if one is.
type MenuView struct {
	Title string // catalogue key
	Items []MenuItem
	Index int
	// Was is the row before the last step and Moved when that was, for a list that
	// glides.
	Was   int
	Moved time.Time
}

// MenuItem is a row of a list. Label and Value are catalogue keys when they
// begin with "@", otherwise literal text.
type MenuItem struct {
	ID    string
	Label string
	Value string
}

// Toast is a line above the soft keys, 4 s (C0.4).
type Toast struct {
	Code  string // catalogue key
	Arg   string
	Since time.Time
	Bad   bool
	Why   Cause  // where the code says more than one thing
	Who   string // a second person
}

// VolumeOverlay is shown for 2 s after a volume key.
type VolumeOverlay struct {
	Path    Path
	Ringer  bool
	Percent int
}

// MWIView is the message-waiting state over all lines. What is not Known any
// more is what it was last.
type MWIView struct {
	Known       bool
	New, Urgent int
}

// SessionState says how far signing in is.
type SessionState string

const (
	SessionOut     SessionState = "signed_out"
	SessionPending SessionState = "signing_in"
	SessionIn      SessionState = "signed_in"
	SessionLost    SessionState = "lost" // the backend took it away
)

// SessionInfo is what the sign-in screen shows.
type SessionInfo struct {
	State SessionState
	User  string // who is signed in
	URL   string // where to sign in
	QR    string // the same with the code in it, for the QR code; "": URL
	Code  string // the one-time code
	Until time.Time
	// Fingerprint is the SHA-256 of the certificate of the page at URL, as 64
	// hexadecimal digits, where that page is the phone's own; "": it is not.
	Fingerprint string
}

// ProblemInfo mirrors health.Problem for the screen.
type ProblemInfo struct {
	Code, Subject, Title, Advice, Detail string
	Severity                             int // 0 info … 3 critical
	Since                                time.Time
}

// Settings are the ones the core and the screens act on. The zero value is a
// sensible phone; Defaults fills the rest.
type Settings struct {
	Theme       string // dark, light, contrast, large, large-light
	Locale      string // BCP 47
	TimeZone    string // IANA
	Country     string // ISO 3166, tones and number formats
	BrandName   string
	Primary     string // #rrggbb or rgb(r, g, b), "" the built-in accent
	Accent      string // the brand's second colour, "" Primary
	PhoneName   string // "Front desk"
	DefaultLine LineID
	// NoCallWaiting refuses a second caller with 486 while a call is up.
	NoCallWaiting bool
	// SoftRing rings quietly on the loudspeaker while the ear is on another
	// path; off: only the call-waiting tone is heard.
	SoftRing bool
	// AutoAnswer lets callers whom the exchange marks as intercom be answered
	// by themselves, with the microphone muted unless AutoAnswerOpen.
	AutoAnswer     bool
	AutoAnswerOpen bool
	// HookFlash: the cradle pressed shortly holds, swaps, or answers who waits.
	HookFlash bool
	// MuteReminder is how often a muted call reminds, 0: never.
	MuteReminder time.Duration
	DND          bool
	// FewKeys: the panel has the sixteen keys of a matrix and no others; what the
	// rest would do is in menus and behind More (C0.1).
	FewKeys     bool
	MaxCalls    int
	RejectCode  int // 486 or 603
	HideDigits  bool
	OneCallKeys bool
	Volumes     map[Path]int // 0–100; PathNone is the ringer
	DigitMap    string
	// NoMatch is what happens to a number that the digit map rules out.
	NoMatch NoMatch
	// SendHash makes # a digit like any other instead of "send now".
	SendHash bool
	// NoTransferOnHook: putting the handset down never hands a call on.
	NoTransferOnHook bool
	// ConfConnect: leaving a conference leaves the other two connected.
	ConfConnect bool
	// Transfers says what to do when the far end asks us to call someone else.
	Transfers TransferPolicy
	// FollowRedirects calls whom an exchange names instead (3xx), five times at
	// most; off: the call ends.
	FollowRedirects bool
	Emergency       []string
	Timers          Timers

	Keys    []ProgKey // K1 … K8
	VIP     []string  // numbers that ring in spite of DND, beside the contacts'
	Blocked []string  // numbers that are turned away, beside the contacts'
	Forward Forward
	// ForwardLast is where callers were forwarded to last.
	ForwardLast     string
	RejectAnonymous bool
	Withhold        bool   // every call's number
	CallerID        string // the number that calls show, "": the exchange's choice
	Voicemail       string // number of the mailbox
	PageGroup       string // called to tell that somebody is parked, "": none
	PredialSends    bool   // a number entered on hook is called when its time is over, not cleared
	HotLine         string // called when the handset is lifted
	HotLineAfter    time.Duration
	HistoryOff      bool
	WebOff          bool // nobody manages the phone over the network
	MuteKeyDND      bool // MUTE at idle toggles DND
	Melody          string
	Melodies        []string // the choice
	Locales         []string // the choice
	// The key lock. The PIN itself is not here.
	PINSet       bool
	Locked       bool
	LockFailures int           // wrong PINs in a row
	AutoLock     time.Duration // 0: never
	// The display left alone: dims after DisplayDim, sleeps after DisplaySleep
	// (0: never). Brightness is in percent; ReducedMotion: nothing moves on it.
	DisplayDim, DisplaySleep time.Duration
	Brightness               int
	ReducedMotion            bool
}

// Timers of C0.5, all configurable.
type Timers struct {
	FirstDigit, Reorder, Howler       time.Duration
	InterDigitShort, InterDigitLong   time.Duration
	NoAnswer, Ring, Ended, Menu       time.Duration
	OnHook, LongPress, Settle, Media  time.Duration
	HoldRemindFirst, HoldRemind       time.Duration
	HoldRecall, HoldRecallIdle, Toast time.Duration
	Predial, HoldWait, Ending, Banner time.Duration
	Transfer                          time.Duration // silence after a REFER
}

// TransferPolicy says what to do when the far end of a call asks us to call
// someone else (REFER).
type TransferPolicy string

const (
	// TransfersOwn does it for somebody of the line's own domain, and asks the
	// person about anybody else.
	TransfersOwn    TransferPolicy = ""
	TransfersAccept TransferPolicy = "accept" // do it
	TransfersAsk    TransferPolicy = "ask"    // ask the person, for eight seconds
	TransfersRefuse TransferPolicy = "refuse" // decline
)

// NoMatch says what to do with digits that no rule of the map allows (C5).
type NoMatch string

const (
	NoMatchCollect NoMatch = ""       // go on collecting; Call, #, OK or 10 s send
	NoMatchSend    NoMatch = "send"   // send what is dialled
	NoMatchReject  NoMatch = "reject" // reorder tone, "Number not allowed"
)
