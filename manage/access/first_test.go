package access

import (
	"errors"
	"testing"
	"time"
)

func (b *bench) confirm(r Request, code string) (string, error) {
	c, _, err := b.Confirm(b.t.Context(), r.ID, code, Login{Name: "owner", Password: good, From: r.From})
	return c, err
}

func TestFirstAccess(t *testing.T) {
	b := newBench(t)
	r, err := b.AskFirst(home)
	if err != nil || len(r.Code) != codeDigits || !b.Pending(r.ID) {
		t.Fatal(r, err)
	}
	if _, err := b.AskFirst(enemy); !errors.Is(err, ErrPending) {
		t.Errorf("a second request: %v", err)
	}
	if _, _, err := b.Confirm(t.Context(), r.ID, r.Code, Login{Name: "owner", Password: "short", From: home}); !errors.Is(err, ErrPassword) {
		t.Errorf("a bad password: %v", err)
	}
	if _, _, err := b.Confirm(t.Context(), r.ID, r.Code, Login{Name: "owner", Password: good, From: enemy}); !errors.Is(err, ErrUnknown) {
		t.Errorf("from another address: %v", err)
	}
	cookie, err := b.confirm(r, r.Code)
	if err != nil {
		t.Fatal(err)
	}
	b.wantRole(cookie, Administrator)
	if _, err := b.AskFirst(enemy); !errors.Is(err, ErrSet) {
		t.Errorf("a second owner: %v", err)
	}
	if _, err := b.confirm(r, r.Code); !errors.Is(err, ErrUnknown) {
		t.Errorf("the same code again: %v", err)
	}
}

func TestCodesCantBeGuessed(t *testing.T) {
	b := newBench(t)
	judged := 0
	codes := map[string]bool{}
	for range 3600 {
		b.now = b.now.Add(time.Second)
		r, err := b.AskFirst(enemy)
		if err != nil {
			continue
		}
		codes[r.Code] = true
		for _, guess := range []string{"00000000", "", r.Code + "0"} {
			if _, err := b.confirm(r, guess); errors.Is(err, ErrWrong) {
				judged++
			}
			if r, err = b.AskFirst(enemy); err != nil { // asking again gives no more tries
				break
			}
		}
	}
	if judged > firstTries*3600/int(codePause/time.Second)+firstTries {
		t.Errorf("%d codes were judged in an hour", judged)
	}
	if len(codes) < 100 {
		t.Errorf("%d different codes", len(codes))
	}
	if r, err := b.AskFirst(home); err != nil {
		t.Error("the owner is kept out by it:", r, err)
	}
}

func TestRefusedAtThePhone(t *testing.T) {
	b := newBench(t)
	r, err := b.AskFirst(enemy)
	if err != nil {
		t.Fatal(err)
	}
	b.Refuse("other")
	if !b.Pending(r.ID) {
		t.Error("another request's refusal counts")
	}
	b.Refuse(r.ID)
	if _, err := b.confirm(r, r.Code); !errors.Is(err, ErrUnknown) {
		t.Errorf("a refused request was confirmed: %v", err)
	}
	var w *Wait
	if _, err := b.AskFirst(enemy); !errors.As(err, &w) {
		t.Errorf("it asks again at once: %v", err)
	}
	if r, err = b.AskFirst(home); err != nil {
		t.Fatal("the owner has to wait as well", err)
	}
	b.now = b.now.Add(firstLife)
	if _, err := b.confirm(r, r.Code); !errors.Is(err, ErrUnknown) {
		t.Errorf("after its time: %v", err)
	}
	b.now = b.now.Add(firstPause)
	if _, err := b.AskFirst(enemy); err != nil {
		t.Error("refused for ever", err)
	}
}
