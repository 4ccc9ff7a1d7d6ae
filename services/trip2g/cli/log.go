package cli

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/ops/logbuffer"
)

// These settings of zerolog are global.
func init() {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.DurationFieldUnit = time.Millisecond
}

// logged runs work with the node's logger and flushes the log at the end.
func logged(c *config.Config, out io.Writer, work func(zerolog.Logger) error) error {
	buffer := logbuffer.New(out)
	return errors.Join(work(newLogger(c, buffer, isTerminal(out))), buffer.Close())
}

// newLogger returns the node's logger. Each line contains the node's name and role.
func newLogger(c *config.Config, out io.Writer, terminal bool) zerolog.Logger {
	if c.LogFormat == "console" || c.LogFormat == "auto" && terminal {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly}
	}
	level, err := zerolog.ParseLevel(c.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel // config.Load has validated it
	}
	return zerolog.New(out).Level(level).With().Timestamp().Str("node", c.NodeName).Str("role", c.Role()).Logger()
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
