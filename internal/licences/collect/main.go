// Command collect writes internal/licences/parts.json.gz: what is linked into
// cmd/phoned, with the licence files of the modules' sources, those of the C libraries
// as Debian documents them, and those of the fonts. Run it by "go generate
// ./internal/licences" after a change of go.mod.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"phoned/internal/licences"
)

// libraries are the C libraries that the program uses, and the package of Debian
// that documents each.
var libraries = map[string]string{
	"libopus": "libopus0", "speexdsp": "libspeexdsp1", "webrtc-audio-processing": "libwebrtc-audio-processing1", "alsa-lib": "libasound2",
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func run() error {
	all, err := modules()
	if err != nil {
		return err
	}
	for name, pkg := range libraries {
		b, err := os.ReadFile(filepath.Join("/usr/share/doc", pkg, "copyright"))
		if err != nil {
			return fmt.Errorf("the licence of %s (install %s): %w", name, pkg, err)
		}
		text := string(b)
		if strings.Contains(text, "/usr/share/common-licenses/LGPL-2.1") { // the words themselves stand there
			whole, err := os.ReadFile("/usr/share/common-licenses/LGPL-2.1")
			if err != nil {
				return err
			}
			text += "\n\n" + string(whole)
		}
		all = append(all, part(name, "", text, text))
	}
	root, err := goList("-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	ofl, err := os.ReadFile(filepath.Join(root[0], "ui/lcd/fonts/OFL.txt"))
	if err != nil {
		return err
	}
	all = append(all, licences.Part{Name: "Inter (font)", Licence: "OFL-1.1", Text: string(ofl)})
	all = append(all, licences.Part{Name: "misc-fixed (font)", Licence: "public domain", Text: "Public domain font. Share and enjoy."})
	own, err := os.ReadFile(filepath.Join(root[0], "LICENSE"))
	if err != nil {
		return err
	}
	all = append(all, licences.Part{Name: "phoned", Licence: "Apache-2.0", Text: string(own)})
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	gotext, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(goroot)), "LICENSE"))
	if err != nil {
		return err
	}
	all = append(all, licences.Part{Name: "Go (standard library)", Version: runtime.Version(), Licence: "BSD-3-Clause", Text: string(gotext)})
	slices.SortFunc(all, func(a, b licences.Part) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return write(filepath.Join(root[0], "internal/licences/parts.json.gz"), all)
}

func write(path string, all []licences.Part) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(all); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644) //nolint:gosec // a file of the source tree
}

// modules are those linked into the firmware, with the licence files of their
// sources.
func modules() ([]licences.Part, error) {
	lines, err := goList("-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "phoned/cmd/phoned")
	if err != nil {
		return nil, err
	}
	slices.Sort(lines)
	var all []licences.Part
	for _, l := range slices.Compact(lines) {
		f := strings.Fields(l)
		if len(f) != 3 {
			continue
		}
		text, first, err := texts(f[2])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f[0], err)
		}
		all = append(all, part(f[0], f[1], text, first))
	}
	return all, nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|unlicense)`)

// texts are the licence files of a folder; the first one is the part's own.
func texts(dir string) (all, first string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", "", err
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || strings.Contains(e.Name(), "LOGO") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", "", err
		}
		list = append(list, string(b))
	}
	if len(list) == 0 {
		return "", "", fmt.Errorf("no licence file in %s", dir)
	}
	return strings.Join(list, "\n\n"), list[0], nil
}

// part names the licence by the words of its first file.
func part(name, version, text, first string) licences.Part {
	flat := strings.Join(strings.Fields(first), " ")
	p := licences.Part{Name: name, Version: version, Text: text, Licence: "see text"}
	for _, l := range []struct{ spdx, words string }{
		{"Apache-2.0", "Apache License"}, {"MPL-2.0", "Mozilla Public License"}, {"LGPL-2.1-or-later", "LGPL-2.1"},
		{"MIT", "Permission is hereby granted, free of charge"}, {"ISC", "Permission to use, copy, modify, and/or distribute"},
		{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose with or without fee"},
		{"Unlicense", "This is free and unencumbered software"},
		{"BSD-3-Clause", "Neither the name"}, {"BSD-3-Clause", "names of its contributors may be used"}, {"BSD-3-Clause", "name of the author may not be used"}, {"BSD-2-Clause", "Redistributions in binary form"},
	} {
		if strings.Contains(flat, l.words) {
			p.Licence = l.spdx
			return p
		}
	}
	return p
}

func goList(args ...string) ([]string, error) {
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}
