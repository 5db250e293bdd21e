package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoned/internal/health"
	"phoned/media"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/sip"
)

// movedAgent notes what is asked of the user agent for a call that goes on.
type movedAgent struct {
	sip.UserAgent
	err     error
	offered []string
	ended   []sip.LegID
}

func (a *movedAgent) ReInvite(_ context.Context, _ sip.LegID, sdp []byte) ([]byte, error) {
	a.offered = append(a.offered, string(sdp))
	return []byte("answer"), a.err
}

func (a *movedAgent) End(leg sip.LegID, _ string) error {
	a.ended = append(a.ended, leg)
	return nil
}

// still is a session that can't move; mobile one that can.
type still struct {
	media.Session
	err     error
	applied []string
}

func (s *still) Offer(context.Context) ([]byte, error) { return []byte("offer"), s.err }

func (s *still) Apply(_ context.Context, answer []byte) error {
	s.applied = append(s.applied, string(answer))
	return nil
}

func (s *still) Directions() (ours, theirs media.Direction) { return media.SendRecv, media.SendRecv }

type mobile struct{ still }

func (m *mobile) Move(context.Context) ([]byte, error) { return []byte("moved offer"), m.err }

func TestRestoredCall(t *testing.T) {
	gone := errors.New("no candidates")
	for name, c := range map[string]struct {
		moved, mobile   bool
		media, agent    error
		offered, answer string
		ended           bool
		says            string
	}{
		"the connection is back":              {mobile: true, offered: "offer", answer: "answer", says: "call restored"},
		"a new address":                       {moved: true, mobile: true, offered: "moved offer", answer: "answer", says: "call restored"},
		"a new address, media that stay":      {moved: true, offered: "offer", answer: "answer", says: "call restored"},
		"the far end has forgotten the call":  {moved: true, mobile: true, agent: sip.ErrNoLeg, offered: "moved offer"},
		"the connection went again":           {moved: true, mobile: true, agent: sip.ErrFlowDown, offered: "moved offer"},
		"media can't move":                    {moved: true, mobile: true, media: gone, ended: true, says: "could not follow"},
		"the far end refuses the new address": {moved: true, mobile: true, agent: errors.New("488"), offered: "moved offer", ended: true, says: "could not follow"},
		"the far end refuses to be told":      {mobile: true, agent: errors.New("488"), offered: "offer", says: "not renewed"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			agent := &movedAgent{err: c.agent}
			p := &Phone{
				agent: agent, log: slog.New(slog.NewTextHandler(&log, nil)),
				loop: phone.NewLoop(phone.New(phone.Settings{}), time.Now, func([]phone.Effect) {}),
			}
			m := &mobile{still{err: c.media}}
			call := &call{id: 7, leg: "leg", ctx: t.Context(), line: &line{cfg: Line{SIP: sip.Line{ID: "1"}}}, session: m}
			if !c.mobile {
				call.session = &m.still
			}
			p.restored(call, c.moved)
			if got := strings.Join(agent.offered, " "); got != c.offered {
				t.Errorf("offered %q", got)
			}
			if got := strings.Join(m.applied, " "); got != c.answer {
				t.Errorf("applied %q", got)
			}
			if (len(agent.ended) == 1) != c.ended || call.ended != c.ended {
				t.Errorf("ended %v, %v", agent.ended, call.ended)
			}
			if !strings.Contains(log.String(), c.says) || c.says == "" && log.Len() > 0 {
				t.Errorf("the log says %q", log.String())
			}
		})
	}
}

// A call that never had media, or has ended meanwhile, is left alone.
func TestRestoredWithoutMedia(t *testing.T) {
	agent := &movedAgent{err: errors.New("late")}
	p := &Phone{agent: agent, log: slog.New(slog.DiscardHandler), loop: phone.NewLoop(phone.New(phone.Settings{}), time.Now, func([]phone.Effect) {})}
	c := &call{ctx: t.Context(), line: &line{}}
	p.restored(c, true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	c.ctx, c.session = ended, &mobile{}
	p.restored(c, true)
	if len(agent.ended) > 0 || c.ended {
		t.Error("it was ended")
	}
}

func TestDetailOfAnEnd(t *testing.T) {
	for want, e := range map[string]sip.LegEnded{
		"":                                    {},
		"Busy Here":                           {Reason: "Busy Here"},
		"Gone (Q.850 cause 17)":               {Reason: "Gone", Q850: 17},
		"No (Q.850 cause 1) (warning no way)": {Reason: "No", Q850: 1, Warning: "no way"},
	} {
		if got := detailOf(e); got != want {
			t.Errorf("%+v: %q", e, got)
		}
	}
}

// The certificate that a line shows is read from one file; one that can't be
// used is a problem of that line, and the line works without it.
func TestCertificateOfALine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "line.pem")
	if err := os.WriteFile(file, selfSigned(t), 0o600); err != nil {
		t.Fatal(err)
	}
	r := health.NewRegistry(time.Now)
	if c := certificate(provisioning.Line{}, r); c != nil {
		t.Error("a line without one has one")
	}
	if c := certificate(provisioning.Line{CertificateFile: file}, r); c == nil || len(c.Certificate) != 1 {
		t.Errorf("not read: %+v", r.List())
	}
	if len(r.List()) > 0 {
		t.Errorf("problems: %+v", r.List())
	}
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := certificate(provisioning.Line{ID: "desk", CertificateFile: file}, r); c != nil {
		t.Error("rubbish was read")
	}
	if l := r.List(); len(l) != 1 || l[0].Code != "config.certificate_file" || l[0].Subject != "desk" || l[0].Advice == "" {
		t.Errorf("problems: %+v", l)
	}
}

func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}
