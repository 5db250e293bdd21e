// Package licences has the names and the licence texts of everything that others
// wrote and the firmware contains: Go modules, C libraries, fonts. They are collected
// from the sources by internal/licences/collect and part of the program,
// compressed; a test holds them against what is linked.
package licences

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
	"slices"
	"sync"
)

//go:generate go run ./collect

//go:embed parts.json.gz
var packed []byte

// Part is something that others wrote.
type Part struct {
	Name    string // of a Go module its path
	Version string // "" where the system brings it
	Licence string // its short name, as SPDX has it
	Text    string
}

// maxUnpacked bounds what is read of our own file.
const maxUnpacked = 4 << 20

// Read unpacks all parts, sorted by name. It costs milliseconds and keeps nothing.
func Read() ([]Part, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var all []Part
	return all, json.NewDecoder(io.LimitReader(z, maxUnpacked)).Decode(&all)
}

// Names are all parts without their texts, sorted by name.
var Names = sync.OnceValue(func() []Part {
	all, err := Read()
	if err != nil { // checked by a test
		return nil
	}
	for i := range all {
		all[i].Text = ""
	}
	return slices.Clip(all)
})

// Text is the licence of a part, "" for one that is not known.
func Text(name string) string {
	all, err := Read()
	if err != nil {
		return ""
	}
	for _, p := range all {
		if p.Name == name {
			return p.Text
		}
	}
	return ""
}
