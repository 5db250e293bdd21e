package manage

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"phoned/internal/secret"
)

// Owner does what a phone's owner asks for that is no key and no call. Methods
// that take a context wait for their outcome; ErrRefused and ErrNotNow say why
// there is none, any other error is the server's or the storage's trouble.
type Owner interface {
	SignIn(ctx context.Context, email string, password secret.String) error
	SignInWithTokens(ctx context.Context, access, refresh secret.String) error
	SignOut(ctx context.Context) error
	// Reinitialise fetches the session again and applies what changed.
	Reinitialise(ctx context.Context) error
	// SetService is line off (calls end, the lines unregister, the sign-in
	// stays) and on.
	SetService(on bool)
	// History are finished calls, newest first, in the contract's words (§5).
	History(ctx context.Context, limit, offset int) ([]map[string]any, error)
	// ReloadHistory clears the cache and loads it from the backend; ClearHistory
	// only clears. Neither touches what the backend has not accepted yet.
	ReloadHistory(ctx context.Context) error
	ClearHistory(ctx context.Context) error
	// ParkSlots asks for the slots of a line's domain, "": the first line's.
	ParkSlots(ctx context.Context, line string) ([]map[string]any, error)
	// FactoryReset wipes all that the phone keeps and starts it anew.
	FactoryReset()
}

// What an Owner can refuse.
var (
	// ErrRefused: the server does not accept who signs in.
	ErrRefused = errors.New("the sign-in was refused")
	// ErrNotNow: the phone is not in a state for this, or not configured for it.
	ErrNotNow = errors.New("not possible now")
)

// ownerTime bounds one order.
const ownerTime = 60 * time.Second

// resetWord must be given with a reset, so that no stray request is one.
const resetWord = "erase everything"

// order answers 204 when f is done.
func (s *Server) order(f func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), ownerTime)
		defer cancel()
		s.done(w, f(ctx))
	}
}

// done answers for an order that was carried out, or was not.
func (s *Server) done(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrRefused):
		failAs(w, "sign-in-refused", "The server does not accept this sign-in.", err.Error())
	case errors.Is(err, ErrNotNow):
		fail(w, http.StatusConflict, "The phone can't do this now.", err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		fail(w, http.StatusGatewayTimeout, "No answer came in time.", err.Error())
	default:
		fail(w, http.StatusBadGateway, "It did not work.", err.Error())
	}
}

// signIn is by email and password, or by tokens.
type signIn struct {
	Email        string        `json:"email,omitempty"`
	Password     secret.String `json:"password,omitzero"`
	AccessToken  secret.String `json:"access_token,omitzero"`
	RefreshToken secret.String `json:"refresh_token,omitzero"`
}

// postSession signs in, by e-mail and password or by tokens.
func (s *Server) postSession(w http.ResponseWriter, r *http.Request) {
	var in signIn
	if !read(w, r, &in) {
		return
	}
	byPassword, byTokens := in.Email != "" && !in.Password.Empty(), !in.RefreshToken.Empty()
	if byPassword == byTokens {
		fail(w, http.StatusUnprocessableEntity, "Sign in with email and password, or with access_token and refresh_token.", "")
		return
	}
	s.order(func(ctx context.Context) error {
		if byPassword {
			return s.cfg.Owner.SignIn(ctx, in.Email, in.Password)
		}
		return s.cfg.Owner.SignInWithTokens(ctx, in.AccessToken, in.RefreshToken)
	})(w, r)
}

func (s *Server) postService(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("service") {
	case "on", "off":
		s.cfg.Owner.SetService(r.PathValue("service") == "on")
		w.WriteHeader(http.StatusAccepted)
	default:
		fail(w, http.StatusNotFound, "Lines go on or off.", r.PathValue("service"))
	}
}

// historyList is what the history answers with.
type historyList struct {
	Calls []historyCall `json:"calls"`
}

type historyCall struct {
	ID          string `json:"id"`
	PhoneNumber string `json:"phoneNumber"`
	Timestamp   int64  `json:"timestamp" doc:"Unix milliseconds."`
	Duration    int64  `json:"duration,omitempty" doc:"Milliseconds."`
	Direction   string `json:"direction" enum:"inbound,outbound"`
	Status      string `json:"status" enum:"answered,missed,voicemail"`
	Outcome     string `json:"outcome,omitempty" doc:"Says more than status where this phone knows it."`
}

type slotList struct {
	Slots []slotResource `json:"slots"`
}

type slotResource struct {
	Extension string      `json:"extension"`
	Label     string      `json:"label"`
	Occupied  bool        `json:"occupied"`
	Parked    *parkedCall `json:"parkedCall,omitempty"`
}

type parkedCall struct {
	PhoneNumber string `json:"phoneNumber"`
	ParkedBy    string `json:"parkedBy"`
	ParkedAt    int64  `json:"parkedAt,omitempty" doc:"Unix milliseconds."`
}

// getHistory pages through the finished calls.
func (s *Server) getHistory(w http.ResponseWriter, r *http.Request) {
	limit, ok := whole(r, "limit", 50, 1000)
	offset, ok2 := whole(r, "offset", 0, 1<<30)
	if !ok || !ok2 {
		fail(w, http.StatusUnprocessableEntity, "limit is 1 to 1000, offset 0 or more.", "")
		return
	}
	list, err := s.cfg.Owner.History(r.Context(), max(limit, 1), offset)
	if err != nil {
		fail(w, http.StatusInternalServerError, "The history can't be read.", err.Error())
		return
	}
	reply(w, map[string]any{"calls": list}) // historyList says what is in it
}

func whole(r *http.Request, name string, otherwise, most int) (int, bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= most
}

func (s *Server) getParkSlots(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ownerTime)
	defer cancel()
	slots, err := s.cfg.Owner.ParkSlots(ctx, r.URL.Query().Get("line"))
	if err != nil {
		s.done(w, err)
		return
	}
	reply(w, map[string]any{"slots": slots})
}

// resetOrder says what will happen, in its own words.
type resetOrder struct {
	Confirm string `json:"confirm" enum:"erase everything"`
}

func (s *Server) postReset(w http.ResponseWriter, r *http.Request) {
	var in resetOrder
	if !read(w, r, &in) {
		return
	}
	if in.Confirm != resetWord {
		fail(w, http.StatusUnprocessableEntity, `To reset the phone send {"confirm": "`+resetWord+`"}.`, "")
		return
	}
	w.WriteHeader(http.StatusAccepted)
	s.cfg.Owner.FactoryReset()
}
