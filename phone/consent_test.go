package phone

import (
	"testing"
	"time"
)

// TestConsentIsGivenByAHandOnly: the question stands on the screen, Yes allows, and
// everything else that takes it away is a no.
func TestConsentIsGivenByAHandOnly(t *testing.T) {
	for _, c := range []struct {
		name string
		end  []What // after the question is on the screen
		want []Consented
	}{
		{"yes", []What{KeyDown{"sk1"}}, []Consented{{ID: 4, Yes: true}}},
		{"no", []What{KeyDown{"sk4"}}, []Consented{{ID: 4}}},
		{"back", []What{KeyDown{"back"}}, []Consented{{ID: 4}}},
		{"another question", []What{ConsentAsked{ID: 5}}, []Consented{{ID: 4}}},
		{"nobody waits any more", []What{ConsentEnded{ID: 4}}, nil},
		{"an older one has ended", []What{ConsentEnded{ID: 3}}, nil},
	} {
		s, at := ready(Settings{}), t0
		var got []Consented
		for _, w := range append([]What{ConsentAsked{ID: 4}, Heartbeat{}}, c.end...) {
			at = at.Add(time.Second)
			var out []Effect
			s, out = Step(s, Event{at, w})
			if _, asked := w.(Heartbeat); asked && (s.View().Screen != ScreenConfirm || s.View().Menu.Title != "@"+confirmCapture) {
				t.Fatalf("%s: screen %s, %q", c.name, s.View().Screen, s.View().Menu.Title)
			}
			for _, e := range out {
				if x, ok := e.(Consented); ok {
					got = append(got, x)
				}
			}
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if over := c.name != "another question" && c.name != "an older one has ended"; over && s.View().Screen == ScreenConfirm {
			t.Errorf("%s: the question is still there", c.name)
		}
	}
}

func TestTheReportKey(t *testing.T) {
	s := ready(Settings{})
	for _, w := range []What{ReportMade{OK: true}, ReportMade{}} {
		s, _ = Step(s, Event{t0, w})
		want := ToastReportMade
		if !w.(ReportMade).OK {
			want = ToastReportFailed
		}
		if v := s.View(); v.Toast == nil || v.Toast.Code != want {
			t.Errorf("%+v: %+v", w, v.Toast)
		}
	}
	s, _ = Step(s, Event{t0, SetPathVolume{Path: PathHeadset, Percent: 140}})
	if v := s.View(); v.Settings.Volumes[PathHeadset] != 100 {
		t.Errorf("%v", v.Settings.Volumes)
	}
}
