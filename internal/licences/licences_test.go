package licences

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestPartsAreThoseOfTheProgram: every module that is linked into the firmware is
// there in its version, with a licence, and nothing else is.
func TestPartsAreThoseOfTheProgram(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "phoned/cmd/phoned")
	list.Env = append(os.Environ(), "CGO_ENABLED=1") // the program has it, also where its tests run without
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(want)
	want = slices.Compact(slices.DeleteFunc(want, func(s string) bool { return s == "" }))
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, p := range all {
		if len(p.Text) < 30 || p.Licence == "" || p.Licence == "see text" {
			t.Errorf("%s: licence %q, %d characters", p.Name, p.Licence, len(p.Text))
		}
		if strings.Contains(p.Name, "/") {
			have = append(have, p.Name+" "+p.Version)
		}
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("not as linked; run: go generate ./internal/licences\nhave %q\nwant %q", have, want)
	}
	for _, name := range []string{"phoned", "libopus", "speexdsp", "webrtc-audio-processing", "alsa-lib", "Inter (font)", "misc-fixed (font)", "Go (standard library)"} {
		if Text(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestNamesHaveNoTexts(t *testing.T) {
	names := Names()
	if len(names) == 0 || names[0].Text != "" || Text("nobody") != "" {
		t.Errorf("%d names", len(names))
	}
}
