package manage

import (
	"encoding/json"
	"net/http"
	"reflect"

	"phoned/internal/openapi"
	"phoned/phone"
)

// command has the fields of every command's body.
type command struct {
	CallID       int    `json:"callId"`
	Number       string `json:"number"`
	Line         string `json:"line"`
	CallerID     string `json:"callerId"`
	CallerIDName string `json:"callerIdName"`
	Private      bool   `json:"private"`
	On           *bool  `json:"on"`
	Digits       string `json:"digits"`
	Volume       *int   `json:"volume"`
	Slot         string `json:"slot"`
	Target       string `json:"target"`
	With         int    `json:"with"`
	Theme        string `json:"theme"`
}

// The bodies of the commands: which of command's fields each has.
type (
	dialBody struct {
		Number       string `json:"number,omitempty" maxlen:"500" doc:"An extension, a number or a SIP URI; without one the dial screen opens."`
		Line         string `json:"line,omitempty" doc:"Without one: the line that is chosen on the phone."`
		CallerID     string `json:"callerId,omitempty" doc:"The number to show."`
		CallerIDName string `json:"callerIdName,omitempty"`
		Private      bool   `json:"private,omitempty" doc:"Withhold the number."`
	}
	callBody struct {
		CallID int `json:"callId,omitempty" min:"0" doc:"Without one: the call in focus."`
	}
	callToggle struct {
		CallID int   `json:"callId,omitempty" min:"0" doc:"Without one: the call in focus."`
		On     *bool `json:"on,omitempty" doc:"Without it the state is turned over."`
	}
	toggleBody struct {
		On *bool `json:"on,omitempty" doc:"Without it the state is turned over."`
	}
	dtmfBody struct {
		CallID int    `json:"callId,omitempty" min:"0" doc:"Without one: the call in focus."`
		Digits string `json:"digits" pattern:"^[0-9*#A-D]+$" minlen:"1" maxlen:"64"`
	}
	parkBody struct {
		CallID int    `json:"callId,omitempty" min:"0" doc:"Without one: the call in focus."`
		Slot   string `json:"slot,omitempty" maxlen:"500" doc:"Without one a screen opens to choose it."`
	}
	retrieveBody struct {
		Slot string `json:"slot,omitempty" maxlen:"500" doc:"Without one a screen opens to choose it."`
	}
	transferBody struct {
		CallID int    `json:"callId,omitempty" min:"0" doc:"Without one: the call in focus."`
		Target string `json:"target,omitempty" maxlen:"500" doc:"A blind transfer to a number or SIP URI."`
		With   int    `json:"with,omitempty" min:"0" doc:"Another call of the phone; with neither the phone asks for the number."`
	}
	volumeBody struct {
		Volume *int `json:"volume" min:"0" max:"100" doc:"Of the path in use."`
	}
	themeBody struct {
		Theme string `json:"theme" enum:"dark,light,contrast,large,large-light"`
	}
	noBody struct{}
)

// commands are what a hand would do. event says what each is to the core.
var commands = []struct {
	name, summary string
	body          any
	needsCall     bool
}{
	{"dial", "Calls a number.", dialBody{}, false},
	{"answer", "Answers a call.", callBody{}, true},
	{"reject", "Refuses a call.", callBody{}, true},
	{"end", "Ends a call.", callBody{}, true},
	{"hold", "Holds a call, or goes on with it.", callToggle{}, true},
	{"record", "Asks the exchange to record a call, or to stop.", callToggle{}, true},
	{"mute", "Mutes the microphone, or opens it.", toggleBody{}, false},
	{"dtmf", "Sends digits.", dtmfBody{}, true},
	{"park", "Parks a call.", parkBody{}, true},
	{"retrieve", "Takes a parked call.", retrieveBody{}, false},
	{"transfer", "Hands a call on.", transferBody{}, true},
	{"conference", "Joins the call in progress and a held one, or parts them.", toggleBody{}, true},
	{"volume", "Sets the volume of the path in use.", volumeBody{}, false},
	{"reconnect", "Tries to register at once, without waiting for the next try.", noBody{}, false},
	{"wake", "Lights the display.", noBody{}, false},
	{"sleep", "Puts the display out, unless it is in use.", noBody{}, false},
	{"toggle", "Lights the display, or puts it out.", noBody{}, false},
	{"setTheme", "Changes the theme of the display and of the web pages.", themeBody{}, false},
}

// commandOperations are the commands as rows of the table.
func commandOperations() []operation {
	var out []operation
	for _, c := range commands {
		fails := []int{http.StatusServiceUnavailable, http.StatusUnprocessableEntity}
		if c.needsCall {
			fails = append(fails, http.StatusConflict)
		}
		out = append(out, operation{
			method: http.MethodPost, path: "/api/v1/commands/" + c.name, id: c.name, tag: "calls", summary: c.summary, role: Operator,
			in: c.body, bare: true, ok: http.StatusAccepted, fails: fails,
			serve: func(s *Server, w http.ResponseWriter, r *http.Request) { s.postCommand(w, r, c.name, c.body) },
		})
	}
	return out
}

// postCommand reads a command's body and posts what it means.
func (s *Server) postCommand(w http.ResponseWriter, r *http.Request, name string, body any) {
	var in command
	if r.ContentLength != 0 {
		of := reflect.New(reflect.TypeOf(body))
		if !read(w, r, of.Interface()) {
			return
		}
		if err := openapi.Check(of.Interface()); err != nil {
			refuse(w, err)
			return
		}
		b, err := json.Marshal(of.Interface())
		if err == nil {
			err = json.Unmarshal(b, &in)
		}
		if err != nil {
			fail(w, http.StatusBadRequest, "The request is not the JSON that was expected.", err.Error())
			return
		}
	}
	what, complaint := s.event(name, in)
	switch {
	case complaint != "":
		fail(w, http.StatusUnprocessableEntity, complaint, "")
	case what == nil:
		failAs(w, "no-call", "There is no call to do this with.", name)
	default:
		s.accept(w, s.cfg.Phone.Post(what))
	}
}

// toggle is a wish for a state, or for the other one.
func toggle(on *bool) phone.Toggle {
	switch {
	case on == nil:
		return phone.Flip
	case *on:
		return phone.On
	}
	return phone.Off
}
