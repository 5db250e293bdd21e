package ui

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"phoned/phone"
)

var now = time.Date(2026, time.November, 23, 9, 41, 7, 250e6, time.UTC)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "00:00", -time.Second: "00:00", 133 * time.Second: "02:13", time.Hour - time.Millisecond: "59:59",
		time.Hour: "1:00:00", 26*time.Hour + 5*time.Second: "26:00:05",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "Monday, 23 November", "de": "Montag, 23. November", "de-AT": "Montag, 23. November", "xx": "Monday, 23 November", "": "Monday, 23 November",
	} {
		c := Build(phone.View{Screen: phone.ScreenIdle}, Env{Now: now, Locale: locale}).Body.(Clock)
		if c.Date != want || c.Time != "09:41" {
			t.Errorf("%q: %q %q", locale, c.Date, c.Time)
		}
	}
	loc, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	if c := Build(phone.View{Screen: phone.ScreenIdle}, Env{Now: now, Location: loc}).Body.(Clock); c.Time != "15:11" {
		t.Errorf("in Kolkata it is %s", c.Time)
	}
}

// TestNobodyIsCalledAnonymous: what a protocol writes for a withheld number is no
// word for a person.
func TestNobodyIsCalledAnonymous(t *testing.T) {
	call := phone.CallView{ID: 1, State: phone.Incoming, Party: phone.Party{Number: "anonymous", Name: "Anonymous"}}
	v := phone.View{Screen: phone.ScreenIncoming, Calls: []phone.CallView{call}, Focus: 1}
	if c := Build(v, Env{Now: now, Locale: "de"}).Body.(Call); c.Name != "Anonym" || c.Number != "" || c.Mark != "" {
		t.Errorf("%q %q %q", c.Name, c.Number, c.Mark)
	}
	v.Calls[0].Party.Name = "Doctor Berg" // tells more than the number would
	if c := Build(v, Env{Now: now, Locale: "de"}).Body.(Call); c.Name != "Doctor Berg" || c.Number != "" {
		t.Errorf("%q %q", c.Name, c.Number)
	}
	v = phone.View{Screen: phone.ScreenHistory, Menu: phone.MenuView{Items: []phone.MenuItem{{ID: "anonymous", Label: "anonymous", Value: "@missed"}}}}
	if l := Build(v, Env{Now: now, Locale: "de"}).Body.(List); l.Rows[0].Label != "Anonym" {
		t.Errorf("%+v", l.Rows[0])
	}
}

// TestOneMissedCallSaysWhose: until somebody has looked (C1).
func TestOneMissedCallSaysWhose(t *testing.T) {
	v := phone.View{Screen: phone.ScreenIdle, Missed: 1, Recent: []phone.CallRecord{
		{Direction: phone.Inbound, Party: phone.Party{Number: "1004"}, Outcome: phone.CauseElsewhere},
		{Direction: phone.Inbound, Party: phone.Party{Number: "1003", Name: "Workshop"}, Outcome: phone.CauseMissed},
	}}
	chip := func() string { return Build(v, Env{Now: now}).Body.(Clock).Chips[0].Text }
	if s := chip(); s != "1 missed: Workshop" {
		t.Error(s)
	}
	v.Missed = 2
	if s := chip(); s != "2 missed calls" {
		t.Error(s)
	}
}

// TestOwnParkedCallsAreMarked among those of others (C4), and what has a page
// behind it among what has none.
func TestOwnParkedCallsAreMarked(t *testing.T) {
	v := phone.View{Screen: phone.ScreenParkList, Lines: []phone.LineView{{LineInfo: phone.LineInfo{ID: "1", Number: "1001"}}},
		Park: phone.ParkView{Known: true, Slots: []phone.ParkSlot{{Extension: "701", Occupied: true, By: "1001"}, {Extension: "702", Occupied: true, By: "1002"}}}}
	rows := Build(v, Env{Now: now}).Body.(List).Rows
	if rows[0].Value.S != "by you" || rows[1].Value.S != "by 1002" {
		t.Errorf("%+v", rows)
	}
	v = phone.View{Screen: phone.ScreenAbout, Menu: phone.MenuView{Items: []phone.MenuItem{{ID: "model", Label: "@about.model", Value: "x"}, {ID: "licences", Label: "@licences", Value: "55"}}}}
	if rows := Build(v, Env{Now: now}).Body.(List).Rows; rows[0].Open || !rows[1].Open {
		t.Errorf("%+v", rows)
	}
}

// TestNewMailIsCountedInTheHeader on every screen but the idle one, where it has
// words of its own (C7).
func TestNewMailIsCountedInTheHeader(t *testing.T) {
	v := phone.View{Screen: phone.ScreenMenu, MWI: phone.MWIView{Known: true, New: 3}}
	has := func() bool {
		return slices.Contains(Build(v, Env{Now: now}).Header.Badges, Badge{IconMail, ToneAccent, "3"})
	}
	if !has() {
		t.Error("no envelope with its count")
	}
	v.Screen = phone.ScreenIdle
	if has() {
		t.Error("it is told twice")
	}
}

// TestCatalogues: every language says everything with the same places, and
// soft labels keep to 8 and 5 characters.
func TestCatalogues(t *testing.T) {
	files, err := fs.Glob(catalogueFiles, "catalogue/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("catalogues: %v %v", files, err)
	}
	en := language("en")
	places := regexp.MustCompile(`\{[a-z]+\}`)
	for _, f := range files {
		b, err := catalogueFiles.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(strings.NewReader(string(b)))
		dec.DisallowUnknownFields()
		var c catalogue
		if err := dec.Decode(&c); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for k, m := range en.Messages {
			got, ok := c.Messages[k]
			if !ok || got == "" {
				t.Errorf("%s lacks %q", f, k)
				continue
			}
			want, have := places.FindAllString(m, -1), places.FindAllString(got, -1)
			slices.Sort(want)
			slices.Sort(have)
			if !slices.Equal(want, have) {
				t.Errorf("%s: %q has places %v, English %v", f, k, have, want)
			}
		}
		for k := range c.Messages {
			if _, ok := en.Messages[k]; !ok {
				t.Errorf("%s has %q, English has not", f, k)
			}
		}
		for _, a := range actions(t) {
			l, ok := c.Soft[a]
			if !ok {
				t.Errorf("%s lacks the soft label %q", f, a)
			}
			for i, most := range []int{8, 5} {
				if n := utf8.RuneCountInString(l[i]); n == 0 || n > most {
					t.Errorf("%s: soft label %q of %s has %d characters, at most %d", f, l[i], a, n, most)
				}
			}
		}
		for i, w := range append(c.Weekdays[:], c.Months[:]...) {
			if w == "" {
				t.Errorf("%s: name %d of a day or month is empty", f, i)
			}
		}
	}
}

// strings that package phone writes, read from its source: actions and keys
// of the catalogue must have words.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	set := token.NewFileSet()
	names, err := fs.Glob(dirFS, "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, "../phone/"+n, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// actions are the constants of type phone.Action.
func actions(t *testing.T) []string {
	var out []string
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Action" || len(v.Values) != 1 {
				return true
			}
			if l, ok := v.Values[0].(*ast.BasicLit); ok {
				if s, err := strconv.Unquote(l.Value); err == nil && s != "" {
					out = append(out, s)
				}
			}
			return true
		})
	}
	if len(out) < 30 {
		t.Fatalf("found only %d actions", len(out))
	}
	return out
}

// TestKeysOfPhone: every "@key" in package phone is in the catalogue.
func TestKeysOfPhone(t *testing.T) {
	c := language("en")
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(l.Value)
			if err == nil && len(s) > 1 && s[0] == '@' && s[1] >= 'a' && !c.has(s[1:]) {
				t.Errorf("package phone says %q, no catalogue does", s)
			}
			return true
		})
	}
}

// TestToastsOfPhone: every constant Toast… of package phone has words.
func TestToastsOfPhone(t *testing.T) {
	c := language("en")
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(v.Names[0].Name, "Toast") || len(v.Values) != 1 {
				return true
			}
			if l, ok := v.Values[0].(*ast.BasicLit); ok {
				if s, err := strconv.Unquote(l.Value); err == nil && !c.has("toast."+s) {
					t.Errorf("no words for the toast %q", s)
				}
			}
			return true
		})
	}
}

func TestCausesHaveWords(t *testing.T) {
	c := language("de")
	for _, code := range []int{400, 401, 403, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603, 604, 606} {
		k := string(phone.CauseOf(code))
		if !c.has("cause."+k) || !c.has("help."+k) {
			t.Errorf("no words for %d (%s)", code, k)
		}
	}
}

// TestNextChange: the picture says when it changes, and it does.
func TestNextChange(t *testing.T) {
	call := phone.CallView{ID: 1, State: phone.Active, AnsweredAt: now.Add(-10*time.Second - 300*time.Millisecond)}
	held := call
	held.OnHold, held.HeldSince = true, now.Add(-1250*time.Millisecond)
	ringing := phone.CallView{ID: 1, State: phone.Incoming, StartedAt: now.Add(-40 * time.Millisecond)}
	minute := now.Truncate(time.Minute).Add(time.Minute)
	for name, c := range map[string]struct {
		v    phone.View
		env  Env
		want time.Time
	}{
		"idle":    {phone.View{Screen: phone.ScreenIdle}, Env{}, minute},
		"active":  {phone.View{Screen: phone.ScreenActive, Calls: []phone.CallView{call}}, Env{}, now.Add(700 * time.Millisecond)},
		"held":    {phone.View{Screen: phone.ScreenHeld, Calls: []phone.CallView{held}}, Env{}, now.Add(250 * time.Millisecond)},
		"calm":    {phone.View{Screen: phone.ScreenHeld, Calls: []phone.CallView{held}}, Env{ReducedMotion: true}, now.Add(750 * time.Millisecond)},
		"ringing": {phone.View{Screen: phone.ScreenIncoming, Calls: []phone.CallView{ringing}}, Env{}, now.Add(85 * time.Millisecond)},
		"quiet":   {phone.View{Screen: phone.ScreenIncoming, Calls: []phone.CallView{ringing}}, Env{ReducedMotion: true}, minute},
		"retry": {phone.View{Screen: phone.ScreenNoService, Lines: []phone.LineView{{Next: now.Add(2500 * time.Millisecond)}}}, Env{},
			now.Add(500 * time.Millisecond)},
		"toast": {phone.View{Screen: phone.ScreenIdle, Toast: &phone.Toast{Code: "saved", Since: now}}, Env{}, now.Add(40 * time.Millisecond)},
	} {
		c.env.Now = now
		got := NextChange(c.v, c.env)
		if !got.Equal(c.want) {
			t.Errorf("%s: next change in %v, want %v", name, got.Sub(now), c.want.Sub(now))
		}
		before := fmt.Sprintf("%+v", still(Build(c.v, c.env)))
		c.env.Now = got.Add(-time.Nanosecond)
		if s := fmt.Sprintf("%+v", still(Build(c.v, c.env))); s != before {
			t.Errorf("%s: changed before its time:\n%s\n%s", name, before, s)
		}
		c.env.Now = got
		if s := fmt.Sprintf("%+v", still(Build(c.v, c.env))); s == before && name != "ringing" {
			t.Errorf("%s: did not change", name)
		}
	}
}

// still is a screen without the instant of its next change.
func still(s Screen) Screen {
	s.Next = time.Time{}
	if s.Toast != nil {
		s.Header.Index = fmt.Sprint(*s.Toast)
		s.Toast = nil
	}
	return s
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Workshop":              "Workshop",
		"  a \t\n b  ":          "a b",
		"Bank\u202e\u2066 0001": "Bank 0001",
		"e\u0301te\u0301":       "été",
		"x\x00y\u200dz\ufe0f":   "xyz",
		"\xff":                  "\ufffd",
		"":                      "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Clean(strings.Repeat("é", 10000)); utf8.RuneCountInString(got) != longest+1 {
		t.Errorf("a long name keeps %d characters", utf8.RuneCountInString(got))
	}
}

func TestNoServiceSaysWhy(t *testing.T) {
	line := phone.LineView{LineInfo: phone.LineInfo{ID: "1", Domain: "sip.example.com"}, State: phone.LineUnregistered,
		Cause: phone.CauseNoConnection, Since: now.Add(-time.Minute), Next: now.Add(12 * time.Second), Detail: "i/o timeout"}
	v := phone.View{Screen: phone.ScreenNoService, Lines: []phone.LineView{line}}
	m := Build(v, Env{Now: now}).Body.(Message)
	if m.Title != "The exchange does not answer" || len(m.Paragraphs) != 2 || m.Paragraphs[1].S != "Trying again in 12 s." {
		t.Errorf("no service: %+v", m)
	}
	v.Screen = phone.ScreenWhy
	m = Build(v, Env{Now: now, Locale: "de"}).Body.(Message)
	if m.Title != "Die Anlage antwortet nicht" || m.Details != "i/o timeout" || m.DetailsAre != "Einzelheiten" {
		t.Errorf("why: %+v", m)
	}
}

func TestPartyFallsBackToTheNumber(t *testing.T) {
	for _, c := range []struct {
		p            phone.Party
		name, number string
	}{
		{phone.Party{Name: "Workshop", Number: "1003"}, "Workshop", "1003"},
		{phone.Party{Number: "1003"}, "1003", ""},
		{phone.Party{Name: "1003", Number: "1003"}, "1003", ""},
		{phone.Party{Name: "שלום", Number: "+972"}, "+972", ""}, // right-to-left is declined
		{phone.Party{Name: "\u202e\u200b"}, "Unknown caller", ""},
	} {
		b := &builder{c: language("en")}
		if name, number := b.party(c.p); name != c.name || number != c.number {
			t.Errorf("%+v: %q %q", c.p, name, number)
		}
	}
}

// FuzzBuild: no view makes Build panic, and no control or bidirectional
// character gets through.
func FuzzBuild(f *testing.F) {
	f.Add("active", "Workshop", "1003", 3, 5, int64(0), 2)
	f.Add("nonsense", "\u202e\x00", "\xff\xfe", -1, -7, int64(1)<<62, 99)
	f.Fuzz(func(t *testing.T, screen, name, number string, focus, state int, ahead int64, cursor int) {
		v := phone.View{Screen: phone.Screen(screen), Focus: phone.CallID(focus), Toast: &phone.Toast{Code: name, Arg: number},
			Volume: &phone.VolumeOverlay{Percent: cursor}, Path: phone.Path(state), Input: phone.Input{Text: name, Cursor: cursor},
			Menu:     phone.MenuView{Title: name, Index: focus, Items: []phone.MenuItem{{Label: name, Value: number}}},
			Problems: []phone.ProblemInfo{{Code: name, Title: number, Severity: 3}},
			Session:  phone.SessionInfo{URL: number, Code: name, Until: now.Add(time.Duration(ahead))},
			Calls: []phone.CallView{{ID: 3, State: phone.CallState(state), Party: phone.Party{Name: name, Number: number}, AnsweredAt: now,
				HeldSince: now, OnHold: focus > 0, Digits: number, Cause: phone.Cause(name), Quality: phone.Quality{Word: name, Advice: number}}, {ID: 4}},
			Lines:    []phone.LineView{{LineInfo: phone.LineInfo{Label: name, Number: number}, Detail: number, Next: now.Add(time.Duration(ahead))}},
			SoftKeys: [4]phone.Action{phone.Action(name)},
		}
		s := Build(v, Env{Now: now.Add(time.Duration(ahead) / 2), Locale: name})
		if s.Body == nil {
			t.Fatal("no body")
		}
		if c, ok := s.Body.(Call); ok {
			for _, r := range c.Name + c.Number + s.Toast.Text {
				if r < ' ' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("%q got through", r)
				}
			}
		}
	})
}

// TestThemesOfTheMenu: the menu steps through all themes there are, each with a name.
func TestThemesOfTheMenu(t *testing.T) {
	var names []string
	for _, theme := range Themes() {
		names = append(names, string(theme))
		for _, locale := range []string{"en", "de"} {
			if !language(locale).has(string(theme)) {
				t.Errorf("%s has no name for %s", locale, theme)
			}
		}
	}
	if !slices.Equal(names, phone.Themes) {
		t.Errorf("the menu has %v, there are %v", phone.Themes, names)
	}
}
