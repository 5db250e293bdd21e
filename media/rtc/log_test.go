package rtc

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestTransportLogKeepsPasswords(t *testing.T) {
	var out bytes.Buffer
	l := pionLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: levelTrace}))}.NewLogger("ice")
	for _, c := range []struct{ format, arg string }{
		{"Started agent: isControlling? true, remoteUfrag: \"uf\", remotePwd: %q", "hidden-1"},
		{"remote description a=ice-ufrag:uf\r\na=ice-pwd:%s\r\na=mid:0", "hidden-2"},
		{"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s|2^31", "hidden-3"},
		{"turn client {Username:ann Password:%s Realm:x}", "hidden-4"},
		{`{"localPwd":%q,"ufrag":"uf"}`, "hidden-5"},
	} {
		out.Reset()
		l.Debugf(c.format, c.arg)
		if s := out.String(); strings.Contains(s, c.arg) || !strings.Contains(s, "detail=") {
			t.Errorf("%q came out as %s", c.format, s)
		}
		l.Trace(strings.ReplaceAll(c.format, "%s", c.arg))
		if strings.Contains(out.String(), c.arg) {
			t.Errorf("%q came out as %s", c.format, out.String())
		}
	}
	out.Reset()
	l.Warn("ICE connection state changed: connected")
	if !strings.Contains(out.String(), "connected") {
		t.Error("what is no secret is gone as well:", out.String())
	}
}
