package ui

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed catalogue/*.json
var catalogueFiles embed.FS

// catalogue is one language. The files have the same shape.
type catalogue struct {
	Locale   string               `json:"locale"`
	Date     string               `json:"date"`     // pattern of {weekday} {day} {month}
	Short    string               `json:"short"`    // the same without the weekday
	Hours    int                  `json:"hours"`    // 12 or 24
	Percent  string               `json:"percent"`  // pattern of {n}
	Decimal  string               `json:"decimal"`  // what stands before tenths; "": a point
	Weekdays [7]string            `json:"weekdays"` // Sunday first
	Months   [12]string           `json:"months"`
	Soft     map[string][2]string `json:"soft"` // labels of at most 8 and of at most 5 characters
	Messages map[string]string    `json:"messages"`
}

// catalogues reads all languages once. The files are part of the program and
// checked by tests; one that could not be read is left out.
var catalogues = sync.OnceValue(func() map[string]*catalogue {
	all := map[string]*catalogue{}
	names, _ := fs.Glob(catalogueFiles, "catalogue/*.json")
	for _, n := range names {
		b, err := catalogueFiles.ReadFile(n)
		if err != nil {
			continue
		}
		c, err := parseCatalogue(b)
		if err != nil {
			continue
		}
		all[strings.ToLower(c.Locale)] = c
	}
	return all
})

func parseCatalogue(b []byte) (*catalogue, error) {
	var c catalogue
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("ui: read catalogue: %w", err)
	}
	if c.Locale == "" {
		return nil, fmt.Errorf("ui: read catalogue: no locale")
	}
	return &c, nil
}

// Locales lists the languages there are, sorted.
func Locales() []string {
	var out []string
	for l := range catalogues() {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

const fallbackLocale = "en"

// language finds the catalogue of a BCP 47 tag: exactly, without its region,
// or English.
func language(tag string) *catalogue {
	all := catalogues()
	t := strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	for t != "" {
		if c, ok := all[t]; ok {
			return c
		}
		i := strings.LastIndexByte(t, '-')
		if i < 0 {
			break
		}
		t = t[:i]
	}
	if c, ok := all[fallbackLocale]; ok {
		return c
	}
	return &catalogue{Locale: fallbackLocale, Hours: 24, Percent: "{n}%"}
}

// has reports whether the language, or English, has the message.
func (c *catalogue) has(key string) bool {
	if _, ok := c.Messages[key]; ok {
		return true
	}
	_, ok := language(fallbackLocale).Messages[key]
	return ok
}

// say gives a message with its places filled: pairs are name, value. A key
// that no catalogue has is said as its last part, so that nothing is ever
// blank.
func (c *catalogue) say(key string, pairs ...string) string {
	m, ok := c.Messages[key]
	if !ok {
		m, ok = language(fallbackLocale).Messages[key]
	}
	if !ok {
		m = Clean(strings.ReplaceAll(key[strings.LastIndexAny(key, ".@")+1:], "_", " "))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		m = strings.ReplaceAll(m, "{"+pairs[i]+"}", pairs[i+1])
	}
	return m
}

// count says key with {n}; a key with the suffix ".one" is the form for one.
func (c *catalogue) count(key string, n int) string {
	if n == 1 && c.has(key+".one") {
		key += ".one"
	}
	return c.say(key, "n", fmt.Sprint(n))
}

// soft gives the label of an action, width 8 or 5.
func (c *catalogue) soft(action string, width int) string {
	l, ok := c.Soft[action]
	if !ok {
		l, ok = language(fallbackLocale).Soft[action]
	}
	if !ok {
		return action
	}
	if width == 5 {
		return l[1]
	}
	return l[0]
}
