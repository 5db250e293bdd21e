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

// openBoard starts what the board file names. Nothing that is missing stops
// the phone.
func openBoard(file string, log *slog.Logger, told *[]health.Problem, changed func(board.Missing)) board.Devices {
	problem := func(part, title string, err error) {
		log.Warn(title, "dev", part, "err", err)
		*told = append(*told, boardProblem(part, title, err))
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		problem("file", "The board file can't be read; the phone runs without keys and display.", err)
		return board.Devices{}
	}
	f, err := board.Parse(text)
	if err != nil {
		problem("file", "The board file is not right; the phone runs without keys and display.", err)
		return board.Devices{}
	}
	devices, missing := board.Open(f, changed)
	for _, m := range missing {
		problem(m.Part, m.Title, m.Err)
	}
	return devices
}

func boardProblem(part, title string, err error) health.Problem {
	return health.Problem{Code: "board." + part, Severity: health.Error, Title: title, Detail: err.Error()}
}

// boardParts passes on which devices have gone and come back; what happens
// before there is a registry is kept for it.
type boardParts struct {
	log      *slog.Logger
	mu       sync.Mutex
	registry *health.Registry
	away     map[string]board.Missing
}

func (b *boardParts) changed(m board.Missing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Err != nil {
		b.log.Warn(m.Title, "dev", m.Part, "err", m.Err)
	} else {
		b.log.Info("device is there", "dev", m.Part)
	}
	switch {
	case b.registry == nil && m.Err == nil:
		delete(b.away, m.Part)
	case b.registry == nil:
		if b.away == nil {
			b.away = map[string]board.Missing{}
		}
		b.away[m.Part] = m
	case m.Err == nil:
		b.registry.Clear("board."+m.Part, "")
	default:
		b.registry.Set(boardProblem(m.Part, m.Title, m.Err))
	}
}

func (b *boardParts) tell(r *health.Registry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.registry = r
	for _, m := range b.away {
		r.Set(boardProblem(m.Part, m.Title, m.Err))
	}
	b.away = nil
}
