package app

import (
	"strings"

	"phoned/internal/health"
	"phoned/phone"
)

// progKeys reads the configuration's keys: "FUNCTION:VALUE:LABEL". A function
// that the phone does not know is a key without one.
func progKeys(texts []string) []phone.ProgKey {
	var out []phone.ProgKey
	for _, text := range texts {
		f := strings.SplitN(text, ":", 3)
		f = append(f, "", "")
		out = append(out, phone.ProgKey{Function: phone.KeyFunction(strings.TrimSpace(f[0])), Value: strings.TrimSpace(f[1]), Label: f[2]})
	}
	return out
}

// checkDigitMap replaces a digit map that can't be read by the default one, and
// says where the mistake is.
func checkDigitMap(s *phone.Settings, problems *health.Registry) {
	if _, err := phone.ParseDigitMap(s.DigitMap); err != nil {
		s.DigitMap = phone.DefaultDigitMap
		problems.Set(health.Problem{Code: "config.digit_map", Severity: health.Error, Title: "The digit map can't be read",
			Advice: "Correct digit_map in the configuration.", Detail: err.Error()})
	}
}
