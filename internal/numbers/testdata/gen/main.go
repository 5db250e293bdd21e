// Command gen makes table.json.gz, how the numbers of each country are
// written, from the metadata of github.com/nyaruka/phonenumbers (MIT; the data
// are those of Google's libphonenumber, Apache-2.0). It is a module of its
// own, so that the phone does not link that library.
//
//	go generate ./internal/numbers
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

type format struct {
	Leading string `json:"l,omitempty"` // what the number begins with
	Pattern string `json:"p"`
	Groups  string `json:"g"`
	Rule    string `json:"r,omitempty"` // how the first group stands with the national prefix
}

type region struct {
	Code    string   `json:"c"`           // country code
	Trunk   string   `json:"t,omitempty"` // national prefix
	Main    bool     `json:"m,omitempty"` // stands for its country code
	Formats []format `json:"f,omitempty"`
}

func main() {
	to := "table.json.gz"
	if len(os.Args) > 1 {
		to = os.Args[1]
	}
	if err := run(to); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(to string) error {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return err
	}
	out := map[string]region{}
	first := map[string]bool{}
	for _, m := range all.GetMetadata() {
		id, code := m.GetId(), strconv.Itoa(int(m.GetCountryCode()))
		if len(id) != 2 { // numbers of no country
			continue
		}
		r := region{Code: code, Trunk: m.GetNationalPrefix(), Main: m.GetMainCountryForCode()}
		for _, f := range m.GetNumberFormat() {
			x := format{Pattern: f.GetPattern(), Groups: f.GetFormat(), Rule: f.GetNationalPrefixFormattingRule()}
			if l := f.GetLeadingDigitsPattern(); len(l) > 0 {
				x.Leading = l[len(l)-1]
			}
			x.Leading = strings.Join(strings.Fields(x.Leading), "")
			r.Formats = append(r.Formats, x)
		}
		first[code] = first[code] || r.Main
		out[id] = r
	}
	for id, r := range out {
		if !first[r.Code] && len(r.Formats) > 0 { // the only country of its code
			r.Main = true
			out[id] = r
		}
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(out); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	fmt.Printf("%d countries, %d bytes\n", len(out), b.Len())
	return os.WriteFile(to, b.Bytes(), 0o644)
}
