package flight

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// Measures of the ladder, in the units of its viewBox.
const (
	ladderWidth = 760
	phoneX      = 150 // the phone's line of life
	exchangeX   = 680
	rowHeight   = 34
	headHeight  = 44
	pause       = 2 * time.Second // a longer silence is drawn as one
)

// ladder draws a call's messages between the phone and the exchange.
func ladder(c Call) string {
	if len(c.Messages) == 0 {
		return ""
	}
	var rows strings.Builder
	y := headHeight
	var before time.Time
	for _, m := range c.Messages {
		if gap := m.At.Sub(before); !before.IsZero() && gap > pause {
			y += 22
			fmt.Fprintf(&rows, `<text class="gap" x="%d" y="%d" text-anchor="middle">%s later</text>`, (phoneX+exchangeX)/2, y-2, html.EscapeString(gapWords(gap)))
		}
		before = m.At
		y += rowHeight
		rows.WriteString(rung(c, m, y))
	}
	height := y + 24
	return fmt.Sprintf(`<svg class="ladder" viewBox="0 0 %d %d" role="img" aria-label="SIP messages of the call, %d">`, ladderWidth, height, len(c.Messages)) +
		fmt.Sprintf(`<line class="life" x1="%[1]d" y1="%[3]d" x2="%[1]d" y2="%[4]d"/><line class="life" x1="%[2]d" y1="%[3]d" x2="%[2]d" y2="%[4]d"/>`, phoneX, exchangeX, headHeight-8, height-8) +
		party(phoneX, "Phone") + party(exchangeX, "Exchange") + rows.String() + `</svg>`
}

func party(x int, name string) string {
	return fmt.Sprintf(`<rect class="party" x="%d" y="4" width="112" height="28" rx="14"/><text class="partyname" x="%d" y="23" text-anchor="middle">%s</text>`, x-56, x, name)
}

// rung is one message: an arrow from who sent it, with a link to its text.
func rung(c Call, m Message, y int) string {
	from, to, head := phoneX, exchangeX, -9
	if !m.Sent {
		from, to, head = exchangeX, phoneX, 9
	}
	label := m.Summary
	if m.Status > 0 && m.Method != "" {
		label += "  (" + m.Method + ")"
	}
	if m.Again {
		label += "  again"
	}
	if r := []rune(label); len(r) > 62 {
		label = string(r[:61]) + "…"
	}
	return fmt.Sprintf(`<a href="#m%[1]d"><g class="%[2]s"><title>%[3]s</title><text class="when" x="%[4]d" y="%[5]d" text-anchor="end">%[6]s</text>`+
		`<line class="arrow" x1="%[7]d" y1="%[8]d" x2="%[9]d" y2="%[8]d"/><path class="head" d="M%[10]d %[8]d l%[11]d -5 v10 z"/>`+
		`<text class="label" x="%[12]d" y="%[13]d" text-anchor="middle">%[3]s</text></g></a>`,
		m.ID, class(m), html.EscapeString(label), phoneX-66, y+4, html.EscapeString(offset(m.At.Sub(c.Began))),
		from, y, to, to, head, (phoneX+exchangeX)/2, y-6)
}

func gapWords(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return minutes(d) + " min"
}
