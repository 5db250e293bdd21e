package manage

import (
	"context"
	"embed"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"phoned/internal/markup"
	"phoned/internal/secret"
	"phoned/phone"
)

// The page's addresses.
const enrolPath = "/enrol"

//go:embed enrolweb
var enrolFiles embed.FS

var (
	enrolWords = readEnrolWords()
	enrolPages = fillEnrolPages()
)

// fillEnrolPages makes the page in each of the languages.
func fillEnrolPages() map[string]string {
	text, err := enrolFiles.ReadFile("enrolweb/enrol.html")
	if err != nil {
		panic(err) // compiled in
	}
	pages := map[string]string{}
	for lang, words := range enrolWords {
		messages, err := json.Marshal(words)
		if err != nil {
			panic(err) // a map of texts
		}
		values := maps.Clone(words)
		values["lang"], values["messages"] = lang, string(messages)
		if pages[lang], err = markup.Fill(string(text), values); err != nil {
			panic(err) // compiled in, and a test reads it
		}
	}
	return pages
}

// readEnrolWords reads the page's languages, by their tags.
func readEnrolWords() map[string]map[string]string {
	b, err := enrolFiles.ReadFile("enrolweb/words.json")
	if err != nil {
		panic(err) // compiled in
	}
	var words map[string]map[string]string
	if err := json.Unmarshal(b, &words); err != nil {
		panic(err) // compiled in, and a test reads it
	}
	return words
}

// signInTime bounds what a browser waits for.
const signInTime = time.Minute

// Handler serves the page, also while no code is offered: it says so.
func (e *Enrolment) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET "+enrolPath, e.page)
	m.HandleFunc("POST "+enrolPath, e.post)
	for name, kind := range map[string]string{"enrol.css": "text/css; charset=utf-8", "enrol.js": "text/javascript; charset=utf-8"} {
		b, err := enrolFiles.ReadFile("enrolweb/" + name)
		if err != nil {
			panic(err) // compiled in
		}
		m.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(b)
		})
	}
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { enrolSay(w, http.StatusForbidden, "origin") }))
	return e.strict(cross.Handler(m))
}

// strict is what every request passes: no name but an address (DNS rebinding
// needs a name), a bound on the body, strict headers, no trace in any cache.
func (e *Enrolment) strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil {
			enrolSay(w, http.StatusMisdirectedRequest, "origin")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, enrolBody)
		next.ServeHTTP(w, r)
	})
}

func (e *Enrolment) page(w http.ResponseWriter, r *http.Request) {
	lang := enrolLanguage(r.Header.Get("Accept-Language"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
	e.mu.Lock()
	open := e.now != nil
	e.mu.Unlock()
	if !open {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = io.WriteString(w, enrolPages[lang])
}

// enrolLanguage is the first language of Accept-Language that there is, else
// English. Weights are not looked at: browsers send the favourite first.
func enrolLanguage(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if _, ok := enrolWords[tag]; ok {
			return tag
		}
	}
	return "en"
}

// post signs in.
func (e *Enrolment) post(w http.ResponseWriter, r *http.Request) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		enrolSay(w, http.StatusUnsupportedMediaType, "failed")
		return
	}
	code, email, password, ok := readEnrol(r)
	if !ok {
		enrolSay(w, http.StatusBadRequest, "empty")
		return
	}
	run, why := e.claim(code)
	if why != "" {
		e.audit("refused", "why", why)
		if why == "slow" {
			retryAfter(w)
		}
		enrolSay(w, enrolStatus[why], why)
		return
	}
	// What the browser does now changes nothing: the outcome counts against the code.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), signInTime)
	defer cancel()
	reason := phone.WhyFailed
	defer func() { e.settle(run, reason) }()
	reason = e.cfg.SignIn(ctx, email, password)
	if reason != "" {
		e.audit("refused", "why", string(reason))
		enrolSay(w, enrolStatusOf(reason), string(reason))
		return
	}
	e.audit("signed_in", "", "")
	w.WriteHeader(http.StatusNoContent)
}

// readEnrol reads the one JSON object of a request.
func readEnrol(r *http.Request) (code, email string, password secret.String, ok bool) {
	var in struct {
		Code     string        `json:"code"`
		Email    string        `json:"email"`
		Password secret.String `json:"password"`
	}
	d := json.NewDecoder(r.Body)
	if d.Decode(&in) != nil || d.More() {
		return "", "", secret.String{}, false
	}
	email = strings.TrimSpace(in.Email)
	if email == "" || len(email) > enrolEmailMost || !utf8.ValidString(email) || in.Password.Empty() {
		return "", "", secret.String{}, false
	}
	return plainCode(in.Code), email, in.Password, true
}

// enrolStatus are the statuses of what a code can be refused for.
var enrolStatus = map[string]int{
	"code": http.StatusForbidden, "expired": http.StatusGone, "used": http.StatusGone, "tries": http.StatusGone, "closed": http.StatusGone,
	"slow": http.StatusTooManyRequests, "busy_now": http.StatusConflict,
}

func enrolStatusOf(why phone.SignInWhy) int {
	switch why {
	case phone.WhyPassword:
		return http.StatusUnauthorized
	case phone.WhyUnreachable, phone.WhyCertificate, phone.WhyBusy, phone.WhyRefused, phone.WhyNoLine:
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}

// enrolSay answers with the reason, a key of the page's words.
func enrolSay(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"why": why}) // the browser is gone: nobody to tell
}
