package app

import (
	"time"

	"phoned/internal/health"
	"phoned/internal/walltime"
	"phoned/provisioning"
	"phoned/update"
	"phoned/update/check"
)

// The phone asks a server for newer firmware: the problems that tell of it.
const (
	codeOffered = "update.offered" // it is there, and only told
	codeTonight = "update.tonight" // it is installed by itself this night
	codePlanned = "update.planned" // or at another time
	codeCheck   = "update.check"   // the server can't be asked
)

// failuresTold is how many questions in a row fail before the screen tells of it.
const failuresTold = 3

// updateSettings are the configuration's, without the zone.
func updateSettings(c provisioning.Config) check.Settings {
	s := check.Settings{URL: c.UpdateURL.Value, Every: c.UpdateCheck.Value, Install: c.UpdateMode.Value == "install"}
	if from, to, ok := c.UpdateSpan(); ok {
		s.Window = check.Window{From: from, To: to}
	}
	return s
}

// configure has the server asked as s was told, with the person's time of day.
func (u *Updates) configure(s *System, zone string) {
	set := s.updates
	set.Zone = time.UTC
	if z, err := time.LoadLocation(zone); err == nil {
		set.Zone = z
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.sys == s { // not one that was made anew meanwhile
		u.zone = set.Zone
		u.checker.Configure(set)
	}
}

// believed: the phone that runs knows the time of day.
func (u *Updates) believed() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sys != nil && u.sys.Gate.State() >= walltime.Plausible
}

// onChecked is called when the server has told something new.
func (u *Updates) onChecked(s check.Status) {
	u.mu.Lock()
	u.checked = s
	u.mu.Unlock()
	u.show()
}

// available is the version that is on its way, or offered.
func available(s update.State, c check.Status) string {
	if s.Phase == update.Idle && c.Offered != "" {
		return c.Offered
	}
	return s.Bundle.Version
}

// showOffer tells what the server offers, and that it can't be asked.
func showOffer(problems *health.Registry, phase update.Phase, c check.Status, zone *time.Location, now time.Time) {
	wanted := health.Problem{Severity: health.Info, Detail: c.Offered}
	switch {
	case phase != update.Idle || c.Offered == "" || c.Refused != "":
	case !c.ByItself:
		wanted.Code, wanted.Title, wanted.Advice = codeOffered, "There is new firmware", "Your administrator can install it."
	case !c.To.IsZero() && atNight(c.From.In(zone)) && c.From.Sub(now) < 24*time.Hour:
		wanted.Code, wanted.Title = codeTonight, "New firmware is installed tonight"
	default:
		wanted.Code, wanted.Title = codePlanned, "New firmware is installed by itself"
	}
	for _, code := range []string{codeOffered, codeTonight, codePlanned} {
		if code != wanted.Code {
			problems.Clear(code, "")
		}
	}
	if wanted.Code != "" {
		problems.Set(wanted)
	}
	if c.Fails < failuresTold {
		problems.Clear(codeCheck, "")
		return
	}
	problems.Set(health.Problem{Code: codeCheck, Severity: health.Info, Title: "The server for new firmware can't be asked",
		Advice: "The phone goes on asking; tell your administrator if it stays so.", Detail: c.Failure})
}

// atNight: people say "tonight" for it.
func atNight(t time.Time) bool { return t.Hour() >= 20 || t.Hour() < 6 }
