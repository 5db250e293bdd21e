package lcd

import (
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/phone"
	"phoned/ui"
)

// book is a catalogue as it lies in its file.
type book struct {
	Locale   string               `json:"locale"`
	Soft     map[string][2]string `json:"soft"`
	Messages map[string]string    `json:"messages"`
}

func books(t *testing.T) []book {
	t.Helper()
	names, err := filepath.Glob("../catalogue/*.json")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	var out []book
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		var c book
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(n, err)
		}
		out = append(out, c)
	}
	return out
}

// place is where a kind of message stands: the first rule whose pattern fits its
// key says it there. A key that no rule knows fails the test: a new kind of message
// needs its place here before it can be forgotten.
type place struct {
	keys *regexp.Regexp
	view func(t *testing.T, key string) phone.View
}

func places() []place {
	rule := func(pattern string, view func(t *testing.T, key string) phone.View) place {
		return place{regexp.MustCompile(`^(` + pattern + `)$`), view}
	}
	rest := func(key string) string { return key[strings.Index(key, ".")+1:] }
	return []place{
		rule(`toast\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "idle")
			v.Toast = &phone.Toast{Code: rest(key), Arg: "1003", Who: "1004", Bad: true}
			return v
		}),
		rule(`problem\.update\.(offered|tonight|planned|check)`, func(t *testing.T, key string) phone.View {
			v := base(t, "status") // only to be known: it stands nowhere else
			p := phone.ProblemInfo{Code: rest(key), Detail: "12.34.56"}
			v.Problems = []phone.ProblemInfo{p}
			v.Menu.Items = []phone.MenuItem{{ID: "problem/" + p.Code + "/", Label: p.Title}}
			v.Menu.Index = 0
			return v
		}),
		rule(`problem\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "idle-quiet")
			v.Problems = []phone.ProblemInfo{{Code: rest(key), Subject: "transfer", Severity: 2}} // of the keys the longest
			return v
		}),
		rule(`(cause|help)\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "failed-busy")
			v.Calls[0].Cause = phone.Cause(rest(key))
			return v
		}),
		rule(`service\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "no-service")
			v.Lines[0].Cause = phone.Cause(rest(key))
			return v
		}),
		rule(`state\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "status")
			v.Lines[0].State = phone.LineState(rest(key))
			return v
		}),
		rule(`path\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "active")
			for p := phone.PathNone; p <= phone.PathGroup; p++ {
				if p.String() == rest(key) {
					v.Volume = &phone.VolumeOverlay{Path: p, Percent: 60}
				}
			}
			return v
		}),
		rule(`advice\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "active")
			v.Calls[0].Quality = phone.Quality{Word: "poor", Advice: rest(key), LossPercent: 100, RemoteLoss: 100, Delay: 1800 * time.Millisecond}
			return v
		}),
		rule(`quality\.(excellent|good|fair|poor)`, func(t *testing.T, key string) phone.View {
			v := base(t, "active")
			v.Calls[0].Quality.Word = rest(key)
			return v
		}),
		rule(`form\.(wrong_pin|pin_length|pin_differs|empty|.*error.*)`, func(t *testing.T, key string) phone.View {
			v := base(t, "form-pin")
			f := *v.Form
			f.Error = key
			v.Form = &f
			return v
		}),
		rule(`form\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "form-number")
			f := *v.Form
			f.Title, f.Text = "@"+key, ""
			v.Form = &f
			return v
		}),
		rule(`confirm\..*`, func(t *testing.T, key string) phone.View {
			v := base(t, "confirm")
			v.Menu.Title = "@" + key
			return v
		}),
		// Whatever else there is may stand in a row of a menu, and as its title.
		rule(`[a-z_-]+(\.[a-z_-]+)*`, func(t *testing.T, key string) phone.View {
			v := base(t, "menu")
			v.Menu.Title = "@" + key
			v.Menu.Items = []phone.MenuItem{{ID: "x", Label: "@" + key, Value: "@on"}}
			v.Menu.Index = 0
			return v
		}),
	}
}

// sentence are messages that are never a row of a menu: their screens are among the
// scenes, and TestWordsFit and TestMonoWordsFit judge them there.
var sentences = regexp.MustCompile(`^(signin|hangup|park|xfer|conf|call|row|idle|dial|record|when|why|screen|offer|menu|history|status|numbers)\.|` +
	`^(contacts|confirm|about|network|lock|emergency|voicemail|setting|melody|locale|theme|caller_id|volume)\.(help|empty|none|hint)|\.help$|\.empty$|\{`)

// TestEveryMessageFits says every message of every language where its kind stands,
// on every panel in its largest type, and finds none that is cut there.
func TestEveryMessageFits(t *testing.T) {
	r, m := renderer(t), mono(t, smallest)
	rules := places()
	said := 0
	for _, b := range books(t) {
		for _, key := range keysOf(b.Messages) {
			if sentences.MatchString(key) {
				continue
			}
			i := slices.IndexFunc(rules, func(p place) bool { return p.keys.MatchString(key) })
			if i < 0 {
				t.Errorf("%s has no place in this test", key)
				continue
			}
			if i == len(rules)-1 && strings.Contains(b.Messages[key], "{") {
				continue // said by the scene that fills it
			}
			v := rules[i].view(t, key)
			said++
			for _, theme := range []ui.Theme{ui.Dark, ui.Large} {
				for _, it := range lay(r, ui.Build(v, ui.Env{Now: wordsNow, Locale: b.Locale, Theme: theme, Location: time.UTC})) {
					if it.kind == kindText && it.part != partHeader && it.cut {
						t.Errorf("%s %s %s: %q is cut", b.Locale, theme, key, it.text)
					}
				}
			}
			for _, it := range layBits(m, ui.Build(v, ui.Env{Now: wordsNow, Locale: b.Locale, SoftWidth: 5, Location: time.UTC})) {
				if it.text != "" && it.body && it.cut {
					t.Errorf("%s mono %s: %q is cut", b.Locale, key, it.text)
				}
			}
		}
	}
	if said < 300 {
		t.Errorf("only %d messages were said", said)
	}
}

// TestEverySoftKeyFits paints every label of every language as every soft key.
func TestEverySoftKeyFits(t *testing.T) {
	r, m := renderer(t), mono(t, smallest)
	for _, b := range books(t) {
		for _, key := range keysOf(b.Soft) {
			v := base(t, "menu")
			v.SoftKeys = [4]phone.Action{phone.Action(key), phone.Action(key), phone.Action(key), phone.Action(key)}
			for _, theme := range ui.Themes() {
				n := 0
				for _, it := range lay(r, ui.Build(v, ui.Env{Now: wordsNow, Locale: b.Locale, Theme: theme})) {
					if it.kind == kindText && it.part == partBar {
						if n++; it.cut {
							t.Errorf("%s %s %s: %q is cut", b.Locale, theme, key, it.text)
						}
					}
				}
				if n != 4 {
					t.Errorf("%s %s: %d keys of four", b.Locale, key, n)
				}
			}
			for _, it := range layBits(m, ui.Build(v, ui.Env{Now: wordsNow, Locale: b.Locale, SoftWidth: 5})) {
				if it.cut && it.slot.Overlaps(image.Rect(0, MinMonoHeight-bitFooterH, MinMonoWidth, MinMonoHeight)) {
					t.Errorf("%s mono %s: %q is cut", b.Locale, key, it.text)
				}
			}
		}
	}
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
