package manage

import "net/http"

// Brand is whose phone this is, as the front panel shows it.
type Brand struct {
	Name string
	Logo []byte // PNG, nil: none
	Tag  string // names the logo's content
}

// brandLogoPath is where the panel finds the logo.
const brandLogoPath = "/api/v1/brand/logo.png"

// brandLogo is the logo as the phone decoded it, never the file that was fetched.
func (s *Server) brandLogo(w http.ResponseWriter, r *http.Request) {
	b := s.brand()
	if b.Logo == nil {
		fail(w, http.StatusNotFound, "This phone has no logo.", r.URL.Path)
		return
	}
	tag := `"` + b.Tag + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(b.Logo)
}

func (s *Server) brand() Brand {
	if s.cfg.Brand == nil {
		return Brand{}
	}
	return s.cfg.Brand()
}

// brandFields is the brand in the stream: its name, and the address of its logo,
// another one for another picture.
func (s *Server) brandFields() map[string]string {
	b := s.brand()
	out := map[string]string{"name": b.Name, "logo": ""}
	if b.Logo != nil {
		out["logo"] = brandLogoPath[1:] + "?" + b.Tag
	}
	return out
}
