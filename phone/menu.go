package phone

import (
	"maps"
	"slices"
	"time"
)

// CallerID is a number that outgoing calls may show.
type CallerID struct{ Number, Label string }

// CallerIDsLoaded brings them.
type CallerIDsLoaded struct{ Numbers []CallerID }

// DeviceInfo is what the phone knows of itself, for the network and about
// pages.
type DeviceInfo struct {
	Model, Version, Serial string
	Interface              string // "eth0", "" no network
	Addresses              []string
	MAC                    string
	Camera                 bool           // codes can be read with it, when asked to
	Parts                  []SoftwarePart // the free software inside
	Web                    WebInfo
	Network                NetworkSetup
}

// SoftwarePart is a piece of free software in the phone.
type SoftwarePart struct{ Name, Version, Licence string }

// DeviceChanged brings it.
type DeviceChanged struct{ Device DeviceInfo }

// FactoryReset forgets everything that a person or the sign-in left on the
// phone, and starts it anew at the sign-in screen.
type FactoryReset struct{}

func (CallerIDsLoaded) what() {}
func (DeviceChanged) what()   {}
func (FactoryReset) effect()  {}

// The menus, and the questions of ScreenConfirm; keys of ui's catalogue.
const (
	menuMain     = "menu"
	menuForward  = "forward"
	menuSettings = "settings"
	menuSound    = "sound"
	menuMelody   = "melody"
	menuDisplay  = "display"
	menuLanguage = "language"
	menuCalls    = "call_settings"
	menuCallerID = "caller_id"
	menuMoves    = "move_settings"
	menuReferred = "transfers"
	menuLock     = "lock"
	menuKeys     = "keys"

	confirmReset     = "confirm.reset"
	confirmSignOut   = "confirm.sign_out"
	confirmDelete    = "confirm.delete"
	confirmVoicemail = "confirm.voicemail"
)

// entry is a row of a menu.
type entry struct {
	id, label, value string
	do               func(*turn)
}

// sub is a row that opens another menu.
func sub(menu string) entry {
	return entry{menu, "@" + menu, "", func(t *turn) { t.openPage(page{screen: ScreenMenu, menu: menu, parent: true}) }}
}

// to is a row that opens another screen.
func to(id string, s Screen) entry {
	return entry{id, "@" + id, "", func(t *turn) { t.openPage(page{screen: s, parent: true}) }}
}

// flip is a row that turns a setting on and off.
func flip(name string, on bool) entry {
	return entry{name, "@" + name, onOffWord(on), func(t *turn) { t.changeSwitch(name, !on) }}
}

// ask is a row that opens a form with what is set.
func ask(name string, kind FormKind, have string) entry {
	value := have
	if value == "" {
		value = "@off"
	}
	return entry{name, "@" + name, value, func(t *turn) { t.openForm(newForm(name, "", kind, have)) }}
}

// choose is a row that sets name to value and goes back.
func choose(name, value, label string, now string) entry {
	mark := ""
	if value == now {
		mark = "@chosen"
	}
	return entry{name + "/" + value, label, mark, func(t *turn) {
		t.change(name, value)
		t.pageBack()
	}}
}

// menuEntries are the rows of the ScreenMenu that is open.
func (s *State) menuEntries() []entry {
	set := &s.settings
	switch s.page.menu {
	case menuMain:
		return s.mainMenu()
	case menuForward:
		return []entry{
			ask(SetForwardAlways, FormNumber, set.Forward.Always), ask(SetForwardBusy, FormNumber, set.Forward.Busy),
			ask(SetForwardNoAnswer, FormNumber, set.Forward.NoAnswer),
			{SetForwardAfter, "@" + SetForwardAfter, itoa(int(set.Forward.NoAnswerAfter/time.Second)) + " s", (*turn).nextForwardTime},
		}
	case menuSettings:
		all := []entry{sub(menuSound), sub(menuDisplay), sub(menuLanguage), sub(menuCalls), sub(menuLock), to("network", ScreenNetwork)}
		if s.device.Network.Able {
			all = append(all, entry{menuNetwork, "@" + menuNetwork, "", (*turn).openNetworkMenu})
		}
		all = append(all, entry{"reset", "@reset", "", (*turn).askReset}, sub(menuWeb))
		if s.stick {
			all = append(all, entry{"report", "@report", "", (*turn).saveReport})
		}
		return all
	case menuSound:
		return s.soundMenu()
	case menuMelody:
		return s.melodyMenu()
	case menuDisplay:
		return []entry{{"theme", "@theme", "@" + set.Theme, (*turn).nextTheme},
			{SetBrightness, "@" + SetBrightness, itoa(set.Brightness) + " %", (*turn).nextBrightness},
			{SetDisplayDim, "@" + SetDisplayDim, waitWord(set.DisplayDim), func(t *turn) { t.nextWait(SetDisplayDim, t.settings.DisplayDim) }},
			{SetDisplaySleep, "@" + SetDisplaySleep, waitWord(set.DisplaySleep), func(t *turn) { t.nextWait(SetDisplaySleep, t.settings.DisplaySleep) }},
			flip(SetReducedMotion, set.ReducedMotion)}
	case menuLanguage:
		return choices(SetLocale, set.Locales, set.Locale, "locale.")
	case menuCalls:
		return []entry{
			flip(SetCallWaiting, !set.NoCallWaiting), flip(SetRejectAnonymous, set.RejectAnonymous), sub(menuCallerID),
			flip(SetHistoryOff, set.HistoryOff), ask(SetVoicemail, FormNumber, set.Voicemail), ask(SetHotLine, FormNumber, set.HotLine),
			flip(SetMuteKeyDND, set.MuteKeyDND), flip(SetHideDigits, set.HideDigits), flip(SetAutoAnswer, set.AutoAnswer),
			flip(SetHookFlash, set.HookFlash), {SetMuteReminder, "@" + SetMuteReminder, s.muteReminderWord(), (*turn).nextMuteReminder}, sub(menuMoves),
		}
	case menuMoves:
		referred := sub(menuReferred)
		referred.value = "@" + "transfers." + set.Transfers.Word()
		return []entry{
			flip(SetTransferOnHook, !set.NoTransferOnHook), flip(SetConfConnect, set.ConfConnect), flip(SetRedirects, set.FollowRedirects), referred,
		}
	case menuReferred:
		return choices(SetTransfers, transferPolicies, set.Transfers.Word(), "transfers.")
	case menuCallerID:
		return s.callerIDMenu()
	case menuLock:
		return s.lockMenu()
	case menuKeys:
		return s.keyEntries()
	case menuWeb:
		return s.webMenu()
	case menuSignIn:
		return s.signInMenu()
	case menuNetwork:
		return s.networkMenu()
	case menuWiFi:
		return s.wifiMenu()
	}
	return nil
}

func (s *State) mainMenu() []entry {
	set := &s.settings
	dnd := entry{"dnd", "@dnd", onOffWord(set.DND), (*turn).toggleDND}
	forward := sub(menuForward)
	if forward.value = "@off"; set.Forward.Any() {
		forward.value = "@on"
	}
	list := []entry{
		to("status", ScreenStatus),
		{"history", "@history", "", func(t *turn) { t.openHistory(true) }},
		{"contacts", "@contacts", "", (*turn).openContacts},
		{"voicemail", "@voicemail", "", (*turn).messageKey},
		dnd, forward, sub(menuSettings), to("about", ScreenAbout),
	}
	if s.settings.FewKeys && len(s.keyEntries()) > 0 {
		list = slices.Insert(list, 3, sub(menuKeys))
	}
	switch s.session.State {
	case SessionIn:
		list = append(list, entry{"sign_out", "@sign_out", s.session.User, func(t *turn) {
			t.openPage(page{screen: ScreenConfirm, menu: confirmSignOut, parent: true})
		}})
	case SessionPending:
	default:
		list = append(list, entry{"sign_in", "@sign_in", "", (*turn).askSignIn})
	}
	return list
}

func (s *State) soundMenu() []entry {
	var list []entry
	for _, p := range []Path{PathNone, PathHandset, PathSpeaker, PathHeadset} {
		label := "@" + "path." + p.String()
		if p == PathNone {
			label = "@path.ringer"
		}
		list = append(list, entry{"volume/" + p.String(), label, itoa(s.settings.Volumes[p]) + " %", func(t *turn) { t.nextVolume(p) }})
	}
	if len(s.settings.Melodies) > 0 {
		list = append(list, sub(menuMelody))
	}
	return list
}

// nextVolume steps a path's volume by a fifth, round and round.
func (t *turn) nextVolume(p Path) {
	n := t.settings.Volumes[p]/20*20 + 20
	if n > 100 {
		n = 0
	}
	t.setVolume(p, n)
}

// choices are one row a value, for a setting that is one of a few.
func choices(name string, values []string, now, prefix string) []entry {
	list := make([]entry, 0, len(values))
	for _, v := range values {
		list = append(list, choose(name, v, "@"+prefix+v, now))
	}
	return list
}

func (s *State) callerIDMenu() []entry {
	set := &s.settings
	withhold := entry{"withhold_next", "@withhold_next", onOffWord(s.withhold), (*turn).toggleWithhold}
	list := []entry{choose(SetCallerID, "", "@caller_id.default", set.CallerID)}
	for _, n := range s.ids {
		label := n.Number
		if n.Label != "" {
			label = n.Label + " · " + n.Number
		}
		list = append(list, choose(SetCallerID, n.Number, label, set.CallerID))
	}
	return append(list, withhold, flip(SetWithhold, set.Withhold))
}

func (t *turn) toggleWithhold() {
	t.withhold = !t.withhold
	if t.withhold {
		t.say(ToastWithheld, "", false)
	} else {
		t.say(ToastNotWithheld, "", false)
	}
}

func (s *State) lockMenu() []entry {
	if !s.settings.PINSet {
		return []entry{{"pin_new", "@pin_new", "", func(t *turn) { t.openForm(newForm("pin_new", "", FormPIN, "")) }}}
	}
	auto := "@off"
	if s.settings.AutoLock > 0 {
		auto = itoa(int(s.settings.AutoLock/time.Minute)) + " min"
	}
	return []entry{
		{"lock_now", "@lock_now", "", (*turn).lock},
		{SetAutoLock, "@" + SetAutoLock, auto, (*turn).nextAutoLock},
		{"pin_old", "@pin_change", "", func(t *turn) { t.openForm(newForm("pin_old", "", FormPIN, "")) }},
		{"pin_off", "@pin_off", "", func(t *turn) { t.openForm(newForm("pin_off", "", FormPIN, "")) }},
	}
}

func (s *State) muteReminderWord() string {
	if s.settings.MuteReminder == 0 {
		return "@off"
	}
	return itoa(int(s.settings.MuteReminder/time.Second)) + " s"
}

func (t *turn) nextMuteReminder() {
	t.change(SetMuteReminder, itoa(int(after([]time.Duration{0, 30 * time.Second, time.Minute, 2 * time.Minute}, t.settings.MuteReminder)/time.Second)))
}

func (t *turn) nextAutoLock() {
	t.change(SetAutoLock, itoa(int(after([]time.Duration{0, time.Minute, 5 * time.Minute, 15 * time.Minute}, t.settings.AutoLock)/time.Second)))
}

func (t *turn) nextForwardTime() {
	t.change(SetForwardAfter, itoa(int(after([]time.Duration{10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second},
		t.settings.Forward.NoAnswerAfter)/time.Second)))
}

// after is the value that follows now in a round.
func after[T comparable](round []T, now T) T {
	return round[(slices.Index(round, now)+1)%len(round)]
}

// Themes are those that the menu steps through: the names of package ui's.
var Themes = []string{"dark", "light", "contrast", "large", "large-light"}

func (t *turn) nextTheme() { t.change(SetTheme, after(Themes, t.settings.Theme)) }

// askReset asks for the PIN first, where there is one.
func (t *turn) askReset() {
	if t.settings.PINSet {
		t.openForm(newForm("reset", "", FormPIN, ""))
		return
	}
	t.openPage(page{screen: ScreenConfirm, menu: confirmReset, parent: true})
}

// confirmed is Yes.
func (t *turn) confirmed() {
	p := t.page
	if p.screen == ScreenOffer {
		t.takeOffer()
		return
	}
	switch p.menu {
	case confirmReset:
		t.closePage()
		t.endAll()
		t.emit(FactoryReset{})
	case confirmCapture:
		t.consentOver(true)
	case confirmSignOut:
		t.closePage()
		t.endAll()
		t.emit(AskSignOut{})
	case confirmForget:
		t.emit(ForgetAccounts{})
		t.pageBack()
	case confirmDelete:
		t.pageBack()
		t.deleteContact(p.arg)
		t.pageBack()
	case confirmVoicemail:
		t.closePage()
		if boxes := t.mailboxes(); len(boxes) > 0 {
			t.dialMailbox(boxes[0])
		}
	}
}

// formUses is what each form is for.
var formUses map[string]func(t *turn, f *form, text string)

func init() {
	formUses = map[string]func(t *turn, f *form, text string){
		"unlock": askPIN, "pin_old": askPIN, "pin_off": askPIN, "reset": askPIN, "web_forget": askPIN, "pin_new": newPIN, "pin_again": againPIN, formOffer: offerPIN,
		"contact_name": contactName, "contact_number": contactNumber, formEmail: emailDone, formPassword: passwordDone, formServer: serverDone,
		"forward_call": func(t *turn, f *form, text string) {
			c := t.call(t.page.call)
			if l := t.forwardRows(); text == "" && len(l) > 0 {
				text = l[min(t.page.index, len(l)-1)].ID
			}
			if text == "" {
				t.wrong("form.empty")
				return
			}
			t.closePage()
			t.change(SetForwardLast, text)
			t.forwardCall(c, text)
		},
	}
	maps.Copy(formUses, networkForms)
	for _, which := range []string{SetForwardAlways, SetForwardBusy, SetForwardNoAnswer} {
		formUses[which] = func(t *turn, _ *form, text string) {
			t.pageBack()
			t.setForward(which, text)
		}
	}
	for _, which := range []string{SetVoicemail, SetHotLine} {
		formUses[which] = func(t *turn, _ *form, text string) {
			t.pageBack()
			t.change(which, text)
			t.say(ToastSaved, "", false)
		}
	}
}

func (s *State) networkItems() []MenuItem {
	d := s.device
	iface := d.Interface
	if iface == "" {
		iface = "@network.none"
	}
	items := []MenuItem{{ID: "interface", Label: "@network.interface", Value: iface}}
	for _, a := range d.Addresses {
		items = append(items, MenuItem{ID: "address/" + a, Label: "@network.address", Value: a})
	}
	if d.MAC != "" {
		items = append(items, MenuItem{ID: "mac", Label: "@network.mac", Value: d.MAC})
	}
	for _, l := range s.lines {
		items = append(items, MenuItem{ID: "line/" + string(l.ID), Label: l.Domain, Value: "@" + string(l.State)})
	}
	return items
}

func (s *State) aboutItems() []MenuItem {
	d := s.device
	var items []MenuItem
	for _, x := range []MenuItem{
		{ID: "model", Label: "@about.model", Value: d.Model}, {ID: "version", Label: "@about.version", Value: d.Version},
		{ID: "serial", Label: "@about.serial", Value: d.Serial},
	} {
		if x.Value != "" {
			items = append(items, x)
		}
	}
	if len(d.Parts) > 0 {
		items = append(items, MenuItem{ID: licencesRow, Label: "@licences", Value: itoa(len(d.Parts))})
	}
	return items
}
