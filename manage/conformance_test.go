package manage

import (
	"testing"

	"phoned/test/apicheck"
)

// entry are the operations that need a code of the screen, a password or a key: the
// tests of signing in have them succeed.
var entry = []string{"uploadCertificate", "signInHere", "removeToken", "removeAccount", "makeToken", "endSession", "confirmFirstAccess", "changePassword", "changeAccount", "askFirstAccess", "addAccount"}

// hints are what the description can't say of each operation.
func hints() map[string]apicheck.Hint {
	seconds := map[string][]string{"seconds": {"1"}}
	tap := map[string][]string{"seconds": {"1"}}
	out := map[string]apicheck.Hint{
		"getProblemKind": {Params: map[string][]string{"kind": {"not-now", "nothing"}}},
		"getFlight":      {Params: map[string][]string{"callId": {"known", "unknown"}}},
		"getKeptReport":  {Params: map[string][]string{"name": {"known", "unknown"}}},
		"signIn":         {Bodies: []string{`{"email":"a@b","password":"x"}`, `{"access_token":"a","refresh_token":"b"}`}},
		"importContacts": {Bodies: []string{"BEGIN:VCARD\r\nEND:VCARD\r\n", ""}},
		"applyConfig":    {Bodies: []string{"theme = \"dark\"\n", "theme = 5\n", "{", "noSuchKey = 1\n", ""}},
		"validateConfig": {Bodies: []string{"theme = \"dark\"\n", "theme = 5\n", "{", ""}},
		"uploadUpdate":   {Bodies: []string{"bundle", ""}},
		"captureNetwork": {Params: seconds},
		"tapSound":       {Params: tap},
		"testEcho":       {Bodies: []string{`{"number":"9196"}`}},
		"testTone":       {Bodies: []string{`{"path":"speaker"}`}},
	}
	for _, id := range entry {
		out[id] = apicheck.Hint{MayFail: true}
	}
	return out
}

// TestConformance tries everything that the description allows, and what it forbids.
func TestConformance(t *testing.T) {
	b := newBench(t, everything)
	res := apicheck.Run(t, "/api/v1/openapi.json", apicheck.Config{Handler: b.Handler(), Host: "127.0.0.1:8480", Remote: "127.0.0.1:40000", Rounds: 60, Seed: 1, Hints: hints()})
	t.Logf("%+v", res)
	if res.Operations != len(operations()) || res.Good < 1000 || res.Refused < 300 {
		t.Errorf("%+v of %d operations: the run proves too little", res, len(operations()))
	}
}
