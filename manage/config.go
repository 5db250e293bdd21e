package manage

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"phoned/provisioning"
)

// Configuration is what the phone was told, and what it can be told.
type Configuration interface {
	Config() (provisioning.Config, []provisioning.Warning, error)
	// Propose checks a document against everything else; nothing is changed.
	Propose(provisioning.Document) (provisioning.Proposal, error)
	// Apply keeps a proposal; the phone starts anew with it once nobody telephones.
	Apply(provisioning.Proposal) error
	// RollBackNow takes the last change back.
	RollBackNow(why string) ([]provisioning.Change, error)
	// Standing: what is on trial, and how the last trial ended.
	Standing() (*provisioning.Trial, *provisioning.Outcome)
}

// maxDocument bounds a configuration document.
const maxDocument = 256 << 10

type configResource struct {
	Entries []provisioning.Entry  `json:"entries" doc:"Every key there is, with its value and where that comes from; secrets are the word redacted."`
	Missing []string              `json:"missing" doc:"Keys without which nobody can sign in."`
	Trial   *provisioning.Trial   `json:"trial,omitempty" doc:"The change that is on trial."`
	Last    *provisioning.Outcome `json:"last,omitempty" doc:"How the last trial ended."`
}

func (s *Server) getConfig(*http.Request, nothing) (configResource, error) {
	c, _, _ := s.cfg.Configuration.Config() // what is wrong with it is among the problems
	trial, last := s.cfg.Configuration.Standing()
	return configResource{Entries: c.Entries(), Missing: append([]string{}, c.Missing()...), Trial: trial, Last: last}, nil
}

// getConfigDocument is what the sources say, as one document to read.
func (s *Server) getConfigDocument(*http.Request, nothing) (map[string]any, error) {
	c, _, _ := s.cfg.Configuration.Config()
	return c.Redacted(), nil
}

func (s *Server) getConfigSchema(*http.Request, nothing) (json.RawMessage, error) {
	return provisioning.Schema(), nil
}

type configQuery struct {
	Layer string `json:"layer,omitempty" enum:"site,stick,backend,user" doc:"Whose word it is; without one: backend, what a manager pushes."`
}

// verdict is what a document would do.
type verdictResource struct {
	OK       bool                  `json:"ok"`
	Errors   []configError         `json:"errors"`
	Warnings []string              `json:"warnings"`
	Changes  []provisioning.Change `json:"changes" doc:"In the order in which they are applied."`
	Trial    bool                  `json:"trial" doc:"It could cost the phone its service: it is taken back unless the phone registers with it."`
}

type configError struct {
	Key   string `json:"key,omitempty"`
	Line  int    `json:"line,omitempty"`
	Want  string `json:"want,omitempty"`
	Error string `json:"error"`
}

// propose reads a document and weighs it.
func (s *Server) propose(r *http.Request) (provisioning.Proposal, verdictResource, error) {
	v := verdictResource{Errors: []configError{}, Warnings: []string{}, Changes: []provisioning.Change{}}
	var q configQuery
	if err := fromQuery(r.URL.Query(), &q); err != nil {
		return provisioning.Proposal{}, v, err
	}
	layer, err := provisioning.ParseLayer(orElse(q.Layer, "backend"))
	if err != nil {
		return provisioning.Proposal{}, v, errors.Join(ErrInvalid, err)
	}
	doc := provisioning.Document{Layer: layer, Name: "management"}
	if r.Method != http.MethodDelete {
		if doc.Data, err = io.ReadAll(r.Body); err != nil {
			return provisioning.Proposal{}, v, err
		}
		if len(doc.Data) == 0 {
			return provisioning.Proposal{}, v, errors.Join(ErrInvalid, errors.New("the body is empty; to take a document away DELETE it"))
		}
	}
	p, err := s.cfg.Configuration.Propose(doc)
	if errors.Is(err, ErrNotNow) {
		return p, v, err
	}
	v.OK, v.Errors = err == nil, configErrors(err)
	for _, w := range p.Warnings {
		v.Warnings = append(v.Warnings, w.String())
	}
	if v.OK {
		v.Changes, v.Trial = append(v.Changes, p.Changes...), p.Trial()
	}
	return p, v, nil
}

// configErrors are all reasons in an error of a document.
func configErrors(err error) []configError {
	out := []configError{}
	var walk func(error)
	walk = func(err error) {
		var key *provisioning.KeyError
		var doc *provisioning.DocumentError
		joined, many := err.(interface{ Unwrap() []error })
		switch {
		case err == nil:
		case errors.As(err, &doc) && len(doc.Errs) > 0:
			for _, e := range doc.Errs {
				walk(e)
			}
		case many:
			for _, e := range joined.Unwrap() {
				walk(e)
			}
		case errors.As(err, &key):
			out = append(out, configError{Key: key.Key, Line: key.Origin.Line, Want: key.Want, Error: key.Error()})
		default:
			out = append(out, configError{Error: err.Error()})
		}
	}
	walk(err)
	return out
}

func (s *Server) validateConfig(w http.ResponseWriter, r *http.Request) {
	_, v, err := s.propose(r)
	if err != nil {
		s.refuseDocument(w, err)
		return
	}
	reply(w, v)
}

// applyConfig takes a document, or with DELETE takes a layer's away.
func (s *Server) applyConfig(w http.ResponseWriter, r *http.Request) {
	p, v, err := s.propose(r)
	if err == nil && v.OK {
		err = s.cfg.Configuration.Apply(p)
	}
	switch {
	case err != nil:
		s.refuseDocument(w, err)
	case !v.OK:
		fail(w, http.StatusUnprocessableEntity, "This configuration can't be used; nothing was changed.", v.Errors[0].Error)
	default:
		reply(w, v)
	}
}

func (s *Server) refuseDocument(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		fail(w, http.StatusRequestEntityTooLarge, "The document is too large.", err.Error())
		return
	}
	refuse(w, err)
}

type rollBackOrder struct {
	Why string `json:"why,omitempty" maxlen:"200" doc:"Stands in the outcome."`
}

type changeList struct {
	Changes []provisioning.Change `json:"changes"`
}

func (s *Server) rollBack(_ *http.Request, in rollBackOrder) (changeList, error) {
	list, err := s.cfg.Configuration.RollBackNow(orElse(in.Why, "somebody wanted it"))
	if errors.Is(err, provisioning.ErrNothingBefore) {
		err = errors.Join(ErrNotNow, err)
	}
	return changeList{append([]provisioning.Change{}, list...)}, err
}
