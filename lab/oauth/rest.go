package oauth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"
)

func (s *Server) slots(w http.ResponseWriter, r *http.Request, _ *Account) {
	if d := r.URL.Query().Get("domain"); d != s.cfg.Domain {
		refuse(w, http.StatusNotFound, "unknown_domain")
		return
	}
	b, err := json.Marshal(s.cfg.Slots())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "internal")
		return
	}
	sum := sha256.Sum256(b)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

func (s *Server) park(w http.ResponseWriter, r *http.Request, _ *Account) {
	var in struct{ Extension, CallUUID, SIPDomain string }
	if !read(w, r, &in) {
		return
	}
	if in.SIPDomain != s.cfg.Domain {
		refuse(w, http.StatusNotFound, "unknown_domain")
		return
	}
	if code, why := s.cfg.Park(in.CallUUID, in.Extension); code != 200 {
		reply(w, code, map[string]any{"success": false, "error": why})
		return
	}
	reply(w, 200, map[string]any{"success": true})
}

// SetNumbers replaces the numbers that every account is given; nil: the usual
// two.
func (s *Server) SetNumbers(items []map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbers = items
}

func (s *Server) listNumbers(w http.ResponseWriter, r *http.Request, a *Account) {
	q := r.URL.Query()
	if q.Get("domainId") != strconv.Itoa(s.cfg.DomainID) {
		refuse(w, http.StatusBadRequest, "domainId")
		return
	}
	items := []map[string]any{
		{"number": "+15550100" + strconv.Itoa(a.UserID), "label": "Direct", "status": "provisioned"},
		{"phoneNumber": "+15550199000", "name": "Main", "status": "provisioned"},
	}
	s.mu.Lock()
	if s.numbers != nil {
		items = s.numbers
	}
	s.mu.Unlock()
	total := len(items)
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n >= 0 && n < total {
		items = items[:n]
	}
	reply(w, 200, map[string]any{"items": items, "total": total})
}

// columns are the widths of the backend's table, in characters.
var columns = map[string]int{"callId": 100, "userId": 50, "sipDomain": 100, "phoneNumber": 50, "recordingUrl": 500}

// History copies the records, in order of arrival; Posts tells how often a
// record of that callId was posted.
func (s *Server) History() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any(nil), s.history...)
}

// Posts tells how often a record was posted, accepted or not.
func (s *Server) Posts(callID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts[callID]
}

func (s *Server) postHistory(w http.ResponseWriter, r *http.Request, _ *Account) {
	var rec map[string]any
	if !read(w, r, &rec) {
		return
	}
	id, _ := rec["callId"].(string)
	if why := invalid(rec); why != "" {
		refuse(w, http.StatusUnprocessableEntity, why)
		return
	}
	s.mu.Lock()
	s.posts[id]++
	again := s.find(id) != nil
	if !again {
		s.history = append(s.history, rec)
	}
	s.mu.Unlock()
	if again {
		refuse(w, http.StatusConflict, "duplicate")
		return
	}
	s.cfg.Note("history", fmt.Sprint(rec["userId"]), id, 201)
	reply(w, http.StatusCreated, rec)
}

func invalid(rec map[string]any) string {
	for _, k := range []string{"callId", "userId", "sipDomain", "phoneNumber", "direction", "startedAt"} {
		if rec[k] == nil || rec[k] == "" {
			return k + " is missing"
		}
	}
	if rec["disposition"] == nil && rec["status"] == nil {
		return "disposition is missing"
	}
	for k, n := range columns {
		if v, ok := rec[k].(string); ok && utf8.RuneCountInString(v) > n {
			return fmt.Sprintf("%s is longer than %d", k, n)
		}
	}
	return ""
}

// find must be called with mu held.
func (s *Server) find(id string) map[string]any {
	for _, r := range s.history {
		if r["callId"] == id {
			return r
		}
	}
	return nil
}

func (s *Server) listHistory(w http.ResponseWriter, r *http.Request, _ *Account) {
	q := r.URL.Query()
	limit, offset := number(q.Get("limit"), 100), number(q.Get("offset"), 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := []map[string]any{}
	for i := len(s.history) - 1; i >= 0; i-- { // newest first
		h := s.history[i]
		if fmt.Sprint(h["userId"]) == q.Get("userId") && h["sipDomain"] == q.Get("sipDomain") {
			mine = append(mine, h)
		}
	}
	total := len(mine)
	from := min(offset, total)
	to := min(from+limit, total)
	reply(w, 200, map[string]any{"calls": mine[from:to], "total": total, "hasMore": to < total})
}

func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

func (s *Server) patchHistory(w http.ResponseWriter, r *http.Request, _ *Account) {
	var in map[string]any
	if !read(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.find(r.PathValue("id"))
	if old == nil {
		refuse(w, http.StatusNotFound, "unknown call")
		return
	}
	rec := map[string]any{} // a copy: readers of History hold the old one
	for k, v := range old {
		rec[k] = v
	}
	for k, v := range in {
		if k != "callId" {
			rec[k] = v
		}
	}
	for i := range s.history {
		if s.history[i]["callId"] == rec["callId"] {
			s.history[i] = rec
		}
	}
	reply(w, 200, rec)
}
