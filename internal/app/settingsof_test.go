package app

import (
	"reflect"
	"testing"
	"time"

	"phoned/phone"
	"phoned/provisioning"
)

// TestTimersAreConfigurable: each timer of C0.5 has a key, and each key reaches its
// own timer.
func TestTimersAreConfigurable(t *testing.T) {
	c := provisioning.Defaults()
	plain := settingsOf(Options{Config: c})
	for i, set := range []struct {
		value *time.Duration
		timer func(*phone.Timers) *time.Duration
	}{
		{&c.FirstDigit.Value, func(t *phone.Timers) *time.Duration { return &t.FirstDigit }},
		{&c.InterDigit.Value, func(t *phone.Timers) *time.Duration { return &t.InterDigitShort }},
		{&c.InterDigitLong.Value, func(t *phone.Timers) *time.Duration { return &t.InterDigitLong }},
		{&c.NoAnswer.Value, func(t *phone.Timers) *time.Duration { return &t.NoAnswer }},
		{&c.RingLimit.Value, func(t *phone.Timers) *time.Duration { return &t.Ring }},
		{&c.ReorderTone.Value, func(t *phone.Timers) *time.Duration { return &t.Reorder }},
		{&c.HowlerTone.Value, func(t *phone.Timers) *time.Duration { return &t.Howler }},
		{&c.EndedShown.Value, func(t *phone.Timers) *time.Duration { return &t.Ended }},
		{&c.MenuShown.Value, func(t *phone.Timers) *time.Duration { return &t.Menu }},
		{&c.PredialShown.Value, func(t *phone.Timers) *time.Duration { return &t.Predial }},
		{&c.WaitingShown.Value, func(t *phone.Timers) *time.Duration { return &t.Banner }},
		{&c.HoldRemindFirst.Value, func(t *phone.Timers) *time.Duration { return &t.HoldRemindFirst }},
		{&c.HoldRemind.Value, func(t *phone.Timers) *time.Duration { return &t.HoldRemind }},
		{&c.HoldRecallIdle.Value, func(t *phone.Timers) *time.Duration { return &t.HoldRecallIdle }},
		{&c.TransferLimit.Value, func(t *phone.Timers) *time.Duration { return &t.Transfer }},
	} {
		*set.value = 17 * time.Second
		got, want := settingsOf(Options{Config: c}).Timers, plain.Timers
		*set.timer(&want) = 17 * time.Second
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
		*set.value = 0
	}
	if again := settingsOf(Options{Config: c}); !reflect.DeepEqual(again.Timers, plain.Timers) {
		t.Errorf("%+v", again.Timers)
	}
	c.PredialSends.Value, c.SendHash.Value, c.SoftRing.Value, c.RejectWith.Value = true, true, true, "decline"
	if s := settingsOf(Options{Config: c}); !s.PredialSends || !s.SendHash || !s.SoftRing || s.RejectCode != 603 || plain.RejectCode != 486 {
		t.Errorf("%+v", s)
	}
}
