package manage

import (
	"phoned/internal/flight"
	"phoned/internal/openapi"
)

func hasFlight(c *Config) bool     { return c.Flight != nil }
func hasLogs(c *Config) bool       { return c.Logs != nil }
func hasSound(c *Config) bool      { return c.Sound != nil }
func hasMaintainer(c *Config) bool { return c.Maintainer != nil }

func pathParam(name, doc string, values ...string) []openapi.Param {
	schema := openapi.Schema{"type": "string"}
	if len(values) > 0 {
		schema["enum"] = values
	}
	return []openapi.Param{{In: "path", Name: name, Doc: doc, Schema: schema}}
}

// tapPoints are the points of the sound, in its order.
var tapPoints = []string{"microphone", "send", "receive", "speaker", "conversation"}

func hasConfiguration(c *Config) bool { return c.Configuration != nil }
func hasReports(c *Config) bool       { return c.Reports != nil }

func configOperations() []operation {
	const toml = "application/toml"
	layer := openapi.Params(configQuery{})
	return []operation{
		{method: "GET", path: "/api/v1/config", id: "getConfig", tag: "configuration", summary: "Every key with its value and where that comes from, secrets redacted.", role: Administrator, when: hasConfiguration,
			out: configResource{}, serve: ask((*Server).getConfig)},
		{method: "GET", path: "/api/v1/config/document", id: "getConfigDocument", tag: "configuration", summary: "What the sources say together, as one document to read.", role: Administrator, when: hasConfiguration,
			out: map[string]any{}, serve: ask((*Server).getConfigDocument)},
		{method: "GET", path: "/api/v1/config/schema", id: "getConfigSchema", tag: "configuration", summary: "The JSON Schema of a configuration document.", role: Viewer, when: hasConfiguration,
			out: map[string]any{}, serve: ask((*Server).getConfigSchema)},
		{method: "POST", path: "/api/v1/config/validate", id: "validateConfig", tag: "configuration", summary: "Says what a document (TOML or JSON) would change, and what is wrong with it; nothing is changed.", role: Administrator, when: hasConfiguration,
			params: layer, inMedia: toml, limit: maxDocument, out: verdictResource{}, fails: []int{409, 422}, serve: (*Server).validateConfig},
		{method: "POST", path: "/api/v1/config", id: "applyConfig", tag: "configuration", summary: "Applies a document (TOML or JSON); the phone starts anew with it once nobody telephones, and takes it back if it costs the service.", role: Administrator, when: hasConfiguration,
			params: layer, inMedia: toml, limit: maxDocument, out: verdictResource{}, fails: []int{409, 422, 500}, serve: (*Server).applyConfig},
		{method: "DELETE", path: "/api/v1/config", id: "removeConfig", tag: "configuration", summary: "Takes a layer's document away.", role: Administrator, when: hasConfiguration,
			params: layer, out: verdictResource{}, fails: []int{409, 422, 500}, serve: (*Server).applyConfig},
		{method: "POST", path: "/api/v1/config/rollback", id: "rollBackConfig", tag: "configuration", summary: "Takes the last change back.", role: Administrator, when: hasConfiguration,
			in: rollBackOrder{}, bare: true, out: changeList{}, fails: []int{409, 422, 500}, serve: ask((*Server).rollBack)},
	}
}

func soundOperations() []operation {
	return []operation{
		{method: "GET", path: "/api/v1/audio/devices", id: "listDevices", tag: "sound", summary: "The sound devices that are plugged in.", role: Viewer, when: hasSound,
			out: deviceList{}, fails: []int{500}, serve: ask((*Server).getDevices)},
		{method: "GET", path: "/api/v1/audio/paths", id: "listPaths", tag: "sound", summary: "Handset, headset, speaker and ringer: their devices and volumes.", role: Viewer, when: hasSound,
			out: pathList{}, serve: ask((*Server).getPaths)},
		{method: "PUT", path: "/api/v1/audio/paths/{path}", id: "changePath", tag: "sound", summary: "Chooses a path's microphone, loudspeaker and volume, also during a call; the choice is kept.", role: Operator, when: hasSound,
			params: pathParam("path", "", "handset", "headset", "speaker", "ringer"), in: pathChange{}, ok: 204, fails: []int{404, 422, 500, 503}, serve: ask((*Server).changePath)},
		{method: "GET", path: "/api/v1/audio/taps/{point}", id: "tapSound", tag: "sound", summary: "Records a point of the sound as WAV while it is read; the phone shows it.", role: Administrator, when: hasSound,
			params: append(pathParam("point", "", tapPoints...), openapi.Params(tapQuery{})...), outMedia: "audio/wav", fails: []int{404, 409, 422, 500}, serve: (*Server).getTap},
		{method: "GET", path: "/api/v1/quality", id: "getQuality", tag: "sound", summary: "How the calls sound now, and the counters behind it.", role: Viewer, when: hasSound,
			out: qualityList{}, serve: ask((*Server).getQuality)},
		{method: "POST", path: "/api/v1/tests/tone", id: "testTone", tag: "tests", summary: "Plays a tone on a path and tells what its microphone heard.", role: Operator, when: hasSound,
			in: ToneTest{}, out: ToneResult{}, fails: []int{409, 422, 500}, serve: ask((*Server).testTone)},
		{method: "POST", path: "/api/v1/tests/echo", id: "testEcho", tag: "tests", summary: "Calls a number that gives back what is said, and tells whether it came back, when and how loud.", role: Operator, when: hasSound,
			in: EchoTest{}, out: EchoResult{}, fails: []int{409, 422, 500}, serve: ask((*Server).testEcho)},
	}
}

func diagnosisOperations() []operation {
	return []operation{
		{method: "GET", path: "/api/v1/sip/messages", id: "listMessages", tag: "diagnosis", summary: "The last SIP messages, credentials redacted.", role: Administrator, when: hasFlight,
			params: openapi.Params(messageQuery{}), out: messageList{}, fails: []int{422}, serve: ask((*Server).getMessages)},
		{method: "GET", path: "/api/v1/sip/stream", id: "followMessages", tag: "diagnosis", summary: "The signalling, live; can be resumed.", role: Administrator, when: hasFlight,
			params: append(eventID[:1:1], openapi.Params(messageQuery{})...), outMedia: eventStream, fails: []int{400, 422}, serve: (*Server).followMessages},
		{method: "GET", path: "/api/v1/flights", id: "listFlights", tag: "diagnosis", summary: "The calls that the flight recorder has, newest first.", role: Viewer, when: hasFlight,
			out: flightList{}, serve: ask((*Server).getFlights)},
		{method: "GET", path: "/api/v1/flights/{callId}", id: "getFlight", tag: "diagnosis", summary: "One of them: its SIP messages, quality samples and events.", role: Administrator, when: hasFlight,
			params: pathParam("callId", ""), out: flight.Call{}, fails: []int{404}, serve: ask((*Server).getFlight)},
		{method: "GET", path: "/api/v1/report.html", id: "getReportPage", tag: "diagnosis", summary: "The flight recorder's report as one page for a person.", role: Administrator, when: hasFlight,
			outMedia: "text/html", serve: (*Server).reportHTML},
		{method: "GET", path: "/api/v1/report.zip", id: "getReport", tag: "diagnosis", summary: "The same page and its JSON in one file.", role: Administrator, when: hasFlight,
			outMedia: "application/zip", serve: (*Server).reportZip},
		{method: "GET", path: "/api/v1/support-bundle.zip", id: "getSupportBundle", tag: "diagnosis", summary: "The report, the log, the state and the counters in one file, secrets redacted.", role: Administrator, when: hasFlight,
			outMedia: "application/zip", serve: (*Server).supportBundle},
		{method: "GET", path: "/api/v1/reports", id: "listReports", tag: "diagnosis", summary: "The reports that were kept with the Report key, newest first.", role: Administrator, when: hasReports,
			out: reportList{}, fails: []int{500}, serve: ask((*Server).getReports)},
		{method: "POST", path: "/api/v1/reports", id: "keepReport", tag: "diagnosis", summary: "Keeps a report, as the Report key does; the last few stay.", role: Administrator, when: hasReports,
			out: KeptReport{}, fails: []int{500}, serve: ask((*Server).postReport)},
		{method: "GET", path: "/api/v1/reports/{name}", id: "getKeptReport", tag: "diagnosis", summary: "One of them.", role: Administrator, when: hasReports,
			params: pathParam("name", ""), outMedia: "application/zip", fails: []int{404, 500}, serve: (*Server).getKeptReport},
		{method: "GET", path: "/api/v1/logs", id: "listLogs", tag: "diagnosis", summary: "The last lines of the log.", role: Administrator, when: hasLogs,
			params: openapi.Params(logQuery{}), out: logLines{}, fails: []int{422}, serve: ask((*Server).getLogs)},
		{method: "GET", path: "/api/v1/logs/stream", id: "followLogs", tag: "diagnosis", summary: "The log, live; can be resumed.", role: Administrator, when: hasLogs,
			params: append(eventID[:1:1], openapi.Params(logQuery{})...), outMedia: eventStream, fails: []int{400, 422}, serve: (*Server).followLogs},
		{method: "GET", path: "/api/v1/logs/levels", id: "getLogLevels", tag: "diagnosis", summary: "How much each part of the program says.", role: Administrator, when: hasLogs,
			out: logLevels{}, serve: ask((*Server).getLogLevels)},
		{method: "PUT", path: "/api/v1/logs/levels", id: "setLogLevel", tag: "diagnosis", summary: "Has a part of the program say more or less, until the phone starts anew.", role: Administrator, when: hasLogs,
			in: logLevel{}, ok: 204, fails: []int{409, 422}, serve: ask((*Server).setLogLevel)},
		{method: "GET", path: "/api/v1/capture.pcapng", id: "captureNetwork", tag: "diagnosis", role: Administrator, when: hasMaintainer,
			summary: "Captures signalling (decrypted) and RTP headers for Wireshark while it is read; the voice only if a person at the phone allows it. The phone shows it.",
			params:  openapi.Params(captureQuery{}), outMedia: "application/x-pcapng", fails: []int{409, 422}, serve: (*Server).getCapture},
	}
}

func deviceOperations() []operation {
	restart := func(path, id, summary string, f func(*Server, restartOrder) error) operation {
		return operation{method: "POST", path: path, id: id, tag: "device", summary: summary, role: Administrator, when: hasMaintainer,
			in: restartOrder{}, bare: true, ok: 202, fails: []int{409, 422}, serve: orderly(f)}
	}
	return []operation{
		{method: "POST", path: "/api/v1/tests/self", id: "testSelf", tag: "tests", summary: "Looks at every part of the phone.", role: Operator, when: hasMaintainer,
			out: selfTest{}, serve: ask((*Server).testSelf)},
		restart("/api/v1/restart", "restart", "Starts the phone's program anew, once nobody telephones or at once.", func(s *Server, in restartOrder) error { return s.cfg.Maintainer.Restart(in.When == "now") }),
		restart("/api/v1/reboot", "reboot", "Restarts the whole device, once nobody telephones or at once.", func(s *Server, in restartOrder) error { return s.cfg.Maintainer.Reboot(in.When == "now") }),
		{method: "GET", path: "/api/v1/update", id: "getUpdate", tag: "device", summary: "The software that runs, and how far an update is.", role: Viewer,
			out: UpdateState{}, fails: []int{409}, serve: ask((*Server).getUpdate)},
		{method: "POST", path: "/api/v1/update", id: "installUpdate", tag: "device", summary: "Fetches a signed bundle and installs it, or what the update server offers; the phone restarts when nobody telephones.", role: Administrator,
			in: updateOrder{}, bare: true, ok: 204, fails: []int{409, 422, 500}, serve: ask((*Server).installUpdate)},
		{method: "POST", path: "/api/v1/update/check", id: "checkUpdate", tag: "device", summary: "Asks the update server now; what it says is in getUpdate, and an event update tells of it.", role: Administrator,
			ok: 204, fails: []int{409}, serve: ask((*Server).checkUpdate)},
		{method: "DELETE", path: "/api/v1/update", id: "cancelUpdate", tag: "device", summary: "Ends an update that is not being written yet.", role: Administrator,
			ok: 204, fails: []int{409}, serve: ask((*Server).cancelUpdate)},
		{method: "POST", path: "/api/v1/update/upload", id: "uploadUpdate", tag: "device", summary: "Takes a signed bundle from the body and installs it.", role: Administrator,
			params: openapi.Params(uploadQuery{}), inMedia: "application/octet-stream", limit: maxUpdate, ok: 204, fails: []int{409, 422, 500}, serve: (*Server).uploadUpdate},
	}
}
