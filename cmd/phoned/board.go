package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"phoned/hal/board"
	"phoned/internal/health"
)

// boardCommand is "phoned board …": 0 is well, 1 a part that failed, 2 a wrong
// call.
func boardCommand(args []string, in io.Reader, out, errs io.Writer) int {
	word := ""
	if len(args) > 0 {
		word, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("phoned board "+word, flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("board", "/etc/phoned/board.toml", "board `file`")
	switch word {
	case "list":
		if flags.Parse(args) != nil {
			return 2
		}
		for _, s := range board.Inventory("/") {
			s.Print(out)
		}
		return 0
	case "check":
		if flags.Parse(args) != nil {
			return 2
		}
		return checkBoard(*file, in, out, errs)
	}
	fmt.Fprint(errs, "phoned board list                what this machine has to build a board of\nphoned board check --board FILE  prove a board, part by part, with its user's hands\n")
	return 2
}

func checkBoard(file string, in io.Reader, out, errs io.Writer) int {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		fmt.Fprintln(errs, err)
		return 2
	}
	f, err := board.Parse(text)
	if err != nil {
		fmt.Fprintf(errs, "%s:\n%v\n", file, err)
		return 1
	}
	d, missing := board.Open(f, nil)
	c := checker{out: out, answers: answers(in)}
	for _, m := range missing {
		c.failed(fmt.Sprintf("%s %v", m.Title, m.Err))
	}
	cards, done, err := openCards()
	if err != nil {
		c.failed(fmt.Sprintf("sound: %v", err))
	} else {
		c.cards = cards
		defer func() { _ = done() }() // what was to be said has been
	}
	c.all(f, d)
	if c.failures > 0 {
		fmt.Fprintf(out, "\n%d of the parts did not pass.\n", c.failures)
		return 1
	}
	fmt.Fprintln(out, "\nAll parts passed.")
	return 0
}

// startedBoard is the board of one phone.
type startedBoard struct {
	board.Devices
	parts *boardParts
	told  []health.Problem // what of its file can't work
}

// startBoard starts what the board file names. Nothing that is missing stops the phone.
func startBoard(file string, log *slog.Logger) *startedBoard {
	b := &startedBoard{parts: &boardParts{log: log}}
	problem := func(m board.Missing) {
		log.Warn(m.Title, "dev", m.Part, "err", m.Err)
		b.told = append(b.told, boardProblem(m))
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		problem(board.Missing{Part: "file", Title: "The board file can't be read; the phone runs without keys and display.", Err: err})
		return b
	}
	f, err := board.Parse(text)
	if err != nil {
		problem(board.Missing{Part: "file", Title: "The board file is not right; the phone runs without keys and display.", Err: err})
		return b
	}
	var wrong []board.Missing
	b.Devices, wrong = board.Start(f, b.parts.changed)
	for _, m := range wrong {
		problem(m)
	}
	return b
}

// boardAdvice is what to do about a part; the board file is the installer's.
var boardAdvice = map[string]string{
	"key":       "Look for dirt under it; the other keys work.",
	"file":      "Run phoned board check.",
	"keypad":    "Run phoned board list: it shows whose the lines are.",
	"hook":      "Run phoned board list: it shows whose the lines are.",
	"lamp":      "Run phoned board list: it shows whose the lines are.",
	"panel":     "Check its wires.",
	"scanner":   "Plug it in.",
	"serialpad": "Plug it in.",
	"input":     "Plug it in.",
}

func boardProblem(m board.Missing) health.Problem {
	return health.Problem{Code: "board." + m.Part, Subject: m.Subject, Severity: health.Error, Title: m.Title, Advice: boardAdvice[m.Part], Detail: m.Err.Error()}
}

// boardParts passes on which devices have gone and come back; what happens
// before there is a registry is kept for it.
type boardParts struct {
	log      *slog.Logger
	mu       sync.Mutex
	registry *health.Registry
	away     map[[2]string]board.Missing // by part and subject
}

func (b *boardParts) changed(m board.Missing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Err != nil {
		b.log.Warn(m.Title, "dev", m.Part, "err", m.Err)
	} else {
		b.log.Info("device is there", "dev", m.Part, "subject", m.Subject)
	}
	which := [2]string{m.Part, m.Subject}
	switch {
	case b.registry == nil && m.Err == nil:
		delete(b.away, which)
	case b.registry == nil:
		if b.away == nil {
			b.away = map[[2]string]board.Missing{}
		}
		b.away[which] = m
	case m.Err == nil:
		b.registry.Clear("board."+m.Part, m.Subject)
	default:
		b.registry.Set(boardProblem(m))
	}
}

func (b *boardParts) tell(r *health.Registry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.registry = r
	for _, m := range b.away {
		r.Set(boardProblem(m))
	}
	b.away = nil
}
