package ui

import (
	"time"

	"phoned/phone"
)

// Screen is everything one picture says. It is a value: a panel may keep it
// and compare.
type Screen struct {
	ID      phone.Screen
	Theme   Theme
	Primary string // the brand's colour, "#rrggbb" or "rgb(r, g, b)"; "" for the theme's own accent
	Accent  string // the brand's second colour, for what is chosen; "": Primary
	Logo    *Logo  // the brand's, nil where it has no place
	Glow    int    // strength of the ringing ground, 0 (plain) … GlowMax
	Header  Header
	Body    Body // never nil
	Keys    [4]SoftKey
	Toast   *Toast
	Volume  *Volume
	// Next is when the picture changes by itself (C0.4): the next second of a
	// timer, the next minute, the next blink. The zero time means never.
	Next time.Time
}

// GlowMax is the strongest glow of the ground.
const GlowMax = 16

// Theme names a set of colours.
type Theme string

const (
	Dark       Theme = "dark"
	Light      Theme = "light"
	Contrast   Theme = "contrast" // black, white and pure colours; every text at least 7:1
	Large      Theme = "large"    // the dark colours, larger type
	LargeLight Theme = "large-light"
)

// Themes lists all there are; the names are those of Settings.Theme.
func Themes() []Theme { return []Theme{Dark, Light, Contrast, Large, LargeLight} }

// Large reports whether the theme sets type larger.
func (t Theme) Large() bool { return t == Large || t == LargeLight }

// Light reports whether the theme's ground is light.
func (t Theme) Light() bool { return t == Light || t == LargeLight }

// theme reads a setting; what is no theme is Dark.
func theme(s string) Theme {
	for _, t := range Themes() {
		if s == string(t) {
			return t
		}
	}
	return Dark
}

// Tone is the meaning of a colour; the panel has the colour.
type Tone int

const (
	ToneText Tone = iota
	ToneMuted
	ToneAccent
	ToneGo
	ToneStop
	ToneWarn
	ToneOut // the way out: quieter than text, never faint
)

// Text is a run of words with one meaning.
type Text struct {
	S    string
	Tone Tone
}

// Icon names a drawing; the panel draws it.
type Icon string

const (
	IconNone      Icon = ""
	IconDot       Icon = "dot" // a registered line
	IconLock      Icon = "lock"
	IconKeyLock   Icon = "key"
	IconMoon      Icon = "moon"
	IconForward   Icon = "forward"
	IconMail      Icon = "mail"
	IconMissed    Icon = "missed"
	IconHeadset   Icon = "headset"
	IconHandset   Icon = "handset"
	IconSpeaker   Icon = "speaker"
	IconMicOff    Icon = "mic_off"
	IconRecord    Icon = "record"
	IconRemote    Icon = "remote" // somebody elsewhere controls the phone
	IconPause     Icon = "pause"
	IconIn        Icon = "in"
	IconOut       Icon = "out"
	IconWarn      Icon = "warn"
	IconNoNetwork Icon = "no_network"
	IconBell      Icon = "bell"
	IconBellOff   Icon = "bell_off"
	IconInfo      Icon = "info"
	IconCheck     Icon = "check"
	IconChevron   Icon = "chevron"
	IconCross     Icon = "cross"
	IconBars1     Icon = "bars_1" // how it sounds, of four bars
	IconBars2     Icon = "bars_2"
	IconBars3     Icon = "bars_3"
	IconBars4     Icon = "bars_4"
)

// Badge is an icon in the header, perhaps with a count.
type Badge struct {
	Icon Icon
	Tone Tone
	Text string
}

// Header is the line on top (C0.4).
type Header struct {
	Time   string // "--:--" while the clock is not set, "" under a large clock
	Title  string // the phone's name, or what the screen is about
	Index  string // "2/2" when there is more than one call
	Badges []Badge
	Right  Text // own extension, or "no service"
}

// SoftKey is the label of SK1–SK4.
type SoftKey struct {
	Action phone.Action
	Label  string
	Kind   KeyKind
	Filled bool // the whole key has the colour: a call rings and waits for it
}

// KeyKind says what pressing a soft key means to the person.
type KeyKind int

const (
	KeyNormal KeyKind = iota
	KeyGo             // the positive act
	KeyStop           // End, Reject
	KeyOut            // the way out, muted
)

// Tone gives the tone of a label.
func (k KeyKind) Tone() Tone {
	switch k {
	case KeyGo:
		return ToneGo
	case KeyStop:
		return ToneStop
	case KeyOut:
		return ToneOut
	}
	return ToneText
}

// Toast is the line above the soft keys.
type Toast struct {
	Text string
	Tone Tone
	Icon Icon
	Rise int // pixels still to slide up, 8 … 0
}

// Volume is the volume overlay.
type Volume struct {
	Label   string
	Icon    Icon
	Percent int
	Value   string // "60 %" in the locale's way
}

// Body is what lies between header and soft keys: one of Clock, Call, Entry,
// Message, SignIn, List, Big.
type Body interface{ body() }

// Chip is a short remark in a rounded box.
type Chip struct {
	Icon Icon
	Text string
	Tone Tone
}

// Clock is the idle screen.
type Clock struct {
	Time  string
	Date  string
	Chips []Chip
}

// Strip is a line over the whole width above the soft keys: what is wrong and
// must not be missed.
type Strip struct {
	Icon  Icon
	Text  string
	Tone  Tone
	Solid bool // filled with the tone; otherwise the words have it
}

// Call is one call in large, with the others as rows beneath.
type Call struct {
	Label   Text // "Incoming call", "Calling", "On hold"; "" while talking
	Icon    Icon // beside the label
	Blink   bool // the icon is in the dark half of its blink
	Name    string
	Number  string // "" when the name is the number
	Timer   Text   // "02:13"; "" before there is one
	Remark  bool   // Timer is an aside ("Call lasted 02:13"), set small
	Caption string // what Timer counts, where the label above it says another thing
	Note    Text   // "via Sales · to line 2"
	Mark    string // initials of the name, "" for a bare number
	Ring    Tone   // of the ring round the initials: the state of the call
	Chips   []Chip
	Rows    []Row
	Strip   Strip
	Compact bool // there are rows: name and timer share the upper half
}

// Row is a line of a list, or a further call.
type Row struct {
	Icon     Icon
	IconTone Tone
	Hollow   bool // the icon is in the dark half of its blink
	Label    string
	Value    Text
	Hit      [2]int // bytes of Value.S that match what was typed
	Open     bool   // there is a further page behind it
	Focus    bool
}

// Entry is a number being entered.
type Entry struct {
	Text   string
	Cursor int // rune index
	// Pending: the character before the cursor still changes with the next
	// press of its key.
	Pending bool
	Hint    string
	Note    Text // "from 1001", "1 call on hold"
	Chips   []Chip
	Rows    []Row
}

// Message is a sentence and its explanation.
type Message struct {
	Icon       Icon
	Tone       Tone
	Lead       string // small, above the title
	Title      string
	Paragraphs []Text
	Details    string // what the machine said, for who is asked for help
	DetailsAre string // the heading of Details
	Strip      Strip
}

// SignIn is the QR code and what to do without a camera.
type SignIn struct {
	Payload string // of the QR code
	Lead    string
	Or      string
	URL     string
	AndType string
	Code    string
	Until   Text
	Strip   Strip
	// Fingerprint is that of the certificate of a page of the phone's own, in
	// groups of four, to be compared; nil: the page is a server's.
	Fingerprint []string
	Compare     string // what to do with it
}

// List is rows under a title (which the header carries).
type List struct {
	Rows  []Row
	Index int
	Empty string
	// From is the row that was selected before and Glide how far the rows have moved
	// from its place to Index's, in 64ths; 0: they stand still.
	From, Glide int
}

// Big is one number that matters now: the slot a call is parked in.
type Big struct {
	Lead string
	Text string
	Sub  Text
}

func (Big) body()     {}
func (Clock) body()   {}
func (Call) body()    {}
func (Entry) body()   {}
func (Message) body() {}
func (SignIn) body()  {}
func (List) body()    {}
