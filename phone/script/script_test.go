package phonescript

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarios runs every script of phone/testdata; each is named by the
// section of the specification that it shows.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 60 {
		t.Errorf("%d scenarios, want at least 60", len(files))
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "expect ") {
				t.Fatal("a scenario that expects nothing can't fail")
			}
			if _, err := Run(filepath.Base(f), string(text)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestScriptsFail: an expectation that is not met is an error at its line.
func TestScriptsFail(t *testing.T) {
	for _, text := range []string{
		"lift\nexpect screen idle", "lift\nexpect tone none", "expect softkeys - - - -", "lift\nexpect no effect SetAudio",
		"expect effect EndCall", "expect calls 1", "expect nonsense 1", "frobnicate", "soft answer", "bye nobody",
		"advance soon", `invite a "1002`, "lift\nexpect effects StartTimer; SetAudio", "expect notice hook", "key q",
		"set nothing on", "expect lamp strip on", "expect path speaker", "expect menu status",
	} {
		var e *Error
		if _, err := Run("bad", text); err == nil {
			t.Errorf("%q passed", text)
		} else if !errors.As(err, &e) || e.Line == 0 {
			t.Errorf("%q: %v does not say where", text, err)
		}
	}
}

func FuzzRun(f *testing.F) {
	f.Add("lift\npress 9196#\n180\n200\nmedia up\nhang up\nexpect screen ended")
	f.Add("set digitmap \"<9:>xx|[2-4]x.T\"\ninvite a 1002 \"Anna\" auto\ncancel a elsewhere")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "advance") || strings.Contains(text, "hold") {
			return // hours of timers are sound, but slow
		}
		_, err := Run("fuzz", text)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Err == nil) {
			t.Fatalf("%v", err)
		}
	})
}
