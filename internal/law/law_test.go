package law

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write depguard's rules into .golangci.yml")

const root = "../.."

// list runs go list -deps over the packages, with more arguments before them.
func list(t *testing.T, args ...string) []Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-deps", "-json=ImportPath,Imports,Deps,Standard,CgoFiles"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var pkgs []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// TestImportLaw holds the law over the tree as it is.
func TestImportLaw(t *testing.T) {
	pkgs := list(t, "./...")
	ours := 0
	for _, p := range pkgs {
		if _, ok := inModule(p.ImportPath); ok {
			ours++
		}
	}
	if ours < 10 {
		t.Fatalf("go list found only %d packages of ours", ours)
	}
	for _, v := range Check(pkgs) {
		t.Error(v)
	}
}

// TestPlantedViolation plants a file into packages of the real tree, by an overlay,
// and expects the checker to see it.
func TestPlantedViolation(t *testing.T) {
	for _, c := range []struct{ pkg, imports, want string }{
		{"phone", "net/http", "phoned/phone imports net/http: "},
		{"phone", "phoned/sip", "phoned/phone imports phoned/sip: "},
		{"sip", "phoned/phone", "phoned/sip imports phoned/phone: "},
		{"hal", "github.com/emiago/sipgo", "phoned/hal imports github.com/emiago/sipgo: third parties"},
		{"media", "github.com/pion/webrtc/v4", "phoned/media imports github.com/pion/webrtc/v4: third parties"},
		{"internal/clock", "phoned/phone", "phoned/internal/clock imports phoned/phone: "},
		{"internal/clock", "github.com/pion/mediadevices/pkg/driver/microphone", "opens every sound card"},
		{"nowhere", "os", "no rule of the table covers"},
	} {
		t.Run(c.pkg+" "+c.imports, func(t *testing.T) {
			found := Check(list(t, "-overlay", plant(t, c.pkg, c.imports), "./"+c.pkg))
			for _, v := range found {
				if strings.Contains(v.String(), c.want) {
					return
				}
			}
			t.Errorf("the planted import was not seen; found %v", found)
		})
	}
}

// plant returns an overlay file that adds a file with one import to a package.
func plant(t *testing.T, pkg, imports string) string {
	t.Helper()
	dir := t.TempDir()
	src := filepath.Join(dir, "planted.go")
	name := filepath.Base(pkg)
	if err := os.WriteFile(src, []byte("package "+name+"\n\nimport _ \""+imports+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(filepath.Join(root, pkg, "planted.go"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{abs: src}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

func TestFirmwareWithoutLab(t *testing.T) {
	pkgs := []Package{{ImportPath: module + "/cmd/phoned", Deps: []string{module + "/internal/app", module + "/lab/oauth"}}}
	if found := Check(pkgs); len(found) != 1 || found[0].Import != module+"/lab/oauth" {
		t.Errorf("found %v", found)
	}
}

func TestCgoOutsideItsLeaves(t *testing.T) {
	pkgs := []Package{
		{ImportPath: module + "/sip", CgoFiles: []string{"x.go"}},
		{ImportPath: module + "/media/process", CgoFiles: []string{"x.go"}},
	}
	if found := Check(pkgs); len(found) != 1 || found[0].Package != module+"/sip" {
		t.Errorf("found %v", found)
	}
}

// TestMostSpecificRule: a package is judged by the rule that names it best.
func TestMostSpecificRule(t *testing.T) {
	for name, want := range map[string]string{
		"phone": "phone/...", "media": "media", "media/rtc": "media/...", "hal/camera": "hal/camera/...",
		"hal/keypad": "hal/...", "internal/app": "internal/app/...", "internal/clock": "internal/...", "ui": "ui", "ui/lcd": "ui/...",
	} {
		if got, ok := RuleFor(name); !ok || got.Room != want {
			t.Errorf("%s is judged by %q, want %q", name, got.Room, want)
		}
	}
	if r, ok := RuleFor("phonebook"); ok {
		t.Errorf("phonebook is judged by %q", r.Room)
	}
}

var depguardBlock = regexp.MustCompile(`(?s)(    # law:begin[^\n]*\n)(.*?)(    # law:end)`)

// TestLinterSaysTheSame: .golangci.yml holds what Depguard returns.
func TestLinterSaysTheSame(t *testing.T) {
	file := filepath.Join(root, ".golangci.yml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := depguardBlock.FindSubmatch(b)
	if m == nil {
		t.Fatal(".golangci.yml has no lines law:begin and law:end")
	}
	if string(m[2]) == Depguard() {
		return
	}
	if !*update {
		t.Fatal("the linter's rules differ from the table: run go test ./internal/law -update")
	}
	text := strings.ReplaceAll(Depguard(), "$", "$$")
	if err := os.WriteFile(file, depguardBlock.ReplaceAll(b, []byte("${1}"+text+"${3}")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLinterSeesPlantedViolation runs the linter over a copy of a package with a
// forbidden import in it.
func TestLinterSeesPlantedViolation(t *testing.T) {
	linter := findLinter(t)
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", ".golangci.yml"} {
		copyFile(t, filepath.Join(root, name), filepath.Join(dir, name))
	}
	sources, err := filepath.Glob(filepath.Join(root, "phone", "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources of package phone", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "phone"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if !strings.HasSuffix(s, "_test.go") {
			copyFile(t, s, filepath.Join(dir, "phone", filepath.Base(s)))
		}
	}
	lint := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), linter, "run", "--allow-parallel-runners", "--enable-only=depguard", "./...")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOLANGCI_LINT_CACHE="+t.TempDir())
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := lint(); err != nil {
		t.Fatalf("before anything was planted: %v\n%s", err, out)
	}
	planted := "package phone\n\nimport (\n\t_ \"net/http\"\n\t_ \"github.com/emiago/sipgo\"\n)\n"
	if err := os.WriteFile(filepath.Join(dir, "phone", "planted.go"), []byte(planted), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := lint()
	if err == nil || !strings.Contains(out, "net/http") || !strings.Contains(out, "emiago/sipgo") {
		t.Errorf("the linter did not see both imports: %v\n%s", err, out)
	}
}

// findLinter returns the linter that scripts/golangci-lint built, or skips.
func findLinter(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("PHONED_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Skip("golangci-lint is not built: ", err)
		}
		cache = filepath.Join(base, "phoned")
	}
	found, err := filepath.Glob(filepath.Join(cache, "bin", "golangci-lint-v*"))
	if err != nil || len(found) == 0 {
		t.Skip("golangci-lint is not built: run scripts/golangci-lint")
	}
	return found[len(found)-1]
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
