package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"phoned/internal/httpcall"
	"phoned/update"
)

const base = "https://fw.example.net/phones/stable.json?site=a"

var sum = strings.Repeat("ab", 32)

// entry is an entry of an index, with members replaced.
func entry(replace ...string) string {
	m := map[string]string{"compatible": `"board"`, "version": `"2.0"`, "url": `"b-2.0.raucb"`, "size": "1000", "sha256": `"` + sum + `"`}
	for i := 0; i < len(replace); i += 2 {
		if m[replace[i]] = replace[i+1]; replace[i+1] == "" {
			delete(m, replace[i])
		}
	}
	var parts []string
	for k, v := range m {
		parts = append(parts, fmt.Sprintf("%q:%s", k, v))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

func index(entries ...string) string { return `{"updates":[` + strings.Join(entries, ",") + `]}` }

func TestParse(t *testing.T) {
	got, err := Parse(base, []byte(`{"format":1,"updates":[`+entry("notes", `{"en":["a"]}`)+`,`+entry("compatible", `"other"`, "version", `"3.0"`, "url", `"https://cdn.example.net/o.raucb#x"`)+`],"more":[[[]]]}`))
	want := []Offer{{"board", "2.0", "https://fw.example.net/phones/b-2.0.raucb", 1000, sum}, {"other", "3.0", "https://cdn.example.net/o.raucb", 1000, sum}}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for in, want := range map[string]string{
		`"b.raucb"`: "https://fw.example.net/phones/b.raucb", `"/b.raucb?v=1"`: "https://fw.example.net/b.raucb?v=1",
		`"//other.example/b"`: "https://other.example/b", `"../b"`: "https://fw.example.net/b", `"HTTPS://fw.example.net/b"`: "https://fw.example.net/b",
	} {
		got, err := Parse(base, []byte(index(entry("url", in))))
		if err != nil || got[0].URL != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	if got, err := Parse(base, []byte(index())); err != nil || len(got) != 0 {
		t.Errorf("nothing is offered: %v, %v", got, err)
	}
	if got, err := Parse("http://127.0.0.1:1/i", []byte(index(entry()))); err != nil || got[0].URL != "http://127.0.0.1:1/b-2.0.raucb" {
		t.Errorf("this machine's own: %v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	many := make([]string, MaxOffers+1)
	for i := range many {
		many[i] = "{}"
	}
	for name, doc := range map[string]string{
		"nothing": "", "no JSON": "<html>", "a list": "[]", "no updates": "{}", "updates of null": `{"updates":null}`, "an object of updates": `{"updates":{}}`,
		"other case": `{"Updates":[]}`, "twice": `{"updates":[],"updates":[]}`, "more behind it": `{"updates":[]} {}`, "cut off": `{"updates":[`,
		"too many": index(many...), "too large": index(entry()) + strings.Repeat(" ", MaxIndex), "an entry of text": index(`"x"`), "an entry of null": index("null"),
		"no board": index(entry("compatible", "")), "an empty board": index(entry("compatible", `""`)), "a board of numbers": index(entry("compatible", "1")), "a long board": index(entry("compatible", `"`+strings.Repeat("b", 129)+`"`)), "a board with a line": index(entry("compatible", `"a\nb"`)),
		"no version": index(entry("version", "")), "a null version": index(entry("version", "null")), "a version with blanks": index(entry("version", `"2 0"`)), "a long version": index(entry("version", `"`+strings.Repeat("1", 65)+`"`)),
		"no size": index(entry("size", "")), "size null": index(entry("size", "null")), "size 0": index(entry("size", "0")), "negative": index(entry("size", "-1")), "a fraction": index(entry("size", "1.5")), "size as text": index(entry("size", `"5"`)),
		"larger than any": index(entry("size", fmt.Sprint(update.MaxBundle+1))), "no number has so much": index(entry("size", "99999999999999999999")),
		"no sum": index(entry("sha256", "")), "a short sum": index(entry("sha256", `"abab"`)), "upper case": index(entry("sha256", `"`+strings.ToUpper(sum)+`"`)),
		"no url": index(entry("url", "")), "an empty url": index(entry("url", `""`)), "http": index(entry("url", `"http://fw.example.net/b"`)), "http to the phone": index(entry("url", `"http://127.0.0.1/b"`)),
		"credentials": index(entry("url", `"https://u:p@fw.example.net/b"`)), "ftp": index(entry("url", `"ftp://fw.example.net/b"`)), "a file": index(entry("url", `"file:///etc/passwd"`)), "no url at all": index(entry("url", `"https://%zz"`)), "a long url": index(entry("url", `"`+strings.Repeat("a", maxURL+1)+`"`)),
		"the second is wrong": index(entry(), entry("version", "7")),
	} {
		if got, err := Parse(base, []byte(doc)); !errors.Is(err, ErrIndex) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"http://fw.example.net/i", "https://u:p@fw.example.net/i", "/i"} {
		if _, err := Parse(bad, []byte(index())); !errors.Is(err, httpcall.ErrURL) {
			t.Errorf("an index at %s: %v", bad, err)
		}
	}
}

func TestNewest(t *testing.T) {
	l := []Offer{{Compatible: "a", Version: "1.9"}, {Compatible: "a", Version: "1.10"}, {Compatible: "a", Version: "1.10~rc1"}, {Compatible: "b", Version: "3"}}
	if o, ok := Newest(l, "a"); !ok || o.Version != "1.10" {
		t.Errorf("%+v", o)
	}
	if o, ok := Newest(l, "c"); ok {
		t.Errorf("%+v", o)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{index(), index(entry()), index(entry(), entry("version", `"3~rc1"`)), index(entry("url", `"http://x/"`)), index(entry("url", `"//[::1]/"`)), `{"updates":[{}]}`, `{"updates":1}`, "[]", "", `{"a":{"a":`, index(entry("url", `"?x"`)), index(entry("url", `"\u0000"`))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		l, err := Parse(base, doc)
		if err != nil {
			if l != nil {
				t.Fatal("an error and offers")
			}
			return
		}
		if len(l) > MaxOffers || len(doc) > MaxIndex {
			t.Fatal("more than is allowed")
		}
		for _, o := range l {
			u, err := httpcall.CheckURL(o.URL)
			if err != nil || u.Scheme != "https" || o.Size < 1 || o.Size > update.MaxBundle || !sumForm.MatchString(o.SHA256) || o.Version == "" || o.Compatible == "" {
				t.Fatalf("%+v: %v", o, err)
			}
		}
		again, err := json.Marshal(map[string]any{"updates": l})
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > MaxIndex { // relative addresses have become absolute
			return
		}
		if m, err := Parse(base, again); err != nil || fmt.Sprint(m) != fmt.Sprint(l) {
			t.Fatalf("read again: %+v, %v; was %+v", m, err, l)
		}
	})
}
