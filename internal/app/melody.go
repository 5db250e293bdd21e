package app

import (
	"phoned/media/audio"
	"phoned/phone"
)

// noMatch are the words of the configuration.
var noMatch = map[string]phone.NoMatch{"": phone.NoMatchCollect, "collect": phone.NoMatchCollect, "send": phone.NoMatchSend, "reject": phone.NoMatchReject}

// chosen are the melodies that a person chooses from; the others tell callers
// apart.
const chosen = 8

// melodies are their names, the phone's own first.
func melodies() []string {
	all := audio.Melodies()
	out := make([]string, 0, chosen)
	for _, m := range all[:min(chosen, len(all))] {
		out = append(out, m.Name)
	}
	return out
}

// prepareRing has the melody that a person has chosen rendered, so that the
// next call rings at once.
func (p *Phone) prepareRing(e phone.SaveSetting) {
	if r, ok := p.engine.(interface{ PrepareRing(melody string) }); ok && e.Name == phone.SetMelody {
		r.PrepareRing(e.Value)
	}
}
