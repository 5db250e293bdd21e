package scenes_test

import (
	"os"
	"path/filepath"
	"testing"

	"phoned/phone"
	phonescript "phoned/phone/script"
	"phoned/ui/scenes"
)

// TestSoftKeysAreThePhones: pictures promise no key that the phone does not have.
// Every scene's soft keys stand on that screen in a scenario of the core.
func TestSoftKeysAreThePhones(t *testing.T) {
	type row struct {
		screen phone.Screen
		keys   [4]phone.Action
	}
	seen := map[row]bool{}
	files, err := filepath.Glob("../../phone/testdata/*.txt")
	if err != nil || len(files) < 200 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		w, err := phonescript.Run(filepath.Base(f), string(text))
		if err != nil {
			t.Fatal(err)
		}
		s := phone.New(phone.Settings{})
		for _, e := range w.Log {
			s, _ = phone.Step(s, e)
			v := s.View()
			seen[row{v.Screen, v.SoftKeys}] = true
		}
	}
	for _, s := range scenes.All() {
		if r := (row{s.View.Screen, s.View.SoftKeys}); !seen[r] {
			t.Errorf("%s: the phone never has %q on screen %s", s.Name, r.keys, r.screen)
		}
	}
}
