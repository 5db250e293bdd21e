package phonescript

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoned/phone"
)

// desk are the commands around programmable keys, contacts, the lock and the
// configuration:
//
//	keys FUNCTION[:VALUE[:PICKUP]]… (K1 …) · watch RESOURCE STATE [held] [pickup]
//	[by NUMBER ["Display"]] [line L] · contacts ("NAME" NUMBER[,NUMBER…][!favourite|!vip|!blocked])…
//	pin ok|wrong · pinsaved ok|failed · callerids NUMBER… · config [reboot] · mailbox LINE NUMBER ·
//	offer stick|code [pin] [HOST] · offer gone|wrong · camera [off] · stick in|out · report ok|failed ·
//	type TEXT (digit keys, 1 s apart, for letters) · wake, sleep, toggle, theme T (commands for the display) ·
//	ways [code] [password] [set] [HOST] · signin WHY|ok · certificate HEX ·
//	network [ADDRESS] [radio], network refused · heard NAME[!open|!no]… (10 dB apart, from −50 dBm) ·
//	parts NAME… · licence NAME TEXT (| begins a paragraph)
var desk = map[string]func(*World, []string) error{
	"keys": func(w *World, a []string) error {
		s := w.State.View().Settings
		s.Keys = nil
		for _, x := range a {
			f := append(strings.Split(x, ":"), "", "")
			s.Keys = append(s.Keys, phone.ProgKey{Function: phone.KeyFunction(f[0]), Value: f[1], Pickup: f[2]})
		}
		return w.Do(phone.SettingsChanged{Settings: s})
	},
	"watch": func(w *World, a []string) error {
		e := phone.WatchChanged{Line: "1", Resource: word(a, 0), State: phone.WatchState(word(a, 1))}
		if e.State == "unknown" {
			e.State = phone.WatchUnknown
		}
		for i := 2; i < len(a); i++ {
			switch a[i] {
			case "held":
				e.Held = true
			case "pickup":
				e.Pickup = true
			case "line":
				i++
				e.Line = phone.LineID(word(a, i))
			case "by":
				i++
				e.Remote.Number = word(a, i)
			default:
				e.Remote.Name = a[i]
			}
		}
		return w.Do(e)
	},
	"contacts": func(w *World, a []string) error {
		var e phone.ContactsLoaded
		for i := 0; i < len(a); i += 2 {
			flags := strings.Split(word(a, i+1), "!")
			c := phone.ContactCard{ID: "c" + strconv.Itoa(i/2+1), Name: a[i]}
			for _, n := range strings.Split(flags[0], ",") {
				c.Numbers = append(c.Numbers, phone.ContactNumber{Number: n})
			}
			c.Favourite, c.VIP, c.Blocked = slices.Contains(flags, "favourite"), slices.Contains(flags, "vip"), slices.Contains(flags, "blocked")
			e.Contacts = append(e.Contacts, c)
		}
		return w.Do(e)
	},
	"pin":      func(w *World, a []string) error { return w.Do(phone.PINChecked{OK: word(a, 0) == "ok"}) },
	"pinsaved": func(w *World, a []string) error { return w.Do(phone.PINSaved{OK: word(a, 0) == "ok"}) },
	"callerids": func(w *World, a []string) error {
		var e phone.CallerIDsLoaded
		for _, n := range a {
			e.Numbers = append(e.Numbers, phone.CallerID{Number: n})
		}
		return w.Do(e)
	},
	"parts": func(w *World, a []string) error {
		d := phone.DeviceInfo{Model: "x"}
		for _, p := range a {
			d.Parts = append(d.Parts, phone.SoftwarePart{Name: p, Licence: "MIT"})
		}
		return w.Do(phone.DeviceChanged{Device: d})
	},
	"licence": func(w *World, a []string) error {
		return w.Do(phone.LicenceRead{Part: word(a, 0), Text: strings.ReplaceAll(word(a, 1), "|", "\n\n")})
	},
	"wake":   func(w *World, _ []string) error { return w.Do(phone.Wake{}) },
	"sleep":  func(w *World, _ []string) error { return w.Do(phone.Sleep{}) },
	"toggle": func(w *World, _ []string) error { return w.Do(phone.ToggleDisplay{}) },
	"theme":  func(w *World, a []string) error { return w.Do(phone.SetThemeTo{Theme: word(a, 0)}) },
	"camera": func(w *World, a []string) error {
		return w.Do(phone.DeviceChanged{Device: phone.DeviceInfo{Camera: word(a, 0) != "off"}})
	},
	"stick":  func(w *World, a []string) error { return w.Do(phone.StickChanged{In: word(a, 0) == "in"}) },
	"report": func(w *World, a []string) error { return w.Do(phone.ReportSaved{OK: word(a, 0) == "ok"}) },
	"offer": func(w *World, a []string) error {
		switch word(a, 0) {
		case "gone", "wrong":
			return w.Do(phone.OfferEnded{ID: "1", WrongPIN: a[0] == "wrong"})
		}
		o := phone.Offer{ID: "1", Kind: phone.OfferKind(word(a, 0)), Changes: []string{"Language: en → de"}}
		for _, x := range a[1:] {
			if x == "pin" {
				o.PIN = true
			} else {
				o.From = x
			}
		}
		return w.Do(phone.Offered{Offer: o})
	},
	"ways": func(w *World, a []string) error {
		var e phone.SignInWaysChanged
		for _, x := range a {
			switch x {
			case "code":
				e.Ways.Code = true
			case "password":
				e.Ways.Password = true
			case "set":
				e.Ways.SetServer = true
			default:
				e.Ways.Server = x
			}
		}
		return w.Do(e)
	},
	"signin": func(w *World, a []string) error {
		why := phone.SignInWhy(word(a, 0))
		if why == "ok" {
			why = ""
		}
		return w.Do(phone.SignInResult{Why: why})
	},
	"network": func(w *World, a []string) error {
		n := phone.NetworkSetup{Able: true}
		for _, x := range a {
			switch {
			case x == "refused":
				return w.Do(phone.NetworkRefused{})
			case x == "radio":
				n.Radio = true
			default:
				n.Address = x
			}
		}
		d := w.State.View().Device
		d.Network = n
		return w.Do(phone.DeviceChanged{Device: d})
	},
	"heard": func(w *World, a []string) error {
		var e phone.WiFiHeard
		for i, x := range a {
			name, kind, _ := strings.Cut(x, "!")
			e.Networks = append(e.Networks, phone.HeardNetwork{Name: name, Signal: -50 - 10*i, Open: kind == "open", Usable: kind != "no"})
		}
		return w.Do(e)
	},
	"certificate": func(w *World, a []string) error {
		s := phone.SessionInfo{State: phone.SessionPending, URL: "https://192.0.2.7:8443/enrol", Code: "WXYZ-BCDF", Fingerprint: word(a, 0)}
		return w.Do(phone.SessionChanged{Session: s})
	},
	"config": func(w *World, a []string) error { return w.Do(phone.ConfigAsked{Reboot: word(a, 0) == "reboot"}) },
	"mailbox": func(w *World, a []string) error {
		var lines []phone.LineInfo
		for _, l := range w.State.View().Lines {
			if string(l.ID) == word(a, 0) {
				l.Voicemail = word(a, 1)
			}
			lines = append(lines, l.LineInfo)
		}
		return w.Do(phone.LinesConfigured{Lines: lines})
	},
}

// lookDesk gives the present value of what desk's flows show:
//
//	form TEXT|none · peek LETTER|none · busy on|off · formmode M · formerror E|none · title T · items N · item N
//	TEXT (label and value) · locked|withhold|callback on|off · filter D|none ·
//	forward always|busy|no_answer NUMBER|none · theme T · display on|dim|off · pieces N · piece TEXT · set NAME VALUE
func lookDesk(v phone.View, what string, a []string) (string, bool) {
	switch what {
	case "form":
		if v.Form == nil {
			return "none", true
		}
		return orNone(v.Form.Text), true
	case "peek":
		if v.Form == nil {
			return "none", true
		}
		return orNone(string(v.Form.Peek)), true
	case "busy":
		return onOff(v.Form != nil && v.Form.Busy), true
	case "formmode":
		return orNone(string(v.Form.Mode)), true
	case "formerror":
		return orNone(v.Form.Error), true
	case "title":
		return v.Menu.Title, true
	case "items":
		return strconv.Itoa(len(v.Menu.Items)), true
	case "item":
		i, err := strconv.Atoi(word(a, 0))
		if err != nil || i < 0 || i >= len(v.Menu.Items) {
			return "none", true
		}
		return strings.TrimSpace(v.Menu.Items[i].Label + " " + v.Menu.Items[i].Value), true
	case "locked":
		return onOff(v.Locked), true
	case "withhold":
		return onOff(v.Withhold), true
	case "callback":
		return onOff(v.Callback), true
	case "noemergency":
		return onOff(v.NoEmergency), true
	case "pieces":
		return strconv.Itoa(len(v.Text)), true
	case "piece":
		if i := v.Menu.Index; i < len(v.Text) {
			return strings.TrimSpace(v.Text[i]), true
		}
		return "none", true
	case "display":
		return v.Display.Word(), true
	case "filter":
		return orNone(v.Filter), true
	case "theme":
		return v.Settings.Theme, true
	case "forward":
		f := v.Settings.Forward
		return orNone(map[string]string{"always": f.Always, "busy": f.Busy, "no_answer": f.NoAnswer}[word(a, 0)]), true
	}
	return "", false
}

// describeDesk writes an effect of theirs in words.
func describeDesk(x phone.Effect) (string, bool) {
	switch x := x.(type) {
	case phone.SetWatches:
		return fmt.Sprintf("SetWatches %s %s", x.Line, strings.Join(x.Resources, " ")), true
	case phone.CheckPIN:
		return "CheckPIN " + string(x.PIN), true
	case phone.SavePIN:
		return "SavePIN " + string(x.PIN), true
	case phone.ScanCode:
		return "ScanCode", true
	case phone.DeclineOffer:
		return "DeclineOffer " + x.ID, true
	case phone.ForgetAccounts:
		return "ForgetAccounts", true
	case phone.SignInWith:
		return "SignInWith " + x.Email + " " + string(x.Password), true
	case phone.StopSignInWith:
		return "StopSignInWith", true
	case phone.SetSignInServer:
		return "SetSignInServer " + x.Address, true
	case phone.SetNetwork:
		return strings.Join(strings.Fields(fmt.Sprint("SetNetwork ", x.Wired.Address, " ", x.Wired.Gateway, " ", x.Wired.DNS, " ", x.Wired.VLAN)), " "), true
	case phone.ScanWiFi:
		return "ScanWiFi", true
	case phone.JoinWiFi:
		return strings.TrimSpace("JoinWiFi " + x.Name + " " + string(x.Passphrase)), true
	case phone.ReadLicence:
		return "ReadLicence " + x.Part, true
	case phone.TakeOffer:
		return strings.TrimSpace("TakeOffer " + x.ID + " " + string(x.PIN)), true
	case phone.CheckConfig:
		return fmt.Sprintf("CheckConfig %s", onOff(x.Reboot)), true
	case phone.DeleteContact:
		return "DeleteContact " + x.ID, true
	case phone.SaveContact:
		c := x.Contact
		s := "SaveContact " + c.Name
		for _, n := range c.Numbers {
			s += " " + n.Number
		}
		for _, f := range []struct {
			on   bool
			word string
		}{{c.Favourite, "favourite"}, {c.VIP, "vip"}, {c.Blocked, "blocked"}} {
			if f.on {
				s += " " + f.word
			}
		}
		return s, true
	}
	return "", false
}
