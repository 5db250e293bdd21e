package law

// The groups of third parties that share a door.
var (
	sipgo   = []string{"github.com/emiago/sipgo", "github.com/icholy/digest", "github.com/coder/websocket"}
	pion    = []string{"github.com/pion/webrtc/v4", "github.com/pion/ice/v4", "github.com/pion/interceptor", "github.com/pion/rtcp", "github.com/pion/rtp", "github.com/pion/sdp/v3", "github.com/pion/srtp/v3", "github.com/pion/logging", "github.com/pion/dtls/v3", "github.com/pion/stun/v4", "github.com/pion/transport/v5"}
	sound   = []string{"github.com/gen2brain/malgo"}
	periph  = []string{"periph.io/x/conn/v3", "periph.io/x/host/v3"}
	qrRead  = []string{"github.com/makiuchi-d/gozxing"}
	qrMake  = []string{"rsc.io/qr"}
	toml    = []string{"github.com/pelletier/go-toml/v2"}
	uuid    = []string{"github.com/google/uuid"}
	system  = []string{"golang.org/x/sys"}
	sqlite  = []string{"modernc.org/sqlite"}
	drawing = []string{"golang.org/x/image"}
)

// leaves are internal packages that anybody but the core may import: they know
// nobody of this project but one another.
var leaves = []string{
	"internal/audiofile/...", "internal/backoff/...", "internal/brandlogo/...", "internal/calllog/...", "internal/clock/...", "internal/closegroup/...", "internal/golden/...", "internal/health/...",
	"internal/httpcall/...", "internal/logging/...", "internal/numbers/...", "internal/qrcode/...", "internal/secret/...", "internal/slowhash/...", "internal/leakcheck/...", "internal/sdnotify/...", "internal/walltime/...",
	"internal/netsettings",
	"internal/netwatch/...", "internal/mountwatch/...", "internal/vcard/...", "internal/devicecert/...", "internal/openapi/...", "internal/openmetrics/...", "internal/stickout/...", "internal/licences", "internal/logring/...", "internal/syslog/...", "internal/mdns/...", "internal/markup", "internal/flight/...", "internal/pcapng/...",
}

// parts are what internal/app introduces to each other.
var parts = []string{"phone/...", "ui/...", "sip/...", "media/...", "hal/...", "backend/...", "store/...", "provisioning/...", "manage/...", "update/..."}

// Table is the import law. The standard library is open to all unless NotStd says
// otherwise; whatever is not listed is forbidden.
var Table = []Rule{
	// The core: pure. It does no I/O, reads no clock and depends on nobody.
	{Room: "phone/...", NotStd: []string{"net", "net/http", "os", "os/exec", "syscall", "io/fs", "math/rand", "math/rand/v2", "log/slog", "unsafe"}},

	// The view model and its pictures.
	{Room: "ui", Own: join(leaves, "phone")},
	{Room: "ui/...", Own: join(leaves, "phone", "ui"), Third: drawing},

	// Adapters. They know internal leaves and never each other.
	{Room: "sip/...", Own: leaves, Third: join(join(sipgo, uuid...), system...)},
	{Room: "media/...", Own: leaves, Third: join(join(pion, sound...), system...), Cgo: true},
	// The session's contract and the engine must not know how packets travel.
	{Room: "media", Own: join(leaves, "media/audio/...", "media/device/...", "media/process/...")},
	{Room: "hal/...", Own: leaves, Third: join(join(periph, "github.com/tarm/serial"), join(join(system, qrRead...), toml...)...)},
	{Room: "hal/camera/...", Own: join(leaves, "hal"), Third: join(qrRead, "github.com/pion/mediadevices")},
	{Room: "backend/...", Own: leaves, Third: uuid},
	{Room: "store/...", Own: leaves, Third: join(sqlite, system...)},
	{Room: "provisioning/...", Own: join(leaves, "store/...", "backend/..."), Third: join(toml, system...)},
	{Room: "provisioning/dhcpask", Own: leaves, Third: []string{"github.com/insomniacslk/dhcp"}},
	{Room: "update/...", Own: join(leaves, "store/..."), Third: system},
	{Room: "manage/...", Own: join(leaves, "phone", "provisioning/...", "store/...", "manage/access")},

	// The exchange of tests and of the simulator.
	{Room: "lab/...", Own: leaves, Third: join(join(sipgo, pion...), join(uuid, "gopkg.in/hraban/opus.v2")...)},

	// The one that knows everybody, and the programs, which choose the devices.
	{Room: "internal/app/...", Own: join(leaves, parts...), Third: join(system, uuid...)},
	{Room: "cmd/...", Own: join(leaves, join(parts, "internal/app/...")...)},
	{Room: "cmd/phonesim", Own: join(leaves, join(parts, "internal/app/...", "lab/...")...)},

	// Leaves may use the system's own interface and one another.
	{Room: "internal/...", Own: leaves, Third: system},
	{Room: "internal/law"},
	{Room: "internal/qrcode", Third: qrMake},
	{Room: "internal/mdns", Own: leaves, Third: join(system, "golang.org/x/net")},
	{Room: "internal/slowhash", Third: []string{"golang.org/x/crypto"}},

	// Test programs are outside the phone and may use what it uses.
	{Room: "test/tools/..."},
	{Room: "test/apicheck", Third: []string{"github.com/santhosh-tekuri/jsonschema/v6"}},
	{Room: "test/...", Own: join(parts, "lab/...", "internal/..."),
		Third: join(join(periph, sound...), system...), Cgo: true},
}

// NeverLinked names what a program must not contain, not even through others.
var NeverLinked = []struct{ Room, Dep, Why string }{
	{"cmd/phoned", "lab", "the exchange of tests is never part of the firmware"},
	{"cmd/phoned", "text/template", "it keeps every exported method of every type alive: 2.7 MB; internal/markup writes pages"},
	{"...", "github.com/pion/mediadevices/pkg/driver/microphone", "it opens every sound card while it is being imported"},
	{"...", "github.com/nyaruka/phonenumbers", "its tables double the size of the program"},
	{"...", "gopkg.in/yaml.v3", "it is no longer maintained"},
}

func join(list []string, more ...string) []string {
	return append(append([]string(nil), list...), more...)
}
