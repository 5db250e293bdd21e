package scenes

import (
	"time"

	"phoned/phone"
)

// desk are contacts, forms, questions and the key lock.
func desk() []Scene {
	now := at(13 * time.Minute)
	contacts := view(phone.ScreenContacts, keys(phone.ActCall, phone.ActOpen, phone.ActNone, phone.ActBack))
	contacts.Menu = phone.MenuView{Title: "@contacts", Index: 1, Items: []phone.MenuItem{
		{ID: "1", Label: "Anna Lindqvist", Value: "1001"}, {ID: "2", Label: "Mara Jakobsen", Value: mara.Number},
		{ID: "3", Label: "Warehouse", Value: "1002"}, {ID: "4", Label: "Workshop", Value: "1003"}, {ID: "new", Label: "@contact.new"},
	}}
	card := view(phone.ScreenContact, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	card.Contact = &phone.ContactCard{ID: "2", Name: "Mara Jakobsen", Favourite: true}
	card.Menu = phone.MenuView{Title: "Mara Jakobsen", Items: []phone.MenuItem{
		{ID: "call/0", Label: "@contact.call", Value: mara.Number}, {ID: "favourite", Label: "@contact.favourite", Value: "@on"},
		{ID: "vip", Label: "@contact.vip", Value: "@off"}, {ID: "blocked", Label: "@contact.blocked", Value: "@off"},
		{ID: "name", Label: "@contact.name", Value: "Mara Jakobsen"}, {ID: "delete", Label: "@contact.delete"},
	}}
	form := func(done, mode, out phone.Action, f phone.FormView) phone.View {
		v := view(phone.ScreenForm, keys(done, phone.ActDelete, mode, out))
		if f.Text == "" {
			v.SoftKeys[1] = phone.ActNone
		}
		v.Form = &f
		return v
	}
	name := form(phone.ActSave, phone.ActMode, phone.ActCancel, phone.FormView{ID: "contact_name", Title: "@form.contact_name", Kind: phone.FormText, Text: "Mara J", Cursor: 6, Pending: true, Mode: phone.ModeLower})
	pin := form(phone.ActUnlock, phone.ActNone, phone.ActCancel, phone.FormView{ID: "unlock", Title: "@form.unlock", Kind: phone.FormPIN, Text: "••••", Cursor: 4})
	wrong := form(phone.ActUnlock, phone.ActNone, phone.ActCancel, phone.FormView{ID: "unlock", Title: "@form.unlock", Kind: phone.FormPIN, Error: "form.wrong_pin"})
	number := form(phone.ActSave, phone.ActNone, phone.ActCancel, phone.FormView{ID: "forward_always", Title: "@form.forward_always", Kind: phone.FormNumber, Text: "1002", Cursor: 4})
	email := form(phone.ActNext, phone.ActMode, phone.ActCancel, phone.FormView{ID: "signin_email", Title: "@form.signin_email", Kind: phone.FormEmail, Text: "mara.jakobsen@acme.example", Cursor: 26})
	password := form(phone.ActSignIn, phone.ActMode, phone.ActBack, phone.FormView{ID: "signin_password", Title: "@form.signin_password", Kind: phone.FormPassword, Text: "••••••", Cursor: 6, Pending: true, Peek: "k"})
	refused := form(phone.ActSignIn, phone.ActMode, phone.ActBack, phone.FormView{ID: "signin_password", Title: "@form.signin_password", Kind: phone.FormPassword, Text: "••••••••", Cursor: 8, Error: "form.error.password"})
	ways := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	ways.Menu = phone.MenuView{Title: "@sign_in", Items: []phone.MenuItem{
		{ID: "signin_code", Label: "@signin_code"}, {ID: "signin_email", Label: "@signin_by_password"}, {ID: "signin_server", Label: "@signin_server", Value: "login.acme.example"},
	}}
	ask := view(phone.ScreenConfirm, keys(phone.ActYes, phone.ActNone, phone.ActNone, phone.ActNo))
	ask.Menu.Title = "@confirm.reset"
	lock := view(phone.ScreenLocked, keys(phone.ActUnlock, phone.ActEmergency))
	lock.Locked = true
	choice := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	choice.Menu = phone.MenuView{Title: "@language", Items: []phone.MenuItem{
		{ID: "en", Label: "@locale.en", Value: "@chosen"}, {ID: "de", Label: "@locale.de"},
	}}
	sound := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	sound.Menu = phone.MenuView{Title: "@call_settings", Index: 1, Items: []phone.MenuItem{
		{ID: "forward", Label: "@forward"}, {ID: "call_waiting", Label: "@call_waiting", Value: "@on"},
		{ID: "withhold", Label: "@withhold", Value: "@off"}, {ID: "hot_line", Label: "@hot_line"},
	}}
	stick := view(phone.ScreenOffer, keys(phone.ActYes, phone.ActNone, phone.ActNone, phone.ActNo))
	stick.Menu = phone.MenuView{Title: "@offer.stick", Items: []phone.MenuItem{
		{ID: "change/0", Label: "Sign-in server: nothing → https://login.example.net/oauth/internal"}, {ID: "change/1", Label: "Language: en → de"},
		{ID: "change/2", Label: "Time zone: UTC → Europe/Zurich"},
	}}
	code := view(phone.ScreenOffer, keys(phone.ActYes, phone.ActNone, phone.ActNone, phone.ActNo))
	code.Menu = phone.MenuView{Title: "@offer.code", Items: []phone.MenuItem{{ID: "from", Label: "@offer.from", Value: "cfg.example.net"}}}
	asked := view(phone.ScreenOffer, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActNo))
	asked.Menu = phone.MenuView{Title: "@offer.access", Items: []phone.MenuItem{
		{ID: "from", Label: "@offer.from", Value: "192.168.178.24"}, {ID: "code", Label: "@offer.access_code", Value: "4837 2619"},
	}}
	network := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	network.Menu = phone.MenuView{Title: "@network_setup", Items: []phone.MenuItem{
		{ID: "net_address", Label: "@net_address", Value: "192.168.178.230/24"}, {ID: "net_gateway", Label: "@net_gateway", Value: "192.168.178.1"},
		{ID: "net_dns", Label: "@net_dns", Value: "@net_automatic"}, {ID: "net_vlan", Label: "@net_vlan", Value: "@off"},
		{ID: "wifi", Label: "@wifi", Value: "Office"}, {ID: "net_apply", Label: "@net_apply"},
	}}
	wifi := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	wifi.Menu = phone.MenuView{Title: "@wifi", Items: []phone.MenuItem{
		{ID: "wifi/0", Label: "Office", Value: "@quality.good"}, {ID: "wifi/1", Label: "Guests", Value: "@quality.fair"}, {ID: "wifi/2", Label: "Old printer", Value: "@wifi_unusable"},
	}}
	address := form(phone.ActSave, phone.ActNone, phone.ActCancel, phone.FormView{ID: "net_address", Title: "@form.net_address", Kind: phone.FormAddress, Text: "192.168.178.230/24", Cursor: 18})
	web := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	web.Remote = phone.RemoteControl{By: "admin", From: "192.168.178.24"}
	web.Menu = phone.MenuView{Title: "@web", Items: []phone.MenuItem{
		{ID: "web_access", Label: "@web_access", Value: "@on"}, {ID: "web_address/0", Label: "https://192.168.178.30"},
		{ID: "web_key/0", Label: "@web_key", Value: "lusab-babad"}, {ID: "web_key/1", Label: "@web_key", Value: "gutih-tugad"},
		{ID: "web_key/2", Label: "@web_key", Value: "mudof-sakat"}, {ID: "web_forget", Label: "@web_forget", Value: "2"},
	}}
	return []Scene{
		{"contacts", true, now, contacts},
		{"contact", true, now, card},
		{"form-text", true, now, name},
		{"form-pin", true, now, pin},
		{"form-wrong", false, now, wrong},
		{"form-number", false, now, number},
		{"sign-in-ways", false, now, ways},
		{"sign-in-email", false, now, email},
		{"sign-in-password", true, now, password},
		{"sign-in-refused", false, now, refused},
		{"confirm", true, now, ask},
		{"offer-stick", true, now, stick},
		{"offer-code", false, now, code},
		{"offer-access", false, now, asked},
		{"web", false, now, web},
		{"network-setup", false, now, network}, {"wifi", false, now, wifi}, {"form-address", false, now, address},
		{"locked", true, now, lock},
		{"choice", false, now, choice},
		{"switches", false, now, sound},
	}
}
