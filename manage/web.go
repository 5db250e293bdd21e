package manage

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed web
var embedded embed.FS

// profile is the style sheet of the panel's keys: of all of them nothing, of
// sixteen what hides the others.
func (s *Server) profile(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	if s.cfg.FewKeys {
		http.ServeFileFS(w, r, s.cfg.Pages, "minimal.css")
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
}

// adminPath is where the administrator's pages are; the front panel is at the root.
const adminPath = "/admin/"

// home leads whoever asks for the phone itself to the administrator's pages.
func (s *Server) home(m *http.ServeMux) {
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, adminPath, http.StatusFound) })
}

// panelPath is the front panel's own address, wherever the root leads.
const panelPath = "/panel"

func (s *Server) panel(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, s.cfg.Pages, "index.html")
}

// Pages are the embedded web pages: the front panel, and in the folder admin what an
// administrator looks at.
func Pages() fs.FS {
	f, err := fs.Sub(embedded, "web")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return f
}
