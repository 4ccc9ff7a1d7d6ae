package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/sync/client"
)

// Exit codes of the commands that connect to a server, in addition to exitFailure and exitUsage.
const (
	exitRefused     = 3
	exitUnavailable = 4
	exitVault       = 5
)

// exitCodes returns the list of exit codes for their help. ok describes code 0.
func exitCodes(ok string) string {
	return "Exit codes:\n" +
		"  0  " + ok + "\n" +
		"  1  another error, or stopped by Ctrl-C\n" +
		"  2  invalid command line\n" +
		"  3  the server rejected the key\n" +
		"  4  the server is unreachable or temporarily unavailable"
}

// connectionFlags are the flags for the connection to a server.
type connectionFlags struct {
	url, key  string
	retryFor  time.Duration
	anonymous bool   // the command needs no key
	vaultName string // of the folder that is pushed; "" sends none
}

// add adds the flags to a command.
func (f *connectionFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.url, "url", "", "URL of any node of the server (TRIP2G_URL; default http://localhost:8081)")
	cmd.Flags().StringVar(&f.key, "key", "", "API key; prefer TRIP2G_KEY, which other users of this machine cannot see")
	cmd.Flags().DurationVar(&f.retryFor, "retry-for", time.Minute, "how long to retry while the server is unreachable or temporarily unavailable; 0: no retries")
}

// connect returns the client without connecting. onRetry is called before each new attempt, warn
// with warnings for the user.
func (f *connectionFlags) connect(onRetry func(error, time.Duration), warn func(string)) (*client.Client, error) {
	server, err := client.New(client.Options{
		URL:       firstSet(f.url, os.Getenv(config.Prefix+"URL"), "http://localhost:8081"),
		Key:       firstSet(f.key, os.Getenv(config.Prefix+"KEY")),
		UserAgent: "trip2g/" + trip2g.Version,
		VaultName: f.vaultName,
		Anonymous: f.anonymous,
		RetryFor:  f.retryFor,
		OnRetry:   onRetry,
	})
	if err != nil {
		return nil, &codedError{exitUsage, fmt.Errorf("%w (--url or TRIP2G_URL, --key or TRIP2G_KEY)", err)}
	}
	if server.Exposed() {
		warn("warning: the URL is plain http to another machine: others on the network can read the key and the notes")
	}
	return server, nil
}

// firstSet returns the first text that is not blank, trimmed: a key or URL read from a file ends in
// a newline.
func firstSet(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}

// serverExitCode returns the exit code for an error of the server.
func serverExitCode(err error) int {
	switch trip2g.ErrorCode(err) {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN:
		return exitRefused
	case trip2g.EUNAVAILABLE, trip2g.EINDETERMINATE, trip2g.ERATELIMITED:
		return exitUnavailable
	case trip2g.EINVALID, trip2g.ETOOLARGE, trip2g.ECONFLICT:
		return exitVault
	default:
		return exitFailure
	}
}

// folderExitCode returns exitUsage for a missing folder, and exitVault for one with invalid files.
func folderExitCode(err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		return exitFailure
	case len(trip2g.ErrorFields(err)) == 0:
		return exitUsage
	default:
		return exitVault
	}
}

// terminalError formats an error for a terminal: one line for what happened, then one per file.
// stopped is the line for Ctrl-C.
func terminalError(err error, code int, stopped string) error {
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = stopped
	}
	if fault := (*trip2g.Error)(nil); errors.As(err, &fault) && len(fault.Fields) > 0 {
		text = strings.Replace(text, fault.Error(), fault.Message, 1)
		for _, field := range fault.Fields {
			text += "\n  " + field.Name + ": " + field.Value
		}
	}
	return &codedError{code, errors.New(printable(text))}
}
