package phone_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"phoned/lab"
	"phoned/phone"
)

// nothing is the file of a phone out of the box, whose Wi-Fi and clock are not asked.
func nothing(*lab.Exchange) string { return "version = 1\n" }

// counted presses keys and counts them.
type counted struct {
	h *household
	n int
}

func (c *counted) press(keys ...phone.Key) {
	c.n += len(keys)
	c.h.keys(1, keys...)
}

// An empty phone, a stick with a PIN, and it is registered: nine keys.
func TestEmptyPhoneByStick(t *testing.T) {
	t.Parallel()
	h := liveWith(t, nil, nothing)
	h.screen(1, phone.ScreenUnprovisioned)
	dir := stickOf(t, "482913", map[string][]byte{"phoned.toml": []byte(documentOf(h.lab)), "ca.pem": h.lab.CAPEM()})
	begun, c := time.Now(), counted{h: h}
	h.phone(1).Phone.StickMounted(dir, true)
	h.screen(1, phone.ScreenOffer)
	h.clock.leap(time.Second) // labels that appear by themselves take no key at once
	c.press("sk1")
	h.screen(1, phone.ScreenForm)
	c.press("4", "8", "2", "9", "1", "3", "sk1")
	h.registered(2)
	t.Logf("by stick: registered %d ms after it was plugged in, %d key presses", time.Since(begun).Milliseconds(), c.n)
	if c.n > 9 {
		t.Errorf("it takes %d keys", c.n)
	}
}

// An empty phone whose DHCP server names the site, and it is registered: no key.
func TestEmptyPhoneByURL(t *testing.T) {
	t.Parallel()
	documents := make(chan string, 1)
	text := ""
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/phoned/dca632010203.toml" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if text == "" {
			text = <-documents
		}
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, text)
	})
	begun := time.Now()
	h := liveWith(t, site, func(ex *lab.Exchange) string {
		documents <- documentOf(ex)
		return "version = 1\nprovisioning_url = \"SITE/phoned/{mac}.toml\"\n"
	})
	h.registered(2)
	t.Logf("by URL: registered %d ms after the start, no key press", time.Since(begun).Milliseconds())
}
