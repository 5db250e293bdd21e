package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"phoned/internal/calllog"
	"phoned/internal/health"
	"phoned/phone"
	"phoned/store"
)

// storage is the app's Store over the database.
type storage struct {
	db *store.DB
	// queue says whether calls are to be told to the backend.
	queue bool
	user  func() string
}

// codeStoreUnusable is the problem of a phone that keeps nothing.
const codeStoreUnusable = "store.unusable"

// The problems of a disk that takes nothing now, and of one that the system found so at
// its start (image/initramfs/init, which leaves a word in noteName).
const (
	codeStoreFull     = "store.full"
	codeStoreReadOnly = "store.read_only"
	codeStoreMemory   = "store.memory"
	codeStoreAnew     = "store.made_anew"
	noteName          = "storage-note"
)

// tellRefused says that the disk does not take what is written, until it does.
func tellRefused(problems *health.Registry, err error) {
	switch {
	case err == nil:
		problems.Clear(codeStoreFull, "")
		problems.Clear(codeStoreReadOnly, "")
	case errors.Is(err, store.ErrFull):
		problems.Set(health.Problem{Code: codeStoreFull, Severity: health.Error, Title: "The phone's storage is full",
			Advice: "Calls work, and what was kept is there. Nothing new is kept until there is room: remove recordings and captures, or tell your administrator.", Detail: err.Error()})
	default:
		problems.Set(health.Problem{Code: codeStoreReadOnly, Severity: health.Error, Title: "The phone's storage can't be written",
			Advice: "Calls work, but nothing new is kept. The card may be worn out: tell your administrator.", Detail: err.Error()})
	}
}

// tellNote says what the system found when it started. A storage that was made anew is
// told of once.
func tellNote(dir string, problems *health.Registry) {
	path := filepath.Join(dir, noteName)
	note, err := os.ReadFile(path)
	if err != nil {
		return
	}
	switch strings.TrimSpace(string(note)) {
	case "memory":
		problems.Set(health.Problem{Code: codeStoreMemory, Severity: health.Error, Title: "The phone forgets everything when it is switched off",
			Advice: "Its card can't be written any more. Tell your administrator: it needs another one."})
	case "made-anew":
		problems.Set(health.Problem{Code: codeStoreAnew, Severity: health.Warning, Title: "The phone's storage was damaged and has been made anew",
			Advice: "Settings, contacts and history are lost: set the phone up again."})
		_ = os.Remove(path)
	}
}

// openStorage opens database and secrets under dir. A broken database is set
// aside; a disk that can't be written leaves a phone that forgets.
func openStorage(dir, keyFile string, opts store.Options, problems *health.Registry) (*store.DB, *store.Secrets, error) {
	secrets, err := openSecrets(filepath.Join(dir, "secrets.json"), keyFile, problems)
	if err != nil {
		return nil, nil, err
	}
	opts.SetAside = true
	opts.Refused = func(err error) { tellRefused(problems, err) }
	tellNote(dir, problems)
	db, err := store.Open(filepath.Join(dir, "phone.db"), opts)
	if err == nil {
		if s := db.Salvaged(); s != nil {
			problems.Set(health.Problem{Code: "store.salvaged", Severity: health.Warning, Title: "Stored data was damaged and has been repaired",
				Detail: fmt.Sprintf("%d rows saved, the damaged file is %s", s.Rows, filepath.Base(s.Path))})
		}
		return db, secrets, nil
	}
	problems.Set(health.Problem{Code: codeStoreUnusable, Severity: health.Error, Title: "The phone can't save anything",
		Advice: "Calls work, but history and settings are lost at the next start.", Detail: err.Error()})
	db, memErr := store.Open(store.Memory, opts)
	return db, secrets, memErr
}

// openSecrets opens what signing in gave, sealed where the device has a key. What
// can't be read is a problem, and a phone at which somebody has to sign in.
func openSecrets(path, keyFile string, problems *health.Registry) (*store.Secrets, error) {
	key, keyErr := store.FindKey(keyFile)
	secrets, err := store.OpenSecretsKey(path, key)
	switch {
	case secrets == nil:
		return nil, fmt.Errorf("open the secrets: %w", err)
	case errors.Is(err, store.ErrKey), errors.Is(err, store.ErrNewer):
		problems.Set(health.Problem{Code: codeSealed, Severity: health.Error, Title: "The phone can't open its kept sign-in",
			Advice: "Restore the device's key or the newer firmware; or reset to factory settings and sign in again.", Detail: errors.Join(err, keyErr).Error()})
	case err != nil:
		problems.Set(health.Problem{Code: "secrets.damaged", Severity: health.Warning, Title: "The kept sign-in was damaged",
			Advice: "Sign in again.", Detail: err.Error()})
	case keyErr != nil:
		problems.Set(health.Problem{Code: "secrets.key", Severity: health.Error, Title: "The key that protects the sign-in can't be used",
			Advice: "The sign-in is kept unprotected. Check the key.", Detail: keyErr.Error()})
	}
	return secrets, nil
}

const (
	keyInstance = "device.instance"
	keyVolume   = "volume."
	fromUser    = "user"
)

// instanceID is the device's urn:uuid (RFC 5626 §4.1), made once.
func instanceID(ctx context.Context, db *store.DB) (string, error) {
	var id string
	if s, err := db.Setting(ctx, keyInstance); err == nil {
		if json.Unmarshal(s.Value, &id) == nil && id != "" {
			return id, nil
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	id = "urn:uuid:" + uuid.NewString()
	return id, save(ctx, db, keyInstance, id)
}

func save(ctx context.Context, db *store.DB, key string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return db.SetSetting(ctx, store.Setting{Key: key, Value: b, Source: fromUser})
}

// loadSettings lays what the person set at the phone over the configuration.
func loadSettings(ctx context.Context, db *store.DB, s *phone.Settings) error {
	all, err := db.Settings(ctx)
	if err != nil {
		return err
	}
	for _, kept := range all {
		switch {
		case strings.HasPrefix(kept.Key, keyVolume):
			percent := 0
			path, ok := pathOf(strings.TrimPrefix(kept.Key, keyVolume))
			if ok && json.Unmarshal(kept.Value, &percent) == nil {
				s.Volumes[path] = percent
			}
		default:
			applyKept(s, kept)
		}
	}
	return nil
}

func (s *storage) SaveVolume(ctx context.Context, path string, percent int) error {
	return save(ctx, s.db, keyVolume+path, percent)
}

func (s *storage) SaveSetting(ctx context.Context, name, value string) error {
	return save(ctx, s.db, name, value)
}

func (s *storage) NameOf(ctx context.Context, number string) (string, bool) {
	c, err := s.db.ContactByNumber(ctx, number)
	if err != nil || c.Name == "" {
		return "", false
	}
	return c.Name, true
}

// outcomes maps the core's causes to the history's words (contract §5).
var outcomes = map[phone.Cause]calllog.Outcome{
	phone.CauseElsewhere: calllog.OutcomeAnsweredElsewhere,
	phone.CauseRejected:  calllog.OutcomeRejected,
	phone.CauseDND:       calllog.OutcomeDoNotDisturb,
	phone.CauseForwarded: calllog.OutcomeForwarded,
	phone.CauseBlocked:   calllog.OutcomeBlocked,
	phone.CauseAnonymous: calllog.OutcomeAnonymous,
	phone.CauseMissed:    calllog.OutcomeCancelled,
	phone.CauseCancelled: calllog.OutcomeNoAnswer,
	phone.CauseNoAnswer:  calllog.OutcomeNoAnswer,
	phone.CauseBusy:      calllog.OutcomeBusy,
}

func outcome(r phone.CallRecord) calllog.Outcome {
	if !r.AnsweredAt.IsZero() {
		return calllog.OutcomeAnswered
	}
	if o, ok := outcomes[r.Outcome]; ok {
		return o
	}
	return calllog.OutcomeFailed
}

func (s *storage) SaveCall(ctx context.Context, r phone.CallRecord, id string) error {
	out := calllog.Record{
		CallID: id, UserID: s.user(), CallerIDNumber: r.CallerID, PhoneNumber: r.Party.Number, Name: r.Party.Name,
		Direction: calllog.Direction(r.Direction.String()), StartedAt: r.StartedAt, EndedAt: r.EndedAt, CreatedAt: r.EndedAt,
		Outcome: outcome(r), Line: string(r.Line),
	}
	if _, domain, ok := strings.Cut(string(r.Line), "@"); ok {
		out.SIPDomain = domain
	}
	if r.Direction == phone.Inbound && out.CallerIDNumber == "" {
		out.CallerIDNumber = r.Party.Number
	}
	if !r.AnsweredAt.IsZero() {
		out.Duration = r.EndedAt.Sub(r.AnsweredAt).Truncate(time.Second)
	}
	out.Disposition = out.Outcome.Disposition(out.Direction)
	return s.db.AddCall(ctx, out, s.queue)
}

// recentLimit is how many calls the core gets to know for its lists.
const recentLimit = 100

// historyListed is how many calls the interfaces are told of.
const historyListed = 50

// History loads the newest calls as they are stored.
func (s *storage) History(ctx context.Context) ([]calllog.Record, error) {
	return s.db.Calls(ctx, store.CallQuery{Limit: historyListed})
}

// Recent loads the newest calls as the core knows them.
func (s *storage) Recent(ctx context.Context) ([]phone.CallRecord, error) {
	rows, err := s.db.Calls(ctx, store.CallQuery{Limit: recentLimit})
	if err != nil {
		return nil, err
	}
	out := make([]phone.CallRecord, 0, len(rows))
	for _, r := range rows {
		c := phone.CallRecord{
			Line: phone.LineID(r.Line), Party: phone.Party{Number: r.PhoneNumber, Name: r.Name}, CallerID: r.CallerIDNumber,
			StartedAt: r.StartedAt, EndedAt: r.EndedAt,
		}
		if r.Direction == calllog.Inbound {
			c.Direction = phone.Inbound
		}
		switch { // of a call at another phone the backend knows the four words only
		case r.Outcome == calllog.OutcomeUnknown && r.Disposition == calllog.Rejected:
			c.Outcome = phone.CauseRejected
		case r.Outcome == calllog.OutcomeAnswered, r.Outcome == calllog.OutcomeUnknown && r.Disposition == calllog.Answered:
			c.AnsweredAt = r.EndedAt.Add(-r.Duration)
			c.Outcome = phone.CauseRemote
		}
		for cause, o := range outcomes {
			if o == r.Outcome && (cause != phone.CauseCancelled || c.Direction == phone.Outbound) && (cause != phone.CauseMissed || c.Direction == phone.Inbound) {
				c.Outcome = cause
			}
		}
		out = append(out, c)
	}
	return out, nil
}

func pathOf(word string) (phone.Path, bool) {
	for p := phone.PathNone; p <= phone.PathGroup; p++ {
		if p.String() == word {
			return p, true
		}
	}
	return phone.PathNone, false
}
