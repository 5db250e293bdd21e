//go:build kernel

package kernel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/secret"
	"phoned/provisioning"
	"phoned/store"
	"phoned/test/kernel/writelog"
)

const (
	powerSteps   = 12 // changes made by the phone
	cutsOrdinary = 16 // points at which the power fails, unless PHONED_CUTS says more
)

// testPowerStore cuts the power while the phone keeps things. Every write to the disk
// is logged; the disk is made anew as it was at many points of the log, and at each of
// them the store must open undamaged and hold at least what it had acknowledged.
func testPowerStore(t *testing.T) {
	shell(t, `dmsetup create log --noudevsync --table "0 $(blockdev --getsz /dev/ubda) log-writes /dev/ubda /dev/ubdb"; dmsetup mknodes
		mkfs.ext4 -q -F /dev/mapper/log; mount /dev/mapper/log /run/mnt; sync; dmsetup message log 0 mark made`)
	keepThings(t, "/run/mnt")
	shell(t, "umount /run/mnt; dmsetup remove --noudevsync log")

	file, err := os.Open("/dev/ubdb")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log, err := writelog.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := readCuts()
	if err != nil {
		t.Fatalf("PHONED_CUTS: %v", err)
	}
	points := plan.points(t, log)
	size, err := strconv.ParseInt(shell(t, "blockdev --getsize64 /dev/ubda"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.OpenFile("/dev/shm/disk", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = disk.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	rnd := rand.New(rand.NewPCG(uint64(plan.seed), 1))
	at, acknowledged := 0, 0
	for i, cut := range points {
		from := flushed(log, at, cut)
		if err := log.Replay(disk, at, from); err != nil {
			t.Fatal(err)
		}
		for n := at; n < cut; n++ {
			if text, ok := strings.CutPrefix(log.Entry(n).Text, "kept-"); ok {
				if acknowledged, err = strconv.Atoi(text); err != nil {
					t.Fatal(err)
				}
			}
		}
		at = from
		shell(t, "cp --sparse=always /dev/shm/disk /dev/shm/cut")
		lost := replaySome(t, log, from, cut, i%2 == 1, rnd)
		shell(t, "mount -o loop /dev/shm/cut /run/mnt")
		r := &round{T: t}
		checkThings(r, "/run/mnt", fmt.Sprintf("power cut after write %d of %d", cut, log.Entries()), acknowledged)
		shell(t, "umount /run/mnt")
		result := "PASS"
		if r.failed {
			result = "FAIL"
		}
		t.Logf("%s round %d: after write %d of %d, %d of %d unflushed writes lost, step %d was acknowledged",
			result, i+1, cut, log.Entries(), lost, cut-from, acknowledged)
	}
	t.Logf("%d power cuts in %d writes, seed %d", len(points), log.Entries(), plan.seed)
}

// flushed is the end of the last flush from one entry up to another: what is before
// it is on the medium in any case.
func flushed(log *writelog.Log, from, to int) int {
	last := from
	for n := from; n < to; n++ {
		if log.Entry(n).Flags&writelog.Flush != 0 {
			last = n + 1
		}
	}
	return last
}

// replaySome writes to the cut disk what was under way when the power failed: all of
// it, or, as a disk may write in any order, some of it. It tells how many were left out.
func replaySome(t *testing.T, log *writelog.Log, from, to int, some bool, rnd *rand.Rand) (lost int) {
	t.Helper()
	disk, err := os.OpenFile("/dev/shm/cut", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for n := from; n < to; n++ {
		if some && log.Entry(n).Flags&writelog.FUA == 0 && rnd.IntN(2) == 0 {
			lost++
			continue
		}
		if err := log.Replay(disk, n, n+1); err != nil {
			t.Fatal(err)
		}
	}
	return lost
}

// cuts says where the power fails: PHONED_CUTS is "all", or a number of random
// points and a seed, "200:7". Without it a few points are spread evenly.
type cuts struct {
	all   bool
	count int
	seed  int64
}

func readCuts() (c cuts, err error) {
	text := os.Getenv("PHONED_CUTS")
	switch text {
	case "":
		return c, nil
	case "all":
		c.all = true
		return c, nil
	}
	count, seed, _ := strings.Cut(text, ":")
	if c.count, err = strconv.Atoi(count); err == nil {
		c.seed, err = strconv.ParseInt(seed, 10, 64)
	}
	return c, err
}

// points are numbers of entries after which the power fails, ascending. Before the
// file system was made there is nothing to check.
func (c cuts) points(t *testing.T, log *writelog.Log) []int {
	t.Helper()
	first, err := log.Mark("made")
	if err != nil {
		t.Fatal(err)
	}
	if c.count > 0 {
		rnd := rand.New(rand.NewPCG(uint64(c.seed), 0))
		points := make([]int, c.count)
		for i := range points {
			points[i] = first + 1 + rnd.IntN(log.Entries()-first)
		}
		slices.Sort(points)
		return points
	}
	step := max(1, (log.Entries()-first)/cutsOrdinary)
	if c.all {
		step = 1
	}
	var points []int
	for n := first + 1; n < log.Entries(); n += step {
		points = append(points, n)
	}
	return append(points, log.Entries())
}

// powerLimit is the time for the boot: some seconds a cut on a slow machine.
func powerLimit() time.Duration {
	if c, err := readCuts(); err == nil && (c.all || c.count > 50) {
		return 6 * time.Hour
	}
	return 25 * time.Minute
}

// keepThings does what the phone does: a setting, a call, a secret, a configuration, a file, each of
// which is kept when its function returns. A mark in the log says so.
func keepThings(t *testing.T, dir string) {
	t.Helper()
	db, err := store.Open(filepath.Join(dir, "phone.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	depot, err := openDepot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= powerSteps; n++ {
		for _, keep := range []func() error{
			func() error {
				return db.SetSetting(t.Context(), store.Setting{Key: "step", Value: json.RawMessage(strconv.Itoa(n)), Source: "test"})
			},
			func() error { return db.AddCall(t.Context(), callNumber(n), true) },
			func() error { return acceptSome(t, db, n) },
			func() error {
				return secrets.Set(map[string]secret.String{"step": secret.New(strconv.Itoa(n)), "refresh": secret.New(strconv.Itoa(n))})
			},
			func() error { return configure(depot, n) },
			func() error { return store.ReplaceFile(filepath.Join(dir, "step"), []byte(strconv.Itoa(n))) },
		} {
			if err := keep(); err != nil {
				t.Fatal(err)
			}
		}
		shell(t, fmt.Sprintf("dmsetup message log 0 mark kept-%d", n))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// openDepot opens what the phone was given, in files of its own.
func openDepot(dir string) (*provisioning.Depot, error) {
	vault, err := store.OpenSecrets(filepath.Join(dir, "provisioning.json"))
	if err != nil {
		return nil, err
	}
	depot, err := provisioning.OpenDepot(vault, nil)
	if err != nil {
		return nil, err
	}
	return depot, depot.UseFolder(filepath.Join(dir, "parts"))
}

// cards are the contacts of a step, as a bundle has them.
func cards(step string) []byte {
	return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:" + step + "\r\nTEL:1002\r\nEND:VCARD\r\n")
}

// configure tries a configuration that does not work and takes it back, and then one that
// does; each comes with contacts of its own.
func configure(d *provisioning.Depot, n int) error {
	base := provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerImage, Name: "phoned.toml"}, Data: []byte(`oauth_endpoint = "https://power.test/oauth/internal"`)}
	try := func(name string) error {
		p, err := d.Propose(provisioning.Document{Layer: provisioning.LayerUser, Name: "power", Data: fmt.Appendf(nil, "display_name = %q", name),
			Parts: map[string][]byte{"contacts.vcf": cards(name)}}, base)
		if err != nil {
			return err
		}
		return d.Begin(p, true)
	}
	if err := try(fmt.Sprint("broken ", n)); err != nil {
		return err
	}
	if err := d.RollBack("it does not work"); err != nil {
		return err
	}
	if err := try(fmt.Sprint("step ", n)); err != nil {
		return err
	}
	return d.Confirm()
}

// configured is the step whose configuration the phone would start with. One that is
// on trial is taken back first, as a phone without service does.
func configured(dir string) (int, error) {
	d, err := openDepot(dir)
	if err != nil {
		return 0, err
	}
	if _, on := d.Trial(); on {
		if err := d.RollBack("the power failed"); err != nil {
			return 0, err
		}
	}
	cfg, _, err := provisioning.Load(d.Sources()...)
	if err != nil {
		return 0, err
	}
	name := cfg.DisplayName.Value
	files, err := os.ReadDir(filepath.Join(dir, "parts"))
	switch {
	case err != nil:
		return 0, err
	case name == "" && cfg.ContactsFile.Value == "":
		return 0, nil
	case len(files) == 0 || len(files) > 2: // its own, and what the last change may be taken back to
		return 0, fmt.Errorf("%d files are kept for %q", len(files), name)
	}
	if b, err := os.ReadFile(cfg.ContactsFile.Value); err != nil || string(b) != string(cards(name)) {
		return 0, fmt.Errorf("the contacts of %q are %q: %w", name, b, err)
	}
	return number(strings.TrimPrefix(name, "step ")), nil
}

// acceptSome is the backend that takes every third call.
func acceptSome(t *testing.T, db *store.DB, n int) error {
	if n%3 != 0 {
		return nil
	}
	p, found, err := db.NextPending(t.Context(), "123")
	if err != nil || !found {
		return fmt.Errorf("the out-box is empty: %w", err)
	}
	return db.Accepted(t.Context(), p.Seq)
}

func callNumber(n int) calllog.Record {
	at := time.Date(2026, 11, 23, 9, n, 0, 0, time.UTC)
	return calllog.Record{CallID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), UserID: "123", SIPDomain: "power.test",
		PhoneNumber: strconv.Itoa(1000 + n), Direction: calllog.Outbound, Disposition: calllog.Answered, StartedAt: at, EndedAt: at.Add(time.Minute), CreatedAt: at}
}

// round is one power cut; its own errors are told apart from earlier ones.
type round struct {
	*testing.T
	failed bool
}

func (r *round) Errorf(format string, args ...any) {
	r.Helper()
	r.failed = true
	r.T.Errorf(format, args...)
}

// checkThings opens what is on the disk: at least the acknowledged steps are there,
// and nothing is half there.
func checkThings(t *round, dir, when string, acknowledged int) {
	t.Helper()
	check := func(what string, got int, err error) {
		t.Helper()
		switch {
		case err != nil && acknowledged > 0:
			t.Errorf("%s, after step %d: %s: %v", when, acknowledged, what, err)
		case err == nil && (got < acknowledged || got > acknowledged+1):
			t.Errorf("%s, after step %d: %s is of step %d", when, acknowledged, what, got)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "step"))
	check("the file", number(string(b)), err)
	n, err := configured(dir)
	check("the configuration", n, err)
	secrets, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
	if err != nil {
		t.Errorf("%s: secrets: %v", when, err)
	} else {
		s, err := secrets.Get("step")
		check("the secret", number(s.Reveal()), err)
		if r, _ := secrets.Get("refresh"); r != s {
			t.Errorf("%s: one token is of step %s, the other of %s", when, s.Reveal(), r.Reveal())
		}
	}
	db, err := store.Open(filepath.Join(dir, "phone.db"), store.Options{})
	if err != nil {
		t.Errorf("%s: %v", when, err)
		return
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}()
	setting, err := db.Setting(t.Context(), "step")
	check("the setting", number(string(setting.Value)), err)
	calls, err := db.Calls(t.Context(), store.CallQuery{})
	check("the call history", len(calls), err)
	accepted := 0
	for _, c := range calls {
		if c.Synced {
			accepted++
		}
	}
	pending, _, err := db.OutboxCount(t.Context())
	check("the out-box", pending+accepted, err)
	if pending+accepted != len(calls) || accepted < acknowledged/3 {
		t.Errorf("%s, after step %d: %d calls, %d wait, %d accepted", when, acknowledged, len(calls), pending, accepted)
	}
}

// number reads a step: nothing yet is 0, and what is no number is far from any.
func number(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
