package phone_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"phoned/lab"
	"phoned/ui"
)

func TestMain(m *testing.M) {
	// Nothing of the machine's own environment takes part.
	for _, k := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "SSLKEYLOGFILE"} {
		os.Unsetenv(k)
	}
	flag.Parse()
	// Most of a world's time is real time in which sound is heard.
	if err := flag.Set("test.parallel", "3"); err != nil {
		panic(err)
	}
	os.Exit(runAll(m))
}

// newLab starts an exchange for several phones; it outlives them.
func newLab(t testing.TB, c lab.Config) *lab.Exchange {
	t.Helper()
	ex, err := lab.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	return ex
}

// classic is the configuration of a phone on a UDP line.
func classic(ex *lab.Exchange) string {
	return fmt.Sprintf("auto_configure = false\n[[lines]]\nserver = \"udp://%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\nlabel = \"Classic\"\n",
		ex.UDPAddress(), ex.Domain(), lab.ClassicPassword)
}

// words are all that a screen says.
func words(s ui.Screen) string {
	b, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
