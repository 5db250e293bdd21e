package netsettings

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Heard is a wireless network that can be heard.
type Heard struct {
	SSID   string `json:"ssid"`
	Signal int    `json:"signal"` // dBm
	// Open: nothing is asked of who joins it. Usable: it can be joined by a passphrase
	// or without one (not by an account, nor by WEP or the first WPA).
	Open   bool `json:"open,omitempty"`
	Usable bool `json:"usable"`
}

// readSurvey reads wpa_cli's scan_results: lines of "bssid TAB frequency TAB level TAB
// flags TAB ssid". One network of many stations is one, with its strongest. Networks
// without a name, or with one that can't be shown, are left out.
func readSurvey(text string) []Heard {
	best := map[string]Heard{}
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.SplitN(line, "\t", 5)
		if len(f) < 5 {
			continue
		}
		level, err := strconv.Atoi(f[2])
		name, ok := unescape(f[4])
		if err != nil || level < -200 || level > 0 || !ok {
			continue
		}
		flags := f[3]
		n := Heard{SSID: name, Signal: level}
		n.Open = !strings.Contains(flags, "WPA") && !strings.Contains(flags, "RSN") && !strings.Contains(flags, "WEP") && !strings.Contains(flags, "OWE")
		n.Usable = n.Open || (strings.Contains(flags, "WPA2") || strings.Contains(flags, "RSN")) && (strings.Contains(flags, "PSK") || strings.Contains(flags, "SAE"))
		if had, there := best[name]; !there || had.Signal < n.Signal {
			best[name] = n
		}
	}
	out := make([]Heard, 0, len(best))
	for _, n := range best {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b Heard) int { return cmp.Or(b.Signal-a.Signal, cmp.Compare(a.SSID, b.SSID)) })
	return out[:min(len(out), maxHeard)]
}

// maxHeard bounds the list: a phone's display is no spectrum analyser.
const maxHeard = 32

// unescape undoes wpa_supplicant's printf_encode: \\ \" \e \n \r \t \xHH.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i < len(s) && (s[i] == '\\' || s[i] == '"'):
			b.WriteByte(s[i])
		case i+2 < len(s) && s[i] == 'x':
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			return "", false // a control character is in no name that can be shown
		}
	}
	name := b.String()
	return name, name != "" && len(name) <= 32 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}
