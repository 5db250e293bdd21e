package ui

import (
	"sync"
	"time"

	"phoned/phone"
)

// Env is what a picture depends on besides the phone's View.
type Env struct {
	Now           time.Time
	Location      *time.Location // nil: UTC
	Locale        string         // BCP 47; an unknown one falls back to English
	Theme         Theme          // "": Dark
	ReducedMotion bool           // nothing breathes, blinks or slides
	Logo          *Logo          // the brand's; nil: none
	// Peek: the picture is for the glass alone, where the last letter of a password
	// may be seen; not for what passes it on.
	Peek      bool
	SoftWidth int // characters of a soft key label: 8 (0) or 5
}

// EnvOf takes the user's settings from a view. An unknown time zone is UTC.
func EnvOf(v phone.View, now time.Time) Env {
	e := Env{Now: now, Locale: v.Settings.Locale, Theme: theme(v.Settings.Theme), ReducedMotion: v.Settings.ReducedMotion}
	e.Location = location(v.Settings.TimeZone)
	return e
}

// zones keeps the time zones that were read, as *time.Location by name.
var zones sync.Map

// location reads a time zone once; an unknown one is UTC.
func location(name string) *time.Location {
	if l, ok := zones.Load(name); ok {
		return l.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, loc)
	return loc
}

func (e Env) local(t time.Time) time.Time {
	if e.Location == nil {
		return t.UTC()
	}
	return t.In(e.Location)
}
