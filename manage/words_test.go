package manage

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestGermanPanel: every word of the page, every screen and every action of the
// core has its German one.
func TestGermanPanel(t *testing.T) {
	b, err := fs.ReadFile(Pages(), "de.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct{ Text, Action, Screen map[string]string }
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	page, err := fs.ReadFile(Pages(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	main := string(page[strings.Index(string(page), "<main>"):])
	plain := regexp.MustCompile(`^([0-9*#+–−]+|[A-Z]{3,4}|OK|F[1-4]|[a-z])$`)
	found := 0
	for _, m := range regexp.MustCompile(`>([^<>]+)<|(?:aria-label|title)="([^"]+)"`).FindAllStringSubmatch(main, -1) {
		word := strings.TrimSpace(m[1] + m[2])
		if word == "" || plain.MatchString(word) {
			continue
		}
		if found++; table.Text[word] == "" {
			t.Errorf("no German for %q", word)
		}
	}
	if found < 50 {
		t.Errorf("only %d words were found", found)
	}
	script, err := fs.ReadFile(Pages(), "panel.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`tr\('([^']+)'\)`).FindAllStringSubmatch(string(script), -1) {
		if table.Text[m[1]] == "" {
			t.Errorf("no German for %q", m[1])
		}
	}
	view, err := os.ReadFile("../phone/view.go")
	if err != nil {
		t.Fatal(err)
	}
	for kind, words := range map[string]map[string]string{"Screen": table.Screen, "Action": table.Action} {
		all := regexp.MustCompile(kind+` = "([a-z_]+)"`).FindAllStringSubmatch(string(view), -1)
		if len(all) < 40 {
			t.Errorf("only %d of %s were found", len(all), kind)
		}
		for _, m := range all {
			if words[m[1]] == "" {
				t.Errorf("no German for the %s %q", kind, m[1])
			}
		}
	}
}

// TestProfile: a panel of sixteen keys hides the others before it is shown.
func TestProfile(t *testing.T) {
	for _, few := range []bool{false, true} {
		b := newBench(t, func(c *Config) { c.Pages, c.FewKeys = Pages(), few })
		w := b.do("GET", "/profile.css", "")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") || strings.Contains(w.Body.String(), ".lines") != few {
			t.Errorf("few keys %v: %d %v %q", few, w.Code, w.Header(), w.Body)
		}
	}
}
