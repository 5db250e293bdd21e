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

// Pages are the embedded web pages: the front panel.
func Pages() fs.FS {
	f, err := fs.Sub(embedded, "web")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return f
}
