package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// answer is what one phone said: text for people, data for -json.
type answer struct {
	text string
	data json.RawMessage
}

// job is what a command does with one phone.
type job func(context.Context, *client) (answer, error)

// command is a word of the program. prepare reads its arguments once for all phones.
type command struct {
	args, doc string
	prepare   func(args []string) (job, error)
}

var errArguments = errors.New("these arguments do not fit")

// commands are all there are.
var commands = map[string]command{
	"status":    {"", "service, calls and problems in a line", plain(status)},
	"problems":  {"", "what is not as it should be", plain(problems)},
	"dial":      {"NUMBER", "call a number", one(func(n string) job { return order("/api/v1/commands/dial", map[string]any{"number": n}, "dials") })},
	"end":       {"", "end the call in front", plain(order("/api/v1/commands/end", map[string]any{}, "ends"))},
	"restart":   {"[-now]", "start the program anew, once nobody telephones", whenIdle("/api/v1/restart")},
	"reboot":    {"[-now]", "restart the device, once nobody telephones", whenIdle("/api/v1/reboot")},
	"reconnect": {"", "register all lines anew", plain(order("/api/v1/commands/reconnect", map[string]any{}, "registers anew"))},
	"config":    {"get | check FILE | apply FILE | remove | rollback", "the configuration that management gives", config},
	"update":    {"[URL|check|install]", "how far an update is; a signed bundle, the server asked now, what it offers installed", update},
	"report":    {"DIR", "the flight recorder's report as DIR/NAME.zip", one(func(dir string) job { return download("/api/v1/report.zip", dir, ".zip") })},
	"support":   {"DIR", "the support bundle as DIR/NAME.zip", one(func(dir string) job { return download("/api/v1/support-bundle.zip", dir, ".zip") })},
	"screen":    {"DIR", "a picture of the display as DIR/NAME.png", one(func(dir string) job { return download("/api/v1/screen.png", dir, ".png") })},
	"get":       {"PATH", "what the interface says at a path", one(raw)},
}

func plain(j job) func([]string) (job, error) {
	return func(args []string) (job, error) {
		if len(args) > 0 {
			return nil, errArguments
		}
		return j, nil
	}
}

func one(f func(string) job) func([]string) (job, error) {
	return func(args []string) (job, error) {
		if len(args) != 1 || args[0] == "" {
			return nil, errArguments
		}
		return f(args[0]), nil
	}
}

func order(path string, body map[string]any, text string) job {
	return func(ctx context.Context, c *client) (answer, error) {
		return answer{text: text}, c.post(ctx, path, body)
	}
}

func whenIdle(path string) func([]string) (job, error) {
	return func(args []string) (job, error) {
		switch {
		case len(args) == 0:
			return order(path, map[string]any{"when": "idle"}, "once nobody telephones"), nil
		case len(args) == 1 && strings.TrimLeft(args[0], "-") == "now":
			return order(path, map[string]any{"when": "now"}, "now"), nil
		case len(args) == 1 && strings.TrimLeft(args[0], "-") == "idle":
			return order(path, map[string]any{"when": "idle"}, "once nobody telephones"), nil
		}
		return nil, errArguments
	}
}

// state is what is shown of a phone's status.
type state struct {
	Lines []struct{ Label, Number, State, Cause string }
	Calls []struct {
		PhoneNumber string `json:"phoneNumber"`
		Status      string
	}
	Problems []struct{ Severity, Title, Advice, Code, Subject string }
	Phone    struct{ Version, Board string }
}

func (c *client) state(ctx context.Context) (state, json.RawMessage, error) {
	b, err := c.ask(ctx, http.MethodGet, "/api/v1/status", "", nil)
	if err != nil {
		return state{}, nil, err
	}
	var s state
	return s, b, json.Unmarshal(b, &s)
}

func status(ctx context.Context, c *client) (answer, error) {
	s, raw, err := c.state(ctx)
	if err != nil {
		return answer{}, err
	}
	up := 0
	var words []string
	for _, l := range s.Lines {
		if l.State == "registered" {
			up++
		} else {
			words = append(words, strings.TrimSpace(l.Number+" "+l.State+" "+l.Cause))
		}
	}
	words = append([]string{fmt.Sprintf("%d/%d lines", up, len(s.Lines))}, words...)
	for _, call := range s.Calls {
		words = append(words, call.Status+" "+call.PhoneNumber)
	}
	if len(s.Problems) > 0 {
		words = append(words, fmt.Sprintf("%d problems, first: %s", len(s.Problems), s.Problems[0].Title))
	}
	return answer{strings.Join(append(words, s.Phone.Version), " · "), raw}, nil
}

func problems(ctx context.Context, c *client) (answer, error) {
	s, _, err := c.state(ctx)
	if err != nil {
		return answer{}, err
	}
	if len(s.Problems) == 0 {
		return answer{text: "none"}, nil
	}
	var b strings.Builder
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "%s %s: %s %s\n", p.Severity, strings.TrimSpace(p.Code+" "+p.Subject), p.Title, p.Advice)
	}
	data, err := json.Marshal(s.Problems)
	return answer{b.String(), data}, err
}

// config is the configuration document that management gives.
func config(args []string) (job, error) {
	const path, toml = "/api/v1/config", "application/toml"
	send := func(path string, doc []byte, text string) job {
		return func(ctx context.Context, c *client) (answer, error) {
			b, err := c.ask(ctx, http.MethodPost, path, toml, doc)
			if err != nil {
				return answer{}, err
			}
			return verdict(b, text)
		}
	}
	switch {
	case len(args) == 1 && args[0] == "get":
		return raw("/api/v1/config/document"), nil
	case len(args) == 1 && args[0] == "rollback":
		return order(path+"/rollback", map[string]any{}, "taken back"), nil
	case len(args) == 1 && args[0] == "remove":
		return func(ctx context.Context, c *client) (answer, error) {
			b, err := c.ask(ctx, http.MethodDelete, path, "", nil)
			if err != nil {
				return answer{}, err
			}
			return verdict(b, "removed")
		}, nil
	case len(args) == 2 && (args[0] == "check" || args[0] == "apply"):
		doc, err := os.ReadFile(args[1])
		if err != nil {
			return nil, err
		}
		if args[0] == "check" {
			return send(path+"/validate", doc, "would be used"), nil
		}
		return send(path, doc, "applied"), nil
	}
	return nil, errArguments
}

// verdict says what became of a document; one that can't be used is an error.
func verdict(b []byte, text string) (answer, error) {
	var v struct {
		OK      bool
		Errors  []struct{ Key, Error string }
		Changes []struct{ Name, Old, New string }
		Trial   bool
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return answer{}, err
	}
	if !v.OK && len(v.Errors) > 0 {
		return answer{}, fmt.Errorf("%s", v.Errors[0].Error)
	}
	words := []string{text, fmt.Sprintf("%d changes", len(v.Changes))}
	if v.Trial {
		words = append(words, "on trial")
	}
	for _, c := range v.Changes {
		words = append(words, fmt.Sprintf("%s: %s → %s", c.Name, c.Old, c.New))
	}
	return answer{strings.Join(words, " · "), b}, nil
}

func update(args []string) (job, error) {
	switch {
	case len(args) == 0:
		return func(ctx context.Context, c *client) (answer, error) {
			b, err := c.ask(ctx, http.MethodGet, "/api/v1/update", "", nil)
			if err != nil {
				return answer{}, err
			}
			var u struct{ Phase, Version, Available, Reason, Refused, CheckFailed string }
			err = json.Unmarshal(b, &u)
			words := []string{u.Version, u.Phase, u.Available, u.Reason}
			if u.Refused != "" {
				words = append(words, "not by itself: "+u.Refused)
			}
			if u.CheckFailed != "" {
				words = append(words, "· "+u.CheckFailed)
			}
			return answer{strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " "), b}, err
		}, nil
	case len(args) == 1 && args[0] == "check":
		return order("/api/v1/update/check", map[string]any{}, "asked"), nil
	case len(args) == 1 && args[0] == "install":
		return order("/api/v1/update", map[string]any{}, "begins"), nil
	case len(args) == 1 && strings.HasPrefix(args[0], "https://"):
		return order("/api/v1/update", map[string]any{"url": args[0]}, "begins"), nil
	}
	return nil, errArguments
}

func raw(path string) job {
	if !strings.HasPrefix(path, "/") {
		path = "/api/v1/" + path
	}
	return func(ctx context.Context, c *client) (answer, error) {
		b, err := c.ask(ctx, http.MethodGet, path, "", nil)
		if json.Valid(b) {
			return answer{string(b), b}, err
		}
		return answer{text: string(b)}, err
	}
}

// download writes what a path gives into a folder, named after the phone.
func download(path, dir, ending string) job {
	return func(ctx context.Context, c *client) (answer, error) {
		b, err := c.ask(ctx, http.MethodGet, path, "", nil)
		if err != nil {
			return answer{}, err
		}
		file := filepath.Join(dir, filepath.Base(c.phone.name)+ending)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			return answer{}, err
		}
		return answer{text: fmt.Sprintf("%s (%d bytes)", file, len(b))}, nil
	}
}

func printJSON(out io.Writer, name string, a answer, err error) {
	line := struct {
		Phone string          `json:"phone"`
		OK    bool            `json:"ok"`
		Error string          `json:"error,omitempty"`
		Text  string          `json:"text,omitempty"`
		Data  json.RawMessage `json:"data,omitempty"`
	}{Phone: name, OK: err == nil, Data: a.data}
	if err != nil {
		line.Error = err.Error()
	}
	if a.data == nil {
		line.Text = a.text
	}
	b, _ := json.Marshal(line) // of strings and valid JSON: it can't fail
	fmt.Fprintf(out, "%s\n", b)
}
