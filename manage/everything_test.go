package manage

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"phoned/internal/devicecert"
	"phoned/internal/flight"
	"phoned/internal/logring"
	"phoned/internal/secret"
	"phoned/manage/access"
	"phoned/provisioning"
	"phoned/store"
)

// everything gives a Config all that it can have, so that no operation is missing.
func everything(c *Config) {
	c.Owner, c.Contacts, c.Sound, c.Maintainer, c.Updater = willing{}, &cardbox{}, hums{}, handy{}, ready{}
	c.Certificate, _ = devicecert.Open(devicecert.Config{Vault: noVault{}})
	c.Access, c.Audit = access.Open(access.Config{Vault: noVault{}}), noAudit{}
	c.Configuration, c.Reports = told{}, drawer{}
	c.Flight = flight.New(func() time.Time { return epoch })
	c.Logs = logring.New(slog.DiscardHandler, 100, slog.LevelInfo)
	c.Log = slog.New(c.Logs.Handler())
	c.Levels = func() Levels { return Levels{Mic: 0.5} }
	c.Info = func() Info { return Info{Version: "1", Started: epoch, Board: "test"} }
	c.Brand = func() Brand { return Brand{Name: "b", Logo: []byte("\x89PNG"), Tag: "t"} }
	c.Flight.Event(epoch, "call-started", map[string]any{"call": 1, "callId": "known", "phoneNumber": "1"})
	c.Log.Info("hello")
}

// hums is a Sound of one device.
type hums struct{ err error }

func (h hums) Devices() ([]Device, error) { return []Device{{"d1", "Device", "audioinput"}}, h.err }
func (h hums) Paths() []PathResource {
	return []PathResource{{Path: "handset", Speaker: "d1", Volume: 50, InUse: true}}
}
func (h hums) Choose(_ context.Context, path, _, device string) error {
	if !slices.Contains([]string{"handset", "headset", "speaker", "ringer"}, path) || len(device) > 3 {
		return ErrNotFound
	}
	return h.err
}
func (h hums) SetVolume(path string, _ int) error {
	return h.Choose(context.Background(), path, "", "")
}
func (h hums) Figures() map[string]any { return map[string]any{"ticks": 1} }
func (h hums) Tap(_ context.Context, point string, _ time.Duration, w io.Writer) error {
	if !slices.Contains(tapPoints, point) {
		return ErrNotFound
	}
	_, err := io.WriteString(w, "RIFF")
	return errors.Join(err, h.err)
}
func (h hums) Tone(_ context.Context, t ToneTest) (ToneResult, error) {
	return ToneResult{Path: t.Path, Hz: t.Hz, Peaks: []int{}}, h.err
}

func (h hums) Echo(_ context.Context, t EchoTest) (EchoResult, error) {
	return EchoResult{Number: t.Number, SentPeaks: []int{}, ReceivedPeaks: []int{}}, h.err
}

// handy is a Maintainer.
type handy struct{ err error }

func (h handy) SelfTest(context.Context) []Check { return []Check{{"one", true, ""}} }
func (h handy) Restart(bool) error               { return h.err }
func (h handy) Reboot(bool) error                { return h.err }
func (h handy) Capture(_ context.Context, _ time.Duration, media bool, w io.Writer) error {
	if media {
		return ErrNoConsent
	}
	_, err := io.WriteString(w, "pcapng")
	return err
}

// ready is an Updater.
type ready struct{ err error }

func (u ready) UpdateState() UpdateState {
	return UpdateState{Phase: "idle", Way: "slots", Version: "1"}
}
func (u ready) InstallURL(context.Context, string, bool) error { return u.err }
func (u ready) CheckUpdate() error                             { return u.err }
func (u ready) InstallOffered() error                          { return u.err }
func (u ready) CancelUpdate() error                            { return u.err }
func (u ready) InstallUpload(_ context.Context, _ string, r io.Reader, _ int64, _ bool) error {
	_, err := io.Copy(io.Discard, r)
	return errors.Join(err, u.err)
}

// willing is an Owner that does as it is told.
type willing struct{ err error }

func (o willing) SignIn(context.Context, string, secret.String) error                  { return o.err }
func (o willing) SignInWithTokens(context.Context, secret.String, secret.String) error { return o.err }
func (o willing) SignOut(context.Context) error                                        { return o.err }
func (o willing) Reinitialise(context.Context) error                                   { return o.err }
func (o willing) SetService(bool)                                                      {}
func (o willing) History(context.Context, int, int) ([]map[string]any, error) {
	return []map[string]any{}, o.err
}
func (o willing) ReloadHistory(context.Context) error { return o.err }
func (o willing) ClearHistory(context.Context) error  { return o.err }
func (o willing) ParkSlots(context.Context, string) ([]map[string]any, error) {
	return []map[string]any{}, o.err
}
func (o willing) FactoryReset() {}

// noVault and noAudit keep nothing.
type noVault struct{}

func (noVault) Get(string) (secret.String, error)  { return secret.String{}, nil }
func (noVault) Set(map[string]secret.String) error { return nil }

type noAudit struct{}

func (noAudit) AddAudit(context.Context, store.AuditEntry) error { return nil }
func (noAudit) Audit(context.Context, int64, int) ([]store.AuditEntry, error) {
	return nil, nil
}

// told is a Configuration that takes everything that can be read.
type told struct{}

func (told) Config() (provisioning.Config, []provisioning.Warning, error) { return provisioning.Load() }
func (told) Apply(provisioning.Proposal) error                            { return nil }
func (told) RollBackNow(string) ([]provisioning.Change, error) {
	return []provisioning.Change{{Key: "theme", Name: "Theme"}}, nil
}
func (told) Standing() (*provisioning.Trial, *provisioning.Outcome) {
	return &provisioning.Trial{Name: "x", Since: epoch}, &provisioning.Outcome{At: epoch}
}
func (told) Propose(d provisioning.Document) (provisioning.Proposal, error) {
	c, w, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: d.Layer, Name: d.Name}, Data: d.Data})
	return provisioning.Proposal{Config: c, Warnings: w, Changes: []provisioning.Change{{Key: "theme", Name: "Theme"}}}, err
}

// drawer keeps one report.
type drawer struct{}

func (drawer) KeepReport() (KeptReport, error)    { return KeptReport{"known", 3, epoch}, nil }
func (drawer) KeptReports() ([]KeptReport, error) { return []KeptReport{{"known", 3, epoch}}, nil }
func (drawer) ReadReport(name string) ([]byte, error) {
	if name != "known" {
		return nil, ErrNotFound
	}
	return []byte("PK."), nil
}
