package flight

import (
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

//go:embed page.css
var style string

// Policy is the Content-Security-Policy of the page: nothing but its own style.
// The page itself says the same, for when it is opened as a file.
var Policy = "default-src 'none'; style-src 'sha256-" + hash(style) + "'; base-uri 'none'; form-action 'none'"

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// WriteHTML writes the report as one page that needs nothing else: no script, no
// picture, no font from elsewhere. It can be read without colours and printed.
func (r Report) WriteHTML(w io.Writer) error {
	if _, err := io.WriteString(w, r.page()); err != nil {
		return fmt.Errorf("page of the report: %w", err)
	}
	return nil
}

// words are an event's details in a row, in a fixed order.
func words(d map[string]any) string {
	keys := make([]string, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteString(" · ")
		}
		fmt.Fprintf(&b, "%s: %v", k, d[k])
	}
	return b.String()
}

func duration(c Call) string {
	switch {
	case c.Answered == nil:
		return "not answered"
	case c.Ended == nil:
		return "in progress"
	}
	return minutes(c.Ended.Sub(*c.Answered))
}

func minutes(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// verdict is the worst word that a call's quality ever had.
func verdict(c Call) string {
	rank := map[string]int{"excellent": 1, "good": 2, "fair": 3, "poor": 4}
	worst := ""
	for _, s := range c.Samples {
		if rank[s.Quality] > rank[worst] {
			worst = s.Quality
		}
	}
	return worst
}

// offset is a time since the beginning of a call: +0.042 s, +1:03.5.
func offset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "−", -d
	}
	if d < time.Minute {
		return fmt.Sprintf("%s%.3f s", sign, d.Seconds())
	}
	return fmt.Sprintf("%s%d:%04.1f", sign, int(d.Minutes()), (d % time.Minute).Seconds())
}

// class is how a message is coloured.
func class(m Message) string {
	switch {
	case m.Status == 0:
		return "request"
	case m.Status < 200:
		return "progress"
	case m.Status < 300:
		return "success"
	case m.Status < 400 || m.Status == 401 || m.Status == 407:
		return "redirect"
	}
	return "failure"
}
