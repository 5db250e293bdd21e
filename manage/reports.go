package manage

import (
	"net/http"
	"time"
)

// Reports are the reports that somebody at the phone, or far away, had kept.
type Reports interface {
	// KeepReport keeps one of now; the oldest may go for it.
	KeepReport() (KeptReport, error)
	KeptReports() ([]KeptReport, error)
	// ReadReport gives a kept one by its name. ErrNotFound: there is none.
	ReadReport(name string) ([]byte, error)
}

// KeptReport is a report that is kept.
type KeptReport struct {
	Name string    `json:"name"`
	Size int64     `json:"size" doc:"Bytes."`
	Made time.Time `json:"made"`
}

type reportList struct {
	Reports []KeptReport `json:"reports"`
}

func (s *Server) getReports(*http.Request, nothing) (reportList, error) {
	list, err := s.cfg.Reports.KeptReports()
	return reportList{append([]KeptReport{}, list...)}, err
}

func (s *Server) postReport(*http.Request, nothing) (KeptReport, error) {
	return s.cfg.Reports.KeepReport()
}

func (s *Server) getKeptReport(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	b, err := s.cfg.Reports.ReadReport(name)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "attachment")
	_, _ = w.Write(b)
}
