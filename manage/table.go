package manage

import (
	"context"
	"net/http"
	"slices"

	"phoned/internal/openapi"
	"phoned/internal/openmetrics"
)

// operations is the table of the API, in the order of its documentation.
func operations() []operation {
	return slices.Concat(stateOperations(), commandOperations(), deskOperations(), ownerOperations(), contactOperations(), configOperations(), soundOperations(), diagnosisOperations(), deviceOperations(), entryOperations(), accountOperations(), certificateOperations())
}

func hasOwner(c *Config) bool    { return c.Owner != nil }
func hasContacts(c *Config) bool { return c.Contacts != nil }

func query(name, doc string, schema openapi.Schema) openapi.Param {
	return openapi.Param{In: "query", Name: name, Doc: doc, Schema: schema}
}

// eventID are the ways to say from where a stream of events goes on.
var eventID = []openapi.Param{
	{In: "header", Name: "Last-Event-ID", Doc: "The last event that was seen.", Schema: openapi.Schema{"type": "integer", "minimum": 0}},
	query("after", "The same; 0 begins with the oldest that is kept.", openapi.Schema{"type": "integer", "minimum": 0}),
}

const (
	eventStream = "text/event-stream"
	pngImage    = "image/png"
)

func stateOperations() []operation {
	return []operation{
		{method: "GET", path: "/healthz", id: "healthz", tag: "state", summary: "Says whether anything critical is wrong: 503 while it is.", role: Anyone,
			out: problemList{}, okToo: []int{503}, serve: (*Server).healthz},
		{method: "GET", path: "/metrics", id: "getMetrics", tag: "state", summary: "Counters, gauges and histograms for Prometheus.", role: Viewer,
			outMedia: openmetrics.ContentType, serve: (*Server).metrics},
		{method: "GET", path: "/api/v1/openapi.json", id: "getDescription", tag: "state", summary: "This description, as OpenAPI 3.1.", role: Viewer,
			out: map[string]any{}, serve: (*Server).openAPI},
		{method: "GET", path: problemPath + "{kind}", id: "getProblemKind", tag: "state", summary: "Explains a kind of problem.", role: Anyone,
			params:   []openapi.Param{{In: "path", Name: "kind", Schema: openapi.Schema{"type": "string"}}},
			outMedia: "text/plain", fails: []int{404}, serve: (*Server).explainProblem},
		{method: "GET", path: "/api/v1/status", id: "getStatus", tag: "state", summary: "The phone at a glance.", role: Viewer,
			out: statusResource{}, serve: (*Server).status},
		{method: "GET", path: "/api/v1/calls", id: "listCalls", tag: "calls", summary: "The calls there are now.", role: Viewer,
			out: callList{}, serve: (*Server).calls},
		{method: "GET", path: "/api/v1/lines", id: "listLines", tag: "lines", summary: "The lines and their registrations.", role: Viewer,
			out: lineList{}, serve: (*Server).lines},
		{method: "GET", path: "/api/v1/problems", id: "listProblems", tag: "state", summary: "What is not as it should be, worst first.", role: Viewer,
			out: problemList{}, serve: (*Server).problems},
		{method: "GET", path: "/api/v1/lamps", id: "getLamps", tag: "desk", summary: "What every lamp shows.", role: Viewer,
			out: map[string]lampResource{}, serve: (*Server).lamps},
		{method: "GET", path: "/api/v1/screen.png", id: "getScreen", tag: "desk", summary: "The picture of the display, with an ETag.", role: Viewer,
			params:   []openapi.Param{{In: "header", Name: "If-None-Match", Schema: openapi.Schema{"type": "string"}}},
			outMedia: pngImage, okToo: []int{304}, fails: []int{503}, serve: (*Server).screenPNG},
		{method: "GET", path: brandLogoPath, id: "getBrandLogo", tag: "desk", summary: "The logo of whose phone this is, as the phone decoded it.", role: Anyone,
			params:   []openapi.Param{{In: "header", Name: "If-None-Match", Schema: openapi.Schema{"type": "string"}}},
			outMedia: pngImage, okToo: []int{304}, fails: []int{404}, serve: (*Server).brandLogo},
		{method: "GET", path: "/api/v1/screen/stream", id: "followScreen", tag: "desk", summary: "The panel, live: screen, lamps, labels, levels.", role: Viewer,
			outMedia: eventStream, serve: (*Server).screenStream},
		{method: "GET", path: "/api/v1/events", id: "followEvents", tag: "state", summary: "What happens, live; can be resumed.", role: Viewer,
			params: eventID, outMedia: eventStream, fails: []int{400}, serve: (*Server).events},
	}
}

func deskOperations() []operation {
	taken := func(path, id, summary string, in any, serve func(*Server, http.ResponseWriter, *http.Request)) operation {
		return operation{method: "POST", path: path, id: id, tag: "desk", summary: summary, role: Operator, in: in, ok: 202, fails: []int{422, 503}, serve: serve}
	}
	return []operation{
		taken("/api/v1/keys", "pressKey", "Presses a key, or holds it, or lets it go.", keyOrder{}, (*Server).postKey),
		taken("/api/v1/hook", "moveHook", "Lifts the handset, or puts it down.", hookOrder{}, (*Server).postHook),
		taken("/api/v1/headset", "plugHeadset", "Puts the headset's plug in, or pulls it.", headsetOrder{}, (*Server).postHeadset),
	}
}

// order makes a handler of what an Owner does; see Server.order.
func order(f func(Owner, context.Context) error) func(*Server, http.ResponseWriter, *http.Request) {
	return func(s *Server, w http.ResponseWriter, r *http.Request) {
		s.order(func(ctx context.Context) error { return f(s.cfg.Owner, ctx) })(w, r)
	}
}

func ownerOperations() []operation {
	upstream := []int{409, 502, 504}
	return []operation{
		{method: "POST", path: "/api/v1/session", id: "signIn", tag: "session", summary: "Signs in to the telephone service.", role: Operator, when: hasOwner,
			in: signIn{}, ok: 204, fails: append([]int{403, 422}, upstream...), serve: (*Server).postSession},
		{method: "DELETE", path: "/api/v1/session", id: "signOut", tag: "session", summary: "Signs out: calls end, lines unregister, tokens and SIP credentials are wiped.", role: Operator, when: hasOwner,
			ok: 204, fails: upstream, serve: order(Owner.SignOut)},
		{method: "POST", path: "/api/v1/session/refresh", id: "refreshSession", tag: "session", summary: "Fetches the session again and applies what changed; no call ends.", role: Operator, when: hasOwner,
			ok: 204, fails: append([]int{403}, upstream...), serve: order(Owner.Reinitialise)},
		{method: "POST", path: "/api/v1/lines/{service}", id: "setService", tag: "lines", summary: "Takes the lines out of service (off: calls end, the sign-in stays) and back (on).", role: Operator, when: hasOwner,
			params: []openapi.Param{{In: "path", Name: "service", Schema: openapi.Schema{"type": "string", "enum": []string{"on", "off"}}}},
			ok:     202, fails: []int{404}, serve: (*Server).postService},
		{method: "GET", path: "/api/v1/history", id: "listHistory", tag: "history", summary: "Finished calls, newest first.", role: Viewer, when: hasOwner,
			params: []openapi.Param{
				query("limit", "Without one: 50.", openapi.Schema{"type": "integer", "minimum": 0, "maximum": 1000}),
				query("offset", "", openapi.Schema{"type": "integer", "minimum": 0, "maximum": 1 << 30}),
			},
			out: historyList{}, fails: []int{422, 500}, serve: (*Server).getHistory},
		{method: "DELETE", path: "/api/v1/history", id: "clearHistory", tag: "history", summary: "Clears what is kept; what the backend has not accepted yet stays.", role: Operator, when: hasOwner,
			ok: 204, fails: upstream, serve: order(Owner.ClearHistory)},
		{method: "POST", path: "/api/v1/history/reload", id: "reloadHistory", tag: "history", summary: "Clears the history and loads it from the backend.", role: Operator, when: hasOwner,
			ok: 204, fails: upstream, serve: order(Owner.ReloadHistory)},
		{method: "GET", path: "/api/v1/park-slots", id: "listParkSlots", tag: "parking", summary: "The slots of a line's domain, asked for now.", role: Viewer, when: hasOwner,
			params: []openapi.Param{query("line", "Without one: the first line.", openapi.Schema{"type": "string"})},
			out:    slotList{}, fails: upstream, serve: (*Server).getParkSlots},
		{method: "POST", path: "/api/v1/factory-reset", id: "factoryReset", tag: "device", summary: "Wipes every kept file and starts the phone anew.", role: Administrator, when: hasOwner,
			in: resetOrder{}, ok: 202, fails: []int{422}, serve: (*Server).postReset},
	}
}

func contactOperations() []operation {
	return []operation{
		{method: "GET", path: contactsPath, id: "exportContacts", tag: "contacts", summary: "The contacts as vCards.", role: Viewer, when: hasContacts,
			params:   []openapi.Param{query("version", "Without one: 3.0.", openapi.Schema{"type": "string", "enum": []string{"3.0", "4.0"}})},
			outMedia: "text/vcard", fails: []int{422, 500}, serve: (*Server).getContacts},
		{method: "POST", path: contactsPath, id: "importContacts", tag: "contacts", summary: "Merges a file of vCards (2.1, 3.0, 4.0; up to 16 MiB, 5000 cards).", role: Operator, when: hasContacts,
			inMedia: "text/vcard", limit: maxContacts, out: Imported{}, fails: []int{422, 500}, serve: (*Server).postContacts},
	}
}
