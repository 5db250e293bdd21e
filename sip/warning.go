package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// q850Of is the telephone network's cause in a Reason, 0: there is none.
func q850Of(m gosip.Message) int {
	for _, v := range headerList(m, "Reason") {
		if c := parseReason(v); c.protocol == "q.850" && c.code > 0 && c.code < 128 {
			return c.code
		}
	}
	return 0
}

// maxWarning bounds a text that only the log and the API see.
const maxWarning = 200

// warningOf is the text of the first Warning: `370 host "text"`.
func warningOf(m gosip.Message) string {
	for _, v := range headerList(m, "Warning") {
		code, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
		_, text, ok := strings.Cut(rest, " ")
		if !ok || len(code) != 3 || strings.Trim(code, "0123456789") != "" {
			continue
		}
		text = strings.TrimSpace(text)
		if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
			text = unquote(text[1 : len(text)-1])
		}
		text = printable(strings.ToValidUTF8(code+" "+text, ""))
		if len(text) > maxWarning {
			text = strings.ToValidUTF8(text[:maxWarning], "")
		}
		return text
	}
	return ""
}
