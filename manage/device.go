package manage

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Maintainer looks after the device itself. Errors wrap ErrNotNow where this phone
// can't do it.
type Maintainer interface {
	// SelfTest looks at every part of the phone.
	SelfTest(ctx context.Context) []Check
	// Restart starts the phone's program anew, Reboot the whole device; both once
	// nobody telephones, or at once.
	Restart(now bool) error
	Reboot(now bool) error
	// Capture writes what is said on the network as a pcapng file for d: signalling as
	// it is before TLS, RTP headers as they are before SRTP; with media the voice too,
	// if a person at the phone allows it. It ends with ctx. The phone shows it.
	Capture(ctx context.Context, d time.Duration, media bool, w io.Writer) error
}

// Check is one part of a self-test.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

type selfTest struct {
	OK     bool    `json:"ok" doc:"All checks are."`
	Checks []Check `json:"checks"`
}

func (s *Server) testSelf(r *http.Request, _ nothing) (selfTest, error) {
	out := selfTest{OK: true, Checks: s.cfg.Maintainer.SelfTest(r.Context())}
	for _, c := range out.Checks {
		out.OK = out.OK && c.OK
	}
	return out, nil
}

type restartOrder struct {
	When string `json:"when,omitempty" enum:"idle,now" doc:"Without one: once nobody telephones."`
}

// orderly answers 202 for an order that was taken.
func orderly(f func(*Server, restartOrder) error) func(*Server, http.ResponseWriter, *http.Request) {
	return func(s *Server, w http.ResponseWriter, r *http.Request) {
		var in restartOrder
		if !s.question(w, r, &in) {
			return
		}
		if err := f(s, in); err != nil {
			refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

type captureQuery struct {
	Seconds int  `json:"seconds,omitempty" min:"1" max:"3600" doc:"Without one: 60. It ends earlier when its reader goes."`
	Media   bool `json:"media,omitempty" doc:"With the voice in RTP packets; asks the person at the phone first."`
}

func (s *Server) getCapture(w http.ResponseWriter, r *http.Request) {
	var q captureQuery
	if !s.question(w, r, &q) {
		return
	}
	if q.Seconds == 0 {
		q.Seconds = 60
	}
	out := &lateHeader{w: w, kind: "application/x-pcapng", name: "phone.pcapng"}
	out.end(s.cfg.Maintainer.Capture(r.Context(), time.Duration(q.Seconds)*time.Second, q.Media, out))
}

// Updater brings new software onto the phone. Errors wrap ErrNotNow, ErrInvalid or
// ErrNoUpdates.
type Updater interface {
	UpdateState() UpdateState
	// InstallURL and InstallUpload take a bundle, of which nothing is used before its
	// signature is good; size is -1 if it is not known. They return when the order is
	// taken, or the upload read.
	InstallURL(ctx context.Context, address string, older bool) error
	InstallUpload(ctx context.Context, name string, body io.Reader, size int64, older bool) error
	// CheckUpdate asks the update server; what comes of it is in UpdateState.
	CheckUpdate() error
	// InstallOffered installs what that server offers.
	InstallOffered() error
	// CancelUpdate ends an update that is not being written yet.
	CancelUpdate() error
}

// ErrNoUpdates: nothing updates this phone through its management.
var ErrNoUpdates = errors.New("this phone is updated as the rest of its system is, or not at all")

// UpdateState is how far an update is.
type UpdateState struct {
	Phase     string     `json:"phase" doc:"idle, fetching, verifying, installing, restarting or trial"`
	Way       string     `json:"way" doc:"How this phone gets its updates: slots (a signed bundle), apt, none (through its management), or unknown yet."`
	Version   string     `json:"version" doc:"That runs."`
	Available string     `json:"available,omitempty" doc:"That is offered, or on its way."`
	Percent   *int       `json:"percent,omitempty" min:"0" max:"100"`
	Reason    string     `json:"reason,omitempty" doc:"Why the last update ended, for programs."`
	Detail    string     `json:"detail,omitempty"`
	At        *time.Time `json:"at,omitempty" doc:"When the last one ended."`

	Checked     *time.Time `json:"checked,omitempty" doc:"When the update server answered last."`
	NextCheck   *time.Time `json:"nextCheck,omitempty" doc:"When it is asked next, if by itself."`
	CheckFailed string     `json:"checkFailed,omitempty" doc:"Why it did not answer the last question."`
	Offered     string     `json:"offered,omitempty" doc:"The version it offers, if that is newer than the one that runs."`
	ByItself    bool       `json:"byItself,omitempty" doc:"That one is installed without anybody saying so."`
	From        *time.Time `json:"windowFrom,omitempty" doc:"When that may begin: the next update_window, if there is one."`
	To          *time.Time `json:"windowTo,omitempty" doc:"The end of that window."`
	Refused     string     `json:"refused,omitempty" doc:"Why that version is not installed by itself: what became of it here (see reason)."`
}

func (s *Server) updater() (Updater, error) {
	if s.cfg.Updater == nil {
		return nil, ErrNoUpdates
	}
	return s.cfg.Updater, nil
}

func (s *Server) getUpdate(*http.Request, nothing) (UpdateState, error) {
	u, err := s.updater()
	if err != nil { // which is no fault of who asks how far an update is
		out := UpdateState{Phase: "idle", Way: "none"}
		if s.cfg.Info != nil {
			out.Version = s.cfg.Info().Version
		}
		return out, nil
	}
	return u.UpdateState(), nil
}

type updateOrder struct {
	URL   string `json:"url,omitempty" pattern:"^https://" minlen:"9" maxlen:"2000" doc:"Without one: what the update server offers."`
	Older bool   `json:"older,omitempty" doc:"A version before the one that runs may be taken."`
}

func (s *Server) installUpdate(r *http.Request, in updateOrder) (nothing, error) {
	u, err := s.updater()
	if err != nil {
		return nothing{}, err
	}
	if in.URL == "" {
		return nothing{}, u.InstallOffered()
	}
	return nothing{}, u.InstallURL(r.Context(), in.URL, in.Older)
}

func (s *Server) checkUpdate(*http.Request, nothing) (nothing, error) {
	u, err := s.updater()
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, u.CheckUpdate()
}

type uploadQuery struct {
	Older bool `json:"older,omitempty" doc:"A version before the one that runs may be taken."`
}

// maxUpdate bounds an uploaded bundle.
const maxUpdate = 2 << 30

func (s *Server) uploadUpdate(w http.ResponseWriter, r *http.Request) {
	var q uploadQuery
	u, err := s.updater()
	if err == nil {
		err = fromQuery(r.URL.Query(), &q)
	}
	if err == nil {
		err = u.InstallUpload(r.Context(), "upload", patient{r.Body, http.NewResponseController(w)}, r.ContentLength, q.Older)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// patient reads a large body: it may take long, but must not stand still.
type patient struct {
	io.Reader
	rc *http.ResponseController
}

func (p patient) Read(b []byte) (int, error) {
	_ = p.rc.SetReadDeadline(time.Now().Add(30 * time.Second))
	return p.Reader.Read(b)
}

func (s *Server) cancelUpdate(*http.Request, nothing) (nothing, error) {
	u, err := s.updater()
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, u.CancelUpdate()
}
