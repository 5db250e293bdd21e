package rtc

import (
	"context"
	"fmt"
	"log/slog"

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
		l.log.Log(context.Background(), v, "transport", "detail", fmt.Sprintf(format, args...))
	}
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
