package manage

import (
	"errors"
	"net/http"
	"time"

	"phoned/internal/devicecert"
)

// certificateResource is the certificate that TLS is served with.
type certificateResource struct {
	Uploaded    bool      `json:"uploaded" doc:"An administrator's; else the phone's own."`
	Names       []string  `json:"names"`
	NotBefore   time.Time `json:"notBefore"`
	NotAfter    time.Time `json:"notAfter"`
	Fingerprint string    `json:"fingerprint" doc:"SHA-256 of the certificate, as browsers show it."`
	KeyPin      string    `json:"keyPin" doc:"SHA-256 of its public key: the same over every renewal."`
	Words       string    `json:"words" doc:"The same key in six words, as on the phone's screen."`
}

type certificateUpload struct {
	Certificate string `json:"certificate" doc:"PEM, the phone's first and then those up to the authority."`
	Key         string `json:"key" doc:"PEM, without a password. It is never told again."`
}

func certificateOperations() []operation {
	has := func(c *Config) bool { return c.Certificate != nil }
	return []operation{
		{method: "GET", path: "/api/v1/access/certificate", id: "getCertificate", tag: "access", summary: "The certificate that the phone proves itself with.", role: Viewer, when: has,
			out: certificateResource{}, serve: (*Server).getCertificate},
		{method: "PUT", path: "/api/v1/access/certificate", id: "uploadCertificate", tag: "access", summary: "Takes another certificate with its key in use, for new connections.", role: Administrator, when: has,
			in: certificateUpload{}, ok: 204, fails: []int{422, 500}, serve: (*Server).putCertificate},
		{method: "DELETE", path: "/api/v1/access/certificate", id: "removeCertificate", tag: "access", summary: "Goes back to the phone's own certificate.", role: Administrator, when: has,
			ok: 204, fails: []int{500}, serve: (*Server).deleteCertificate},
	}
}

func (s *Server) getCertificate(w http.ResponseWriter, _ *http.Request) {
	i := s.cfg.Certificate.Info()
	reply(w, certificateResource{i.Uploaded, i.Names, i.From, i.Until, i.Fingerprint, i.KeyPin, i.Words})
}

func (s *Server) putCertificate(w http.ResponseWriter, r *http.Request) {
	var in certificateUpload
	if !read(w, r, &in) {
		return
	}
	err := s.cfg.Certificate.Upload([]byte(in.Certificate), []byte(in.Key))
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, devicecert.ErrUnusable), errors.Is(err, devicecert.ErrWeak), errors.Is(err, devicecert.ErrExpired):
		fail(w, http.StatusUnprocessableEntity, "This certificate can't be used.", err.Error())
	default:
		fail(w, http.StatusInternalServerError, "The certificate could not be saved.", err.Error())
	}
}

func (s *Server) deleteCertificate(w http.ResponseWriter, _ *http.Request) {
	if err := s.cfg.Certificate.RemoveUploaded(); err != nil {
		fail(w, http.StatusInternalServerError, "The certificate could not be removed.", err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
