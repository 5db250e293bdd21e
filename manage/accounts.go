package manage

import (
	"net/http"
	"time"

	"phoned/internal/openapi"
	"phoned/manage/access"
)

var (
	idParam   = []openapi.Param{{In: "path", Name: "id", Schema: openapi.Schema{"type": "string"}}}
	nameParam = []openapi.Param{{In: "path", Name: "name", Schema: openapi.Schema{"type": "string"}}}
)

type accountResource struct {
	Name        string    `json:"name"`
	Role        Role      `json:"role" enum:"viewer,operator,administrator"`
	Created     time.Time `json:"created"`
	Changed     time.Time `json:"changed" doc:"When its password was set."`
	Provisioned bool      `json:"provisioned" doc:"It comes with the configuration and is changed there."`
}

type accountList struct {
	Accounts []accountResource `json:"accounts"`
}

type newAccount struct {
	Name     string `json:"name"`
	Role     Role   `json:"role" enum:"viewer,operator,administrator"`
	Password string `json:"password"`
}

type accountChange struct {
	Role     *Role   `json:"role,omitempty" enum:"viewer,operator,administrator" doc:"null: as it is."`
	Password *string `json:"password,omitempty" doc:"null: as it is. Its sessions end."`
}

type loginResource struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	From    string    `json:"from" doc:"The address of the sign-in."`
	Agent   string    `json:"agent" doc:"What the browser calls itself."`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"`
	Current bool      `json:"current" doc:"The one that asks."`
}

type loginList struct {
	Sessions []loginResource `json:"sessions"`
}

type tokenResource struct {
	ID          string     `json:"id"`
	Label       string     `json:"label"`
	Role        Role       `json:"role" enum:"viewer,operator,administrator"`
	By          string     `json:"by" doc:"The account that made it; its role bounds the token's."`
	Created     time.Time  `json:"created"`
	Expires     *time.Time `json:"expires,omitempty"`
	Used        *time.Time `json:"used,omitempty" doc:"Last, since the phone started."`
	Provisioned bool       `json:"provisioned"`
}

type tokenList struct {
	Tokens []tokenResource `json:"tokens"`
}

type newToken struct {
	Label string `json:"label" doc:"What it is for."`
	Role  Role   `json:"role" enum:"viewer,operator,administrator"`
	Days  int    `json:"days" min:"1" max:"1098" doc:"How long it lives."`
}

type madeToken struct {
	tokenResource
	Token string `json:"token" doc:"Send it as Authorization: Bearer. It is told this once."`
}

func accountOperations() []operation {
	changes := []int{404, 409, 422, 500}
	hasAudit := func(c *Config) bool { return c.Audit != nil }
	return []operation{
		{method: "GET", path: "/api/v1/access/accounts", id: "listAccounts", tag: "access", summary: "Who may sign in.", role: Administrator, when: hasAccess,
			out: accountList{}, serve: (*Server).getAccounts},
		{method: "POST", path: "/api/v1/access/accounts", id: "addAccount", tag: "access", summary: "Makes an account.", role: Administrator, when: hasAccess,
			in: newAccount{}, ok: 204, fails: append([]int{503}, changes...), serve: (*Server).postAccount},
		{method: "PATCH", path: "/api/v1/access/accounts/{name}", id: "changeAccount", tag: "access", summary: "Gives an account another role or password.", role: Administrator, when: hasAccess,
			params: nameParam, in: accountChange{}, ok: 204, fails: append([]int{503}, changes...), serve: (*Server).patchAccount},
		{method: "DELETE", path: "/api/v1/access/accounts/{name}", id: "removeAccount", tag: "access", summary: "Removes an account with its sessions and tokens.", role: Administrator, when: hasAccess,
			params: nameParam, ok: 204, fails: changes, serve: (*Server).deleteAccount},
		{method: "GET", path: "/api/v1/access/sessions", id: "listSessions", tag: "access", summary: "Who is signed in: one's own sessions, an administrator sees all.", role: Viewer, when: hasAccess,
			out: loginList{}, serve: (*Server).getSessions},
		{method: "DELETE", path: "/api/v1/access/sessions/{id}", id: "endSession", tag: "access", summary: "Ends a session: one's own, an administrator any.", role: Viewer, when: hasAccess,
			params: idParam, ok: 204, fails: changes, serve: (*Server).deleteSession},
		{method: "GET", path: "/api/v1/access/tokens", id: "listTokens", tag: "access", summary: "The tokens of programs.", role: Administrator, when: hasAccess,
			out: tokenList{}, serve: (*Server).getTokens},
		{method: "POST", path: "/api/v1/access/tokens", id: "makeToken", tag: "access", summary: "Makes a token for a program; its text is told this once.", role: Administrator, when: hasAccess,
			in: newToken{}, ok: 201, out: madeToken{}, fails: changes, serve: (*Server).postToken},
		{method: "DELETE", path: "/api/v1/access/tokens/{id}", id: "removeToken", tag: "access", summary: "Ends a token.", role: Administrator, when: hasAccess,
			params: idParam, ok: 204, fails: changes, serve: (*Server).deleteToken},
		{method: "GET", path: "/api/v1/access/audit", id: "readAudit", tag: "access", summary: "Who did what from where, the newest first.", role: Administrator, when: hasAudit,
			params: []openapi.Param{
				query("limit", "Without one: 100.", openapi.Schema{"type": "integer", "minimum": 1, "maximum": 1000}),
				query("before", "The entries before this one.", openapi.Schema{"type": "integer", "minimum": 0}),
			},
			out: auditList{}, fails: []int{422, 500}, serve: (*Server).getAudit},
	}
}

func (s *Server) getAccounts(w http.ResponseWriter, _ *http.Request) {
	out := accountList{Accounts: []accountResource{}}
	for _, a := range s.cfg.Access.Accounts() {
		out.Accounts = append(out.Accounts, accountResource{a.Name, a.Role, a.Created, a.Changed, a.Provisioned})
	}
	reply(w, out)
}

// did answers for a change of the book.
func (s *Server) did(w http.ResponseWriter, err error) {
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) postAccount(w http.ResponseWriter, r *http.Request) {
	var in newAccount
	if !read(w, r, &in) {
		return
	}
	s.did(w, s.cfg.Access.Add(r.Context(), in.Name, in.Password, in.Role))
}

func (s *Server) patchAccount(w http.ResponseWriter, r *http.Request) {
	var in accountChange
	if !read(w, r, &in) {
		return
	}
	name := r.PathValue("name")
	var err error
	if in.Role != nil {
		err = s.cfg.Access.SetRole(name, *in.Role)
	}
	if err == nil && in.Password != nil {
		err = s.cfg.Access.SetPassword(r.Context(), name, *in.Password, who(r).ID)
	}
	s.did(w, err)
}

func (s *Server) deleteAccount(w http.ResponseWriter, r *http.Request) {
	s.did(w, s.cfg.Access.Remove(r.PathValue("name")))
}

// ownOnly is the account to which somebody's view is bound; "": to none.
func ownOnly(is Who) string {
	if is.Role >= Administrator {
		return ""
	}
	return is.Name
}

func (s *Server) getSessions(w http.ResponseWriter, r *http.Request) {
	is, out := who(r), loginList{Sessions: []loginResource{}}
	if is.hasAccount() || is.Role >= Administrator {
		for _, x := range s.cfg.Access.Sessions(ownOnly(is)) {
			out.Sessions = append(out.Sessions, loginResource{x.ID, x.Name, addressText(x.From), x.Agent, x.Created, x.Seen, x.Expires, x.ID == is.ID})
		}
	}
	reply(w, out)
}

func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request) {
	is := who(r)
	if !is.hasAccount() && is.Role < Administrator {
		s.did(w, access.ErrUnknown)
		return
	}
	s.did(w, s.cfg.Access.EndSession(r.PathValue("id"), ownOnly(is)))
}

func (s *Server) getTokens(w http.ResponseWriter, _ *http.Request) {
	out := tokenList{Tokens: []tokenResource{}}
	for _, t := range s.cfg.Access.Tokens() {
		out.Tokens = append(out.Tokens, tokenOf(t))
	}
	reply(w, out)
}

func tokenOf(t access.Token) tokenResource {
	r := tokenResource{ID: t.ID, Label: t.Label, Role: t.Role, By: t.By, Created: t.Created, Provisioned: t.By == ""}
	if !t.Expires.IsZero() {
		r.Expires = &t.Expires
	}
	if !t.Used.IsZero() {
		r.Used = &t.Used
	}
	return r
}

func (s *Server) postToken(w http.ResponseWriter, r *http.Request) {
	var in newToken
	if !read(w, r, &in) {
		return
	}
	is := who(r)
	if is.By != BySession {
		fail(w, http.StatusForbidden, "Only a signed-in person makes tokens.", "A token can't make another one, and outlive itself so.")
		return
	}
	if in.Days < 1 || in.Days > 1098 {
		fail(w, http.StatusUnprocessableEntity, "days is 1 to 1098.", "")
		return
	}
	text, t, err := s.cfg.Access.NewToken(is.Name, in.Label, in.Role, time.Duration(in.Days)*24*time.Hour)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	writeJSON(w, madeToken{tokenOf(t), text})
}

func (s *Server) deleteToken(w http.ResponseWriter, r *http.Request) {
	s.did(w, s.cfg.Access.RemoveToken(r.PathValue("id")))
}
