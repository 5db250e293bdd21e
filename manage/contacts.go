package manage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// Contacts takes in and hands out the phone's address book as vCards.
type Contacts interface {
	// ImportContacts merges a file into the book. ErrUnusable: there is nothing
	// in the file that could be.
	ImportContacts(ctx context.Context, file io.Reader) (Imported, error)
	// ExportContacts writes all contacts in a version of the format, "3.0" or
	// "4.0".
	ExportContacts(ctx context.Context, w io.Writer, version string) error
}

// Imported is what became of the cards of a file.
type Imported struct {
	Added     int `json:"added"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"` // without a name or number, of a directory, or too many
}

// ErrUnusable: what was sent is not what it should be.
var ErrUnusable = errors.New("the file can't be used")

const (
	contactsPath = "/api/v1/contacts"
	// maxContacts bounds a file of contacts: photographs come along.
	maxContacts = 16 << 20
)

func (s *Server) getContacts(w http.ResponseWriter, r *http.Request) {
	version := r.URL.Query().Get("version")
	switch version {
	case "":
		version = "3.0"
	case "3.0", "4.0":
	default:
		fail(w, http.StatusUnprocessableEntity, "version is 3.0 or 4.0.", version)
		return
	}
	var out bytes.Buffer
	if err := s.cfg.Contacts.ExportContacts(r.Context(), &out, version); err != nil {
		fail(w, http.StatusInternalServerError, "The contacts can't be read.", err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/vcard; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="contacts.vcf"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = out.WriteTo(w)
}

func (s *Server) postContacts(w http.ResponseWriter, r *http.Request) {
	done, err := s.cfg.Contacts.ImportContacts(r.Context(), r.Body)
	var large *http.MaxBytesError
	switch {
	case err == nil:
		reply(w, done)
	case errors.As(err, &large):
		fail(w, http.StatusRequestEntityTooLarge, "The file is too large.", err.Error())
	case errors.Is(err, ErrUnusable):
		fail(w, http.StatusUnprocessableEntity, "There are no contacts in this file.", err.Error())
	default:
		fail(w, http.StatusInternalServerError, "The contacts were not saved.", err.Error())
	}
}
