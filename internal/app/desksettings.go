package app

import (
	"time"

	"phoned/phone"
	"phoned/ui"
)

// rejectCode are the answers to callers who are turned away; the core's own for the rest.
var rejectCode = map[string]int{"busy": 486, "decline": 603}

// settingsOf are the desk's settings as the configuration and the board have them.
func settingsOf(o Options) phone.Settings {
	c := o.Config
	transfers, _ := phone.ParseTransferPolicy(c.Transfers.Value) // checked with the document
	return phone.Defaults(phone.Settings{
		AutoAnswer: c.AutoAnswer.Value != "off", AutoAnswerOpen: c.AutoAnswer.Value == "open",
		HookFlash: c.HookFlash.Value, MuteReminder: time.Duration(c.MuteReminder.Value) * time.Second,
		Transfers: transfers, FollowRedirects: c.FollowRedirects.Value, ConfConnect: c.ConferenceConnect.Value, NoTransferOnHook: !c.TransferOnHook.Value,
		FewKeys: o.Board.FewKeys, Theme: c.Theme.Value, Locale: c.Locale.Value, TimeZone: c.TimeZone.Value, Country: c.Country.Value,
		DisplayDim: c.DisplayDim.Value, DisplaySleep: c.DisplaySleep.Value, Brightness: int(c.Brightness.Value), ReducedMotion: c.ReducedMotion.Value,
		BrandName: c.BrandName.Value, Primary: c.PrimaryColor.Value, Accent: c.AccentColor.Value, PhoneName: o.PhoneName,
		Voicemail: c.VoicemailNumber.Value, PageGroup: c.PageGroup.Value, Emergency: c.EmergencyNumbers.Value, DigitMap: c.DigitMap.Value, Keys: progKeys(c.ProgramKeys.Value),
		Locales: ui.Locales(), Melodies: melodies(),
		NoMatch: noMatch[c.NoMatch.Value], VIP: c.VIPNumbers.Value, Blocked: c.BlockedNumbers.Value, RejectAnonymous: c.RejectAnonymous.Value,
		HotLine: c.HotLine.Value, HotLineAfter: c.HotLineDelay.Value, AutoLock: c.AutoLock.Value,
		Forward: phone.Forward{Always: c.ForwardAlways.Value, Busy: c.ForwardBusy.Value, NoAnswer: c.ForwardNoReply.Value, NoAnswerAfter: c.ForwardAfter.Value},
		Timers: phone.Timers{FirstDigit: c.FirstDigit.Value, InterDigitShort: c.InterDigit.Value, InterDigitLong: c.InterDigitLong.Value,
			NoAnswer: c.NoAnswer.Value, Ring: c.RingLimit.Value, Reorder: c.ReorderTone.Value, Howler: c.HowlerTone.Value,
			Ended: c.EndedShown.Value, Menu: c.MenuShown.Value, Predial: c.PredialShown.Value, Banner: c.WaitingShown.Value,
			HoldRemindFirst: c.HoldRemindFirst.Value, HoldRemind: c.HoldRemind.Value, HoldRecallIdle: c.HoldRecallIdle.Value, Transfer: c.TransferLimit.Value},
		PredialSends: c.PredialSends.Value, SendHash: c.SendHash.Value, SoftRing: c.SoftRing.Value, RejectCode: rejectCode[c.RejectWith.Value],
	})
}
