//go:build kernel

package kernel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/secret"
	"phoned/store"
	"phoned/test/kernel/writelog"
)

const (
	powerSteps   = 12 // changes made by the phone
	cutsOrdinary = 16 // points at which the power fails, unless PHONED_CUTS is all
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
	points := cutPoints(t, log)
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
	at, acknowledged := 0, 0
	for _, cut := range points {
		if err := log.Replay(disk, at, cut); err != nil {
			t.Fatal(err)
		}
		for ; at < cut; at++ {
			if n, ok := strings.CutPrefix(log.Entry(at).Text, "kept-"); ok {
				if acknowledged, err = strconv.Atoi(n); err != nil {
					t.Fatal(err)
				}
			}
		}
		shell(t, "cp --sparse=always /dev/shm/disk /dev/shm/cut; mount -o loop /dev/shm/cut /run/mnt")
		checkThings(t, "/run/mnt", fmt.Sprintf("power cut after write %d of %d", cut, log.Entries()), acknowledged)
		shell(t, "umount /run/mnt")
	}
	if acknowledged != powerSteps {
		t.Errorf("the last cut was after step %d of %d", acknowledged, powerSteps)
	}
	t.Logf("%d power cuts in %d writes", len(points), log.Entries())
}

// cutPoints chooses numbers of entries after which the power fails, ascending, the
// last being all of them. Before the file system was made there is nothing to check.
func cutPoints(t *testing.T, log *writelog.Log) []int {
	t.Helper()
	first, err := log.Mark("made")
	if err != nil {
		t.Fatal(err)
	}
	step := max(1, (log.Entries()-first)/cutsOrdinary)
	if os.Getenv("PHONED_CUTS") == "all" {
		step = 1
	}
	var points []int
	for n := first + 1; n < log.Entries(); n += step {
		points = append(points, n)
	}
	return append(points, log.Entries())
}

// keepThings does what the phone does: a setting, a call, a secret, a file, each of
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
	for n := 1; n <= powerSteps; n++ {
		for _, keep := range []func() error{
			func() error {
				return db.SetSetting(t.Context(), store.Setting{Key: "step", Value: json.RawMessage(strconv.Itoa(n)), Source: "test"})
			},
			func() error { return db.AddCall(t.Context(), callNumber(n), true) },
			func() error {
				return secrets.Set(map[string]secret.String{"step": secret.New(strconv.Itoa(n))})
			},
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

func callNumber(n int) calllog.Record {
	at := time.Date(2026, 11, 23, 9, n, 0, 0, time.UTC)
	return calllog.Record{CallID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), UserID: "123", SIPDomain: "power.test",
		PhoneNumber: strconv.Itoa(1000 + n), Direction: calllog.Outbound, Disposition: calllog.Answered, StartedAt: at, EndedAt: at.Add(time.Minute), CreatedAt: at}
}

// checkThings opens what is on the disk: at least the acknowledged steps are there,
// and nothing is half there.
func checkThings(t *testing.T, dir, when string, acknowledged int) {
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
	secrets, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
	if err != nil {
		t.Errorf("%s: secrets: %v", when, err)
	} else {
		s, err := secrets.Get("step")
		check("the secret", number(s.Reveal()), err)
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
	pending, _, err := db.OutboxCount(t.Context())
	check("the out-box", pending, err)
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
