package manage

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"phoned/manage/access"
)

// cookieName is the session's cookie. The prefix has the browser hold it to this
// very host, by TLS, for every path (RFC 6265bis §4.1.3.2).
const cookieName = "__Host-phone"

// FirstAccess puts a request of first access on the phone's screen, and takes it off.
type FirstAccess interface {
	// ShowFirst asks the person at the phone; refused is called, on any goroutine, if
	// she says no. It must not block.
	ShowFirst(r access.Request, refused func())
	EndFirst(id string)
}

// meResource is who somebody is.
type meResource struct {
	Name string `json:"name" doc:"Of the account or token; empty: nobody is signed in."`
	Role string `json:"role" enum:"anyone,viewer,operator,administrator"`
	By   Means  `json:"by" enum:",session,token,certificate,local"`
	// FirstAccess: the phone has no account and waits for its first administrator.
	FirstAccess bool       `json:"firstAccess" doc:"The phone has no account: ask for first access."`
	Expires     *time.Time `json:"expires,omitempty" doc:"When the session ends at the latest."`
}

type signInForm struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type firstForm struct {
	Code     string `json:"code" doc:"Eight digits of the phone's screen."`
	Name     string `json:"name"`
	Password string `json:"password" doc:"At least ten characters."`
}

type passwordForm struct {
	Old string `json:"old"`
	New string `json:"new" doc:"At least ten characters."`
}

type firstResource struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until" doc:"How long the code stands on the phone's screen."`
}

func hasAccess(c *Config) bool { return c.Access != nil }

// entryOperations are open to whoever is there: they are how one becomes somebody.
func entryOperations() []operation {
	refusals := []int{409, 422, 429, 503}
	return []operation{
		{method: "GET", path: "/api/v1/access/me", id: "whoAmI", tag: "access", summary: "Says who is signed in, and whether the phone waits for its first administrator.", role: Anyone, when: hasAccess,
			out: meResource{}, serve: (*Server).getMe},
		{method: "POST", path: "/api/v1/access/sign-in", id: "signInHere", tag: "access", summary: "Signs in to the phone's management and sets the session's cookie.", role: Anyone, when: hasAccess,
			in: signInForm{}, out: meResource{}, fails: []int{401, 429, 503}, serve: (*Server).postSignIn},
		{method: "POST", path: "/api/v1/access/sign-out", id: "signOutHere", tag: "access", summary: "Ends the session.", role: Anyone, when: hasAccess,
			ok: 204, serve: (*Server).postSignOut},
		{method: "POST", path: "/api/v1/access/first", id: "askFirstAccess", tag: "access", summary: "Shows a code on the phone's screen, with the address that asks, if there is no account yet.", role: Anyone, when: hasAccess,
			ok: 202, out: firstResource{}, fails: refusals, serve: (*Server).postFirst},
		{method: "POST", path: "/api/v1/access/first/{id}", id: "confirmFirstAccess", tag: "access", summary: "Makes the first administrator, with the code of the phone's screen, and signs in.", role: Anyone, when: hasAccess,
			params: idParam, in: firstForm{}, out: meResource{}, fails: append([]int{401, 404}, refusals...), serve: (*Server).postFirstCode},
		{method: "POST", path: "/api/v1/access/password", id: "changePassword", tag: "access", summary: "Changes the password of who is signed in; the other sessions end.", role: Viewer, when: hasAccess,
			in: passwordForm{}, ok: 204, fails: append([]int{403}, refusals...), serve: (*Server).postPassword},
	}
}

// recognise tells who makes a request: by a token, by the session's cookie, by a
// client certificate, or by where it comes from.
func (s *Server) recognise(r *http.Request) Who {
	is := Who{From: remote(r)}
	if b := s.cfg.Access; b != nil {
		if text, ok := bearer(r); ok { // a program that shows a token wants to be judged by it
			if t, role, ok := b.ByToken(text); ok {
				is.Name, is.Role, is.By, is.ID = t.Label, role, ByToken, t.ID
			}
			return is
		}
		if c, err := r.Cookie(cookieName); err == nil {
			if sess, role, ok := b.BySession(c.Value); ok {
				is.Name, is.Role, is.By, is.ID = sess.Name, role, BySession, sess.ID
				return is
			}
		}
		if c, known, ok := s.certified(r); ok {
			is.Name, is.Role, is.By, is.Until = known.Name, known.Role, ByCertificate, c.NotAfter
			return is
		}
	}
	if s.cfg.TrustLocal && r.TLS == nil && is.From.IsLoopback() {
		is.Name, is.Role, is.By = "local", Administrator, ByPlace
	}
	return is
}

// bearer is the token of a request (RFC 6750 §2.1); in no address, where it would
// end up in logs.
func bearer(r *http.Request) (string, bool) {
	const scheme = "Bearer "
	h := r.Header.Get("Authorization")
	if len(h) < len(scheme) || h[:len(scheme)] != scheme {
		return "", false
	}
	return h[len(scheme):], true
}

func (s *Server) setCookie(w http.ResponseWriter, value string, until time.Time) {
	c := &http.Cookie{Name: cookieName, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if value == "" {
		c.MaxAge = -1
	} else {
		c.MaxAge = int(until.Sub(s.cfg.Clock.Now()) / time.Second)
	}
	http.SetCookie(w, c)
}

func oldCookie(r *http.Request) string {
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

func (s *Server) getMe(w http.ResponseWriter, r *http.Request) {
	is := who(r)
	reply(w, meResource{Name: is.Name, Role: is.Role.String(), By: is.By, FirstAccess: s.cfg.Access.Empty()})
}

func (s *Server) postSignIn(w http.ResponseWriter, r *http.Request) {
	var in signInForm
	if !read(w, r, &in) {
		return
	}
	l := access.Login{Name: in.Name, Password: in.Password, From: who(r).From, Agent: r.UserAgent(), Old: oldCookie(r)}
	cookie, sess, err := s.cfg.Access.SignIn(r.Context(), l)
	s.entered(w, r, "signInHere", in.Name, cookie, sess, err)
}

// entered answers a sign-in, or a first access.
func (s *Server) entered(w http.ResponseWriter, r *http.Request, what, name, cookie string, sess access.Session, err error) {
	if err != nil {
		s.audit(Who{Name: clip(name), From: who(r).From}, what, "", statusOf(err))
		s.refuse(w, err)
		return
	}
	s.setCookie(w, cookie, sess.Expires)
	_, role, _ := s.cfg.Access.BySession(cookie)
	s.audit(Who{Name: sess.Name, Role: role, By: BySession, From: sess.From, ID: sess.ID}, what, "", http.StatusOK)
	reply(w, meResource{Name: sess.Name, Role: role.String(), By: BySession, Expires: &sess.Expires})
}

func (s *Server) postSignOut(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Access.SignOut(oldCookie(r)); err != nil {
		s.cfg.Log.Warn("the end of the session is not kept", "err", err)
	}
	if is := who(r); is.By == BySession {
		s.audit(is, "signOutHere", "", http.StatusNoContent)
	}
	s.setCookie(w, "", time.Time{})
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) postFirst(w http.ResponseWriter, r *http.Request) {
	if s.cfg.First == nil {
		failAs(w, "not-now", "This phone has no screen to show a code on; its accounts come with the configuration.", "")
		return
	}
	from := who(r).From
	req, err := s.cfg.Access.AskFirst(from)
	s.audit(Who{From: from}, "askFirstAccess", "", statusOf(err))
	if err != nil {
		s.refuse(w, err)
		return
	}
	if !req.Again {
		s.cfg.First.ShowFirst(req, func() {
			s.cfg.Access.Refuse(req.ID)
			s.audit(Who{From: from}, "askFirstAccess", "refused at the phone", http.StatusForbidden)
		})
		s.cfg.Clock.AfterFunc(req.Until.Sub(s.cfg.Clock.Now()), func() { s.cfg.First.EndFirst(req.ID) })
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusAccepted)
	writeJSON(w, firstResource{req.ID, req.Until})
}

func (s *Server) postFirstCode(w http.ResponseWriter, r *http.Request) {
	var in firstForm
	if !read(w, r, &in) {
		return
	}
	id := r.PathValue("id")
	l := access.Login{Name: in.Name, Password: in.Password, From: who(r).From, Agent: r.UserAgent(), Old: oldCookie(r)}
	cookie, sess, err := s.cfg.Access.Confirm(r.Context(), id, in.Code, l)
	if s.cfg.First != nil && !s.cfg.Access.Pending(id) {
		s.cfg.First.EndFirst(id)
	}
	s.entered(w, r, "confirmFirstAccess", in.Name, cookie, sess, err)
}

func (s *Server) postPassword(w http.ResponseWriter, r *http.Request) {
	var in passwordForm
	if !read(w, r, &in) {
		return
	}
	is := who(r)
	if is.By != BySession {
		fail(w, http.StatusForbidden, "Only a signed-in person changes a password.", "")
		return
	}
	// The old password is tried as in a sign-in: with the same brake on guessing.
	cookie, sess, err := s.cfg.Access.SignIn(r.Context(), access.Login{Name: is.Name, Password: in.Old, From: is.From, Agent: r.UserAgent(), Old: oldCookie(r)})
	if err == nil {
		s.setCookie(w, cookie, sess.Expires)
		err = s.cfg.Access.SetPassword(r.Context(), is.Name, in.New, sess.ID)
	}
	if err != nil {
		if errors.Is(err, access.ErrWrong) {
			fail(w, http.StatusForbidden, "The old password is not right.", "")
			return
		}
		s.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// statusOf is the status with which an error of the book is answered; 200: none.
func statusOf(err error) int {
	var wait *access.Wait
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, access.ErrWrong):
		return http.StatusUnauthorized
	case errors.As(err, &wait):
		return http.StatusTooManyRequests
	case errors.Is(err, access.ErrBusy), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	case errors.Is(err, access.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, access.ErrPassword), errors.Is(err, access.ErrName):
		return http.StatusUnprocessableEntity
	case errors.Is(err, access.ErrSet), errors.Is(err, access.ErrPending), errors.Is(err, access.ErrExists), errors.Is(err, access.ErrLast),
		errors.Is(err, access.ErrFull), errors.Is(err, access.ErrProvisioned):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// refuse answers with an error of the book.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	var wait *access.Wait
	switch status := statusOf(err); {
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.For.Seconds()))))
		fail(w, status, "Too many failed tries. Wait a little.", err.Error())
	case status == http.StatusUnauthorized:
		failAs(w, "wrong-password", "The name, the password or the code is not right.", "")
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "2")
		fail(w, status, "Too many sign-ins at the same time. Try again.", "")
	case status == http.StatusConflict:
		failAs(w, "not-now", "This can't be done now.", err.Error())
	case status == http.StatusInternalServerError:
		s.cfg.Log.Error("access", "err", err)
		fail(w, status, "It could not be saved.", err.Error())
	default:
		fail(w, status, "This can't be done.", err.Error())
	}
}

// clip bounds a name that anybody may have sent, for the audit log.
func clip(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return name
}

// remote is the address a request comes from; the zero Addr where there is none,
// as in a test without a network. No header counts: there is no proxy to believe.
func remote(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
