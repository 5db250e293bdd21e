package rtc

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"

	"phoned/internal/secret"

	"github.com/pion/logging"
)

// pionLog carries Pion's log to ours; what it calls errors is at most a warning
// here, for the Session reports what matters by itself.
type pionLog struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return scoped{l.log.With("part", scope)}
}

const levelTrace = slog.LevelDebug - 4

type scoped struct{ log *slog.Logger }

func (l scoped) put(v slog.Level, format string, args []any) {
	if l.log.Enabled(context.Background(), v) {
		l.log.Log(context.Background(), v, "transport", "detail", redact(fmt.Sprintf(format, args...)))
	}
}

// Pion's ICE agent logs the far end's password, and descriptions may be quoted
// whole: what is named as a password or a key does not get through, whoever
// logs it.
var (
	named = regexp.MustCompile(`(?i)(\w*(?:pwd|password|passwd|secret|credential)\w*\\?["']?\s*[:=]\s*)(\\?"[^"]*"|[^\s,}\]]+)`)
	keys  = regexp.MustCompile(`(?i)(a=crypto:\S+ \S+ inline:)[^|\s]+`)
)

func redact(text string) string {
	text = named.ReplaceAllString(text, "${1}"+secret.Redacted)
	return keys.ReplaceAllString(text, "${1}"+secret.Redacted)
}

func (l scoped) Trace(msg string)          { l.put(levelTrace, "%s", []any{msg}) }
func (l scoped) Tracef(f string, a ...any) { l.put(levelTrace, f, a) }
func (l scoped) Debug(msg string)          { l.put(slog.LevelDebug, "%s", []any{msg}) }
func (l scoped) Debugf(f string, a ...any) { l.put(slog.LevelDebug, f, a) }
func (l scoped) Info(msg string)           { l.put(slog.LevelDebug, "%s", []any{msg}) }
func (l scoped) Infof(f string, a ...any)  { l.put(slog.LevelDebug, f, a) }
func (l scoped) Warn(msg string)           { l.put(slog.LevelDebug, "%s", []any{msg}) }
func (l scoped) Warnf(f string, a ...any)  { l.put(slog.LevelDebug, f, a) }
func (l scoped) Error(msg string)          { l.put(slog.LevelWarn, "%s", []any{msg}) }
func (l scoped) Errorf(f string, a ...any) { l.put(slog.LevelWarn, f, a) }
