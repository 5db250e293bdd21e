package flight

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"phoned/internal/health"
	"phoned/internal/markup"
)

// sheet writes the report's page, a section a method.
type sheet struct{ markup.Writer }

func (r Report) page() string {
	var s sheet
	s.Raw(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="`)
	s.Text(Policy)
	s.Raw(`">` + "\n")
	s.Element("title", "Report of a phone, "+day(r.Made))
	s.Raw("<style>")
	s.Trusted(style)
	s.Raw("</style></head><body><main>\n<h1>Report of a phone</h1>\n")
	s.Element(`p class="soft"`, "Made "+day(r.Made)+". Passwords, tokens, keys and digits that were typed in calls are not in it; numbers and names are.")
	s.phone(r.Phone, r.Problems)
	s.contents(r.Calls)
	for _, c := range r.Calls {
		s.call(c)
	}
	s.troubles(r.Troubles)
	if len(r.Events) > 0 {
		s.Raw("\n<section><h2>Events of the phone</h2>")
		s.events(r.Events, day)
		s.Raw("</section>")
	}
	if len(r.Messages) > 0 {
		s.Raw("\n<section><h2>Messages of no call</h2>")
		s.messages(r.Messages)
		s.Raw("</section>")
	}
	s.Raw("\n</main></body></html>\n")
	return s.String()
}

func day(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") }

func (s *sheet) phone(about map[string]any, problems []health.Problem) {
	s.Raw("\n<section><h2>The phone</h2><dl>")
	for _, k := range slices.Sorted(maps.Keys(about)) {
		s.fact(k, about[k])
	}
	s.Raw("</dl>\n<h3>What is not as it should be</h3>\n")
	if len(problems) == 0 {
		s.Raw("<p>Nothing.</p>\n</section>")
		return
	}
	s.Raw("<table><tr><th>since</th><th>what</th></tr>")
	for _, p := range problems {
		s.Raw("<tr>")
		s.Element(`td class="when"`, day(p.Since))
		s.Raw(`<td class="what">`)
		s.Element("b", p.Title)
		s.Text(" ", p.Advice)
		s.soft(p.Subject)
		s.Raw("<br>")
		s.Element(`span class="soft"`, p.Code+" "+p.Detail)
		s.Raw("</td></tr>")
	}
	s.Raw("</table>\n</section>")
}

// fact is a row of a list of them.
func (s *sheet) fact(name string, value any) {
	s.Element("dt", name)
	s.Element("dd", value)
}

// soft is what may be missing, after a space.
func (s *sheet) soft(text string) {
	if text != "" {
		s.Raw(" ")
		s.Element(`span class="soft"`, text)
	}
}

// contents are the calls, each with a link to its section.
func (s *sheet) contents(calls []Call) {
	if len(calls) == 0 {
		return
	}
	s.Raw("\n<nav><section><h2>Calls</h2><ul>")
	for _, c := range calls {
		s.Raw(`<li><a href="#c`)
		s.Text(c.Call)
		s.Raw(`">`)
		s.Text(day(c.Began), " · ", cmp.Or(c.Direction, "call"), " · ", cmp.Or(c.Number, "no number"))
		s.Raw("</a>")
		spoke := duration(c)
		if v := verdict(c); v != "" {
			spoke += " · " + v + " at worst"
		}
		s.soft(spoke)
		s.Raw("</li>")
	}
	s.Raw("</ul></section></nav>")
}

func (s *sheet) call(c Call) {
	s.Raw("\n" + `<section id="c`)
	s.Text(c.Call)
	s.Raw(`"><div class="head">`)
	s.Element("h2", cmp.Or(c.Number, fmt.Sprint("Call ", c.Call)))
	if v := verdict(c); v != "" {
		s.Raw(`<span class="word `)
		s.Text(v)
		s.Raw(`">`)
		s.Text(v, " at worst")
		s.Raw("</span>")
	}
	s.Raw("</div>\n<dl>")
	s.fact("began", day(c.Began))
	s.fact("direction", c.Direction)
	if c.Line != "" {
		s.fact("line", c.Line)
	}
	s.fact("talked", duration(c))
	if c.Reason != "" {
		s.fact("ended", c.Reason)
	}
	s.fact("call", c.ID)
	for _, id := range c.SIP {
		s.fact("Call-ID", id)
	}
	s.Raw("</dl>")
	if len(c.Messages) > 0 {
		s.Raw("\n<h3>Between the phone and the exchange</h3>")
		s.Trusted(ladder(c))
	}
	if drawn := charts(c); drawn != "" {
		s.Raw("\n<h3>How it sounded</h3>")
		s.Trusted(drawn)
	}
	if len(c.Events) > 0 {
		s.Raw("\n<h3>What happened</h3>")
		s.events(c.Events, func(t time.Time) string { return offset(t.Sub(c.Began)) })
	}
	if len(c.Messages) > 0 {
		s.Raw("\n<h3>The messages</h3>")
		s.messages(c.Messages)
	}
	s.Raw("\n</section>")
}

func (s *sheet) events(list []Event, when func(time.Time) string) {
	s.Raw("<table>")
	for _, e := range list {
		s.Raw("<tr>")
		s.Element(`td class="when"`, when(e.At))
		s.Element("td", e.Name)
		s.Element(`td class="what soft"`, words(e.Detail))
		s.Raw("</tr>")
	}
	s.Raw("</table>")
}

func (s *sheet) messages(list []Message) {
	for _, m := range list {
		s.Raw(`<details id="m`)
		s.Text(m.ID)
		s.Raw(`"><summary>`)
		s.Element(`span class="soft"`, m.At.Format("15:04:05.000"))
		arrow := "←"
		if m.Sent {
			arrow = "→"
		}
		s.Text(" ", arrow, " ")
		s.Raw(`<b class="`)
		s.Text(class(m))
		s.Raw(`">`)
		s.Text(m.Summary)
		s.Raw("</b>")
		if m.Status != 0 && m.Method != "" {
			s.soft("(" + m.Method + ")")
		}
		if m.Again {
			s.soft("again")
		}
		s.Raw("</summary>")
		s.Element("pre", m.Text)
		s.Raw("</details>\n")
	}
}

func (s *sheet) troubles(list []Trouble) {
	if len(list) == 0 {
		return
	}
	s.Raw("\n<section><h2>Problems that came and went</h2><table>")
	for _, t := range list {
		s.Raw("<tr>")
		s.Element(`td class="when"`, day(t.At))
		what := "came"
		if t.Gone {
			what = "gone"
		}
		s.Element("td", what)
		s.Raw(`<td class="what">`)
		s.Text(t.Title)
		s.soft(t.Of)
		s.Raw("<br>")
		s.Element(`span class="soft"`, t.Code+" "+t.Detail)
		s.Raw("</td></tr>")
	}
	s.Raw("</table></section>")
}
