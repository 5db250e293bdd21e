package sip

import (
	"regexp"

	"phoned/internal/secret"
)

var (
	credential = regexp.MustCompile(`(?im)^((?:proxy-)?authorization\s*:.*)$`)
	response   = regexp.MustCompile(`(?i)(response\s*=\s*)("[^"]*"|[^,\s]*)`)
	mediaKey   = regexp.MustCompile(`(?im)^(a=(?:crypto:\S+ \S+ inline:|ice-pwd:))[^|\s]+`)
)

// redact removes what must not be seen in a trace: digest responses, which a
// dictionary turns back into passwords, the media keys of SDES (RFC 4568) and
// the passwords of ICE (RFC 8839 §5.4).
func redact(text string) string {
	text = credential.ReplaceAllStringFunc(text, func(line string) string {
		if !response.MatchString(line) {
			// Not a digest: Basic and Bearer are secrets as a whole.
			return line[:indexColon(line)+1] + " " + secret.Redacted
		}
		return response.ReplaceAllString(line, `${1}"`+secret.Redacted+`"`)
	})
	return mediaKey.ReplaceAllString(text, "${1}"+secret.Redacted)
}

func indexColon(s string) int {
	for i := range len(s) {
		if s[i] == ':' {
			return i
		}
	}
	return len(s) - 1
}

func (a *Agent) trace(line string, info flowInfo, sent bool, text string) {
	if a.cfg.Trace == nil {
		return
	}
	a.cfg.Trace(TraceMessage{At: a.clock.Now(), Line: line, Sent: sent, Text: redact(text), Local: info.Local, Remote: info.Remote})
}
