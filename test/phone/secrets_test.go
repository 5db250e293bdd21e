package phone_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"phoned/lab"
	"phoned/ui"
)

// listener keeps everything the phone said, by where it was said.
type listener struct {
	mu   sync.Mutex
	said map[string]*strings.Builder
}

func (l *listener) add(where, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == nil {
		l.said = map[string]*strings.Builder{}
	}
	b := l.said[where]
	if b == nil {
		b = &strings.Builder{}
		l.said[where] = b
	}
	b.WriteString(what)
	b.WriteByte('\n')
}

func (l *listener) all() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]string{}
	for k, b := range l.said {
		out[k] = b.String()
	}
	return out
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func (l *listener) writer(where string) io.Writer {
	return writerFunc(func(b []byte) (int, error) { l.add(where, string(b)); return len(b), nil })
}

// follow looks at every view as a screen and as the status of the interface.
func (w *world) follow(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	views, stop := w.Phone.Subscribe()
	go func() {
		defer close(done)
		defer stop()
		for {
			select {
			case v := <-views:
				b, err := json.Marshal(ui.Build(v, ui.EnvOf(v, w.clock.Now())))
				if err != nil {
					b = fmt.Append(nil, err)
				}
				w.heard.add("screen", string(b))
				w.get("/api/v1/status")
			case <-ctx.Done():
				return
			}
		}
	}()
	return done
}

var mediaSecrets = regexp.MustCompile(`(?m)^a=(?:ice-pwd:|crypto:\S+ \S+ inline:)([^\s|]+)`)

// secretsOf are all secrets that this lab and its phones had, with what each is.
func secretsOf(ex *lab.Exchange) map[string]string {
	out := map[string]string{lab.AccountPassword: "account password"}
	for _, s := range ex.OAuth.Issued() {
		out[s] = "token"
	}
	for i := range 5 {
		out[fmt.Sprintf("%d@%s", 123+i, ex.Domain())] = "SIP password"
	}
	for _, s := range ex.Engine.Record.Credentials() {
		out[s] = "digest response"
	}
	for _, m := range ex.Engine.Record.Messages() {
		for _, x := range mediaSecrets.FindAllStringSubmatch(m.Text, -1) {
			out[x[1]] = "media key"
		}
	}
	return out
}

// find names the secrets in what was said, as they are or in base64.
func find(said map[string]string, secrets map[string]string) []string {
	var out []string
	for where, text := range said {
		for s, kind := range secrets {
			for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s))} {
				if i := strings.Index(text, form); i >= 0 {
					// The secret itself is kept out of the test's output as well.
					around := strings.ReplaceAll(text[max(0, i-120):i], s, "…")
					out = append(out, fmt.Sprintf("a %s is in a %s, after %q", kind, where, around))
					break
				}
			}
		}
	}
	return out
}

// judge fails the test when the phone said a secret.
func (l *listener) judge(t testing.TB, w *world) {
	t.Helper()
	said := l.all()
	list, _ := w.Bus.After(0)
	for _, e := range list {
		said["published event"] += string(e.JSON()) + "\n"
	}
	said["database"] = string(databaseBytes(t, w.data))
	if err := wholeRun.keep(t.Name(), said, secretsOf(w.lab)); err != nil {
		t.Error(err)
	}
	for _, leak := range tail(find(said, secretsOf(w.lab)), 10) {
		t.Error(leak)
	}
	if len(said["log"]) == 0 || len(said["screen"]) == 0 || len(said["database"]) == 0 && !w.wiped {
		t.Error("nothing was listened to: the search proves nothing")
	}
}

// A secret that gets out is found, wherever it gets out: the search of every
// other test means something.
func TestPlantedLeakIsFound(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
	kinds := map[string]string{} // one secret of each kind
	for s, kind := range secretsOf(w.lab) {
		kinds[kind] = s
	}
	for _, kind := range []string{"account password", "token", "SIP password", "digest response", "media key"} {
		s := kinds[kind]
		if s == "" {
			t.Errorf("the lab had no %s", kind)
			continue
		}
		for _, where := range []string{"log", "sip trace", "screen", "published event", "management answer", "database", "error"} {
			for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s))} {
				said := map[string]string{where: "something " + form + " something"}
				if len(find(said, secretsOf(w.lab))) == 0 {
					t.Errorf("a %s in a %s is not found", kind, where)
				}
			}
		}
	}
	if l := find(w.heard.all(), map[string]string{"phoned/test": "nothing secret"}); len(l) == 0 {
		t.Error("even the phone's own name is not found in what it said")
	}
}
