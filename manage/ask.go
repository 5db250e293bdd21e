package manage

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"phoned/internal/openapi"
)

// What behind the server can say beside an answer; an error is wrapped in one of
// them, or in ErrNotNow or ErrRefused.
var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("there is no such thing")
	// ErrInvalid: a value can't be used.
	ErrInvalid = errors.New("this value can't be used")
	// ErrNoConsent: nobody at the phone has allowed it.
	ErrNoConsent = errors.New("nobody at the phone has allowed it")
)

// nothing is the answer without a body, and the question without one.
type nothing struct{}

// ask makes a handler of a function: In is read from the body (POST, PUT) or the
// query, held to its tags, and Out is the answer; nothing is 204.
func ask[In, Out any](f func(*Server, *http.Request, In) (Out, error)) func(*Server, http.ResponseWriter, *http.Request) {
	return func(s *Server, w http.ResponseWriter, r *http.Request) {
		var in In
		if _, none := any(in).(nothing); !none && !s.question(w, r, &in) {
			return
		}
		out, err := f(s, r, in)
		if err != nil {
			refuse(w, err)
			return
		}
		if _, none := any(out).(nothing); none {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		reply(w, out)
	}
}

// question reads and checks what is asked; it answers itself if that is wrong.
func (s *Server) question(w http.ResponseWriter, r *http.Request, in any) bool {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodDelete:
		if err := fromQuery(r.URL.Query(), in); err != nil {
			refuse(w, err)
			return false
		}
	case r.ContentLength == 0 && bareOK(in):
	case !read(w, r, in):
		return false
	}
	if err := openapi.Check(in); err != nil {
		refuse(w, err)
		return false
	}
	return true
}

// bareOK: everything in the question may be left out.
func bareOK(in any) bool {
	for f := range openapi.Fields(reflect.TypeOf(in).Elem()) {
		if !f.Optional {
			return false
		}
	}
	return true
}

// fromQuery fills the fields of a struct with the query's parameters; others are
// passed over.
func fromQuery(q url.Values, in any) error {
	v := reflect.ValueOf(in).Elem()
	for f := range openapi.Fields(v.Type()) {
		text, given := q.Get(f.Name), q.Has(f.Name)
		if !given {
			continue
		}
		to := v.FieldByIndex(f.Index)
		switch to.Kind() {
		case reflect.String:
			to.SetString(text)
		case reflect.Bool:
			b, err := strconv.ParseBool(text)
			if err != nil {
				return &openapi.ValueError{Field: f.Name, Want: "true or false"}
			}
			to.SetBool(b)
		case reflect.Int, reflect.Int64:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return &openapi.ValueError{Field: f.Name, Want: "a whole number"}
			}
			to.SetInt(n)
		case reflect.Float64:
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return &openapi.ValueError{Field: f.Name, Want: "a number"}
			}
			to.SetFloat(n)
		}
	}
	return nil
}

// refuse puts an error into the words of a problem.
func refuse(w http.ResponseWriter, err error) {
	var value *openapi.ValueError
	switch {
	case errors.As(err, &value):
		fail(w, http.StatusUnprocessableEntity, "A value is not one that this operation takes.", value.Error())
	case errors.Is(err, ErrInvalid):
		fail(w, http.StatusUnprocessableEntity, "A value is not one that this operation takes.", err.Error())
	case errors.Is(err, ErrNotFound):
		fail(w, http.StatusNotFound, "The phone has no such thing.", err.Error())
	case errors.Is(err, ErrNoConsent):
		failAs(w, "consent-missing", "A person at the phone has not allowed this.", err.Error())
	case errors.Is(err, ErrNoUpdates):
		failAs(w, "no-updates", "This phone's software is not updated through its management.", err.Error())
	case errors.Is(err, ErrNotNow):
		fail(w, http.StatusConflict, "The phone can't do this now.", err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		fail(w, http.StatusGatewayTimeout, "No answer came in time.", err.Error())
	default:
		fail(w, http.StatusInternalServerError, "The phone could not do this.", err.Error())
	}
}
