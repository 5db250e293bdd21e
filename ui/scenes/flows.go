package scenes

import (
	"time"

	"phoned/phone"
)

// flows are the screens of transfer, conference and parking (C3, C4, C9).
func flows() []Scene {
	now := at(6 * time.Minute)
	held := talking(workshop, now.Add(-200*time.Second))
	held.ID, held.Line, held.OnHold, held.HeldSince = 1, "1", true, now.Add(-20*time.Second)
	other := talking(mara, now.Add(-12*time.Second))
	other.ID, other.Line = 2, "1"
	ringing := phone.CallView{ID: 2, Line: "1", Party: mara, State: phone.Alerting, StartedAt: now.Add(-5 * time.Second)}

	base := view(phone.ScreenXferDial, keys(phone.ActConsult, phone.ActBlind, phone.ActContacts, phone.ActCancel))
	base.Path, base.OffHook = phone.PathHandset, true
	base.Calls, base.Focus = []phone.CallView{held}, 1
	base.Transfer = phone.TransferView{Stage: phone.TransferDial, Call: 1}
	empty := base
	dial := base
	dial.Input = phone.Input{Text: "0301", Cursor: 4}
	dial.Menu = phone.MenuView{Items: []phone.MenuItem{{ID: "1", Label: "Mara Jakobsen", Value: "030 190 18 20"}}}
	add := base
	add.Transfer.Conference = true

	ring := base
	ring.Screen, ring.SoftKeys = phone.ScreenXferRinging, keys(phone.ActTransfer, phone.ActEnd, phone.ActNone, phone.ActCancel)
	ring.Calls, ring.Focus = []phone.CallView{held, ringing}, 2
	ring.Transfer.Stage, ring.Transfer.Other = phone.TransferConsult, 2
	consult := ring
	consult.Screen, consult.SoftKeys = phone.ScreenXferConsult, keys(phone.ActTransfer, phone.ActSwap, phone.ActConf, phone.ActCancel)
	consult.Calls = []phone.CallView{held, other}
	pending := base
	pending.Screen, pending.SoftKeys = phone.ScreenXferPending, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActCancel)
	pending.Transfer = phone.TransferView{Stage: phone.TransferPending, Call: 1, Target: "1002", Ringing: true, Since: now.Add(-3 * time.Second)}

	conf := base
	conf.Screen, conf.SoftKeys = phone.ScreenConference, keys(phone.ActHold, phone.ActEnd, phone.ActSplit, phone.ActMore)
	one := talking(workshop, now.Add(-200*time.Second))
	one.ID, one.Line = 1, "1"
	conf.Calls, conf.Focus, conf.Conference = []phone.CallView{one, other}, 2, []phone.CallID{1, 2}
	conf.Transfer = phone.TransferView{}

	return append([]Scene{
		{"xfer-dial-empty", false, now, empty},
		{"xfer-dial", true, now, dial},
		{"conf-add", false, now, add},
		{"xfer-ringing", false, now, ring},
		{"xfer-consult", true, now, consult},
		{"xfer-pending", true, now, pending},
		{"conference", true, now, conf},
	}, parking(now)...)
}

func parking(now time.Time) []Scene {
	slots := []phone.ParkSlot{
		{Extension: "701"}, {Extension: "703"},
		{Extension: "702", Occupied: true, Party: workshop, By: "1001", Since: now.Add(-80 * time.Second)},
		{Extension: "704", Occupied: true, Party: phone.Party{Number: mara.Number}, By: "1004", Since: now.Add(-12 * time.Second)},
	}
	pick := view(phone.ScreenParkPick, keys(phone.ActPark, phone.ActAuto, phone.ActNone, phone.ActBack))
	pick.Path, pick.OffHook = phone.PathHandset, true
	call := talking(warehouse, now.Add(-42*time.Second))
	call.ID, call.Line = 1, "1"
	pick.Calls, pick.Focus = []phone.CallView{call}, 1
	pick.Park = phone.ParkView{Known: true, Slots: slots, Call: 1}
	asking := pick
	asking.Screen, asking.SoftKeys = phone.ScreenParking, keys()
	asking.Park.Slot, asking.Park.Pending = "701", true
	done := view(phone.ScreenParked, keys(phone.ActPage, phone.ActRetrieve, phone.ActNone, phone.ActOK))
	done.Park = phone.ParkView{Known: true, Slots: slots, Slot: "701", Party: warehouse, Since: now.Add(-3 * time.Second)}
	list := view(phone.ScreenParkList, keys(phone.ActRetrieve, phone.ActRefresh, phone.ActNone, phone.ActBack))
	list.Park = phone.ParkView{Known: true, Slots: slots[2:]}
	none := list
	none.Park = phone.ParkView{Known: true}
	ask := view(phone.ScreenParkAsk, keys(phone.ActDialIt, phone.ActNone, phone.ActNone, phone.ActCancel))
	ask.Park = phone.ParkView{Slot: "701"}
	idle := idle()[1].View
	idle.Park = list.Park
	return []Scene{
		{"park-pick", true, now, pick},
		{"parking", false, now, asking},
		{"parked", true, now, done},
		{"park-list", true, now, list},
		{"park-none", false, now, none},
		{"park-ask", false, now, ask},
		{"idle-parked", false, now, idle},
	}
}
