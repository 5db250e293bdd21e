package ui

import (
	"testing"
	"time"

	"phoned/phone"
)

func TestWhen(t *testing.T) {
	for ago, want := range map[time.Duration][2]string{
		time.Hour:                 {"08:41", "08:41"},
		10 * time.Hour:            {"Yesterday", "Gestern"},
		3 * 24 * time.Hour:        {"Friday", "Freitag"},
		6 * 24 * time.Hour:        {"Tuesday", "Dienstag"},
		7 * 24 * time.Hour:        {"16 November", "16. November"},
		57 * 365 * 24 * time.Hour: {"", ""},
	} {
		for i, locale := range []string{"en", "de"} {
			b := &builder{env: Env{Now: now}, c: language(locale)}
			if got := b.when(now.Add(-ago)); got != want[i] {
				t.Errorf("%s, %v ago: %q, want %q", locale, ago, got, want[i])
			}
		}
	}
}

// TestHistorySaysWhen: the rows find their records, also the second call of
// one number; a row without a record keeps its word.
func TestHistorySaysWhen(t *testing.T) {
	from := phone.Party{Number: "1003"}
	v := phone.View{Screen: phone.ScreenHistory,
		Recent: []phone.CallRecord{
			{Party: from, Direction: phone.Outbound, StartedAt: now.Add(-time.Minute)},
			{Party: from, Direction: phone.Inbound, StartedAt: now.Add(-2 * time.Minute)},
			{Party: from, Direction: phone.Inbound, StartedAt: now.Add(-3 * time.Minute)},
		},
		Menu: phone.MenuView{Items: []phone.MenuItem{{ID: "1003", Label: "1003", Value: "@missed"}, {ID: "1003", Label: "1003", Value: "@missed"},
			{ID: "1004", Label: "1004", Value: "@received"}}}}
	rows := Build(v, Env{Now: now}).Body.(List).Rows
	for i, want := range []Text{{"09:39", ToneStop}, {"09:38", ToneStop}, {"received", ToneMuted}} {
		if rows[i].Value != want {
			t.Errorf("row %d says %+v, want %+v", i, rows[i].Value, want)
		}
	}
	v.Toast = &phone.Toast{Code: phone.ToastMissed, Arg: "1003", Since: now}
	if s := Build(v, Env{Now: now}).Toast; s.Text != "Missed: 1003 · 09:39" || s.Icon != IconMissed {
		t.Errorf("toast %+v", *s)
	}
}

// TestVerdict: never "All is well" beside a line that is not.
func TestVerdict(t *testing.T) {
	for state, well := range map[phone.LineState]bool{phone.LineRegistered: true, phone.LineOff: true,
		phone.LineConnecting: false, phone.LineUnregistered: false, phone.LineFailed: false} {
		v := phone.View{Screen: phone.ScreenStatus, Lines: []phone.LineView{{State: phone.LineRegistered}, {State: state}}}
		for _, items := range [][]phone.MenuItem{nil, {{ID: "line/1", Label: "Hotline", Value: "@" + string(state)}}} {
			v.Menu.Items = items
			l := Build(v, Env{Now: now}).Body.(List)
			if got := l.Rows[0].Label == "All is well"; got != well || l.Rows[0].Focus || !l.Rows[1].Focus || l.Index != 1 {
				t.Errorf("%s: %+v", state, l)
			}
		}
	}
}

func TestHit(t *testing.T) {
	for _, c := range []struct {
		number, typed string
		want          [2]int
	}{{"030 190 18 20", "030190", [2]int{0, 7}}, {"0301 904 4", "0301 90", [2]int{0, 7}}, {"+49 30 190", "30 1", [2]int{4, 8}}, {"1003", "4", [2]int{}}, {"", "", [2]int{}}} {
		if got := hit(c.number, c.typed); got != c.want {
			t.Errorf("hit(%q, %q) = %v, want %v", c.number, c.typed, got, c.want)
		}
	}
}

// TestMutedIsSaidOnce: the strip says it, so the header does not.
func TestMutedIsSaidOnce(t *testing.T) {
	v := phone.View{Screen: phone.ScreenActive, Muted: true, Calls: []phone.CallView{{ID: 1, State: phone.Active, AnsweredAt: now,
		Quality: phone.Quality{Word: "poor", Advice: "uplink_loss"}}}}
	s := Build(v, Env{Now: now})
	c := s.Body.(Call)
	if c.Strip.Icon != IconMicOff || len(s.Header.Badges) != 0 || c.Ring != ToneStop {
		t.Errorf("%+v %+v", c, s.Header)
	}
	v.Calls[0].OnHold = true
	if s := Build(v, Env{Now: now}); s.Body.(Call).Strip.Text != "" || len(s.Header.Badges) != 1 {
		t.Errorf("on hold: %+v", s)
	}
}
