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

// Exit codes of the commands that talk to a server, beside exitFailure and exitUsage.
const (
	exitRefused     = 3
	exitUnavailable = 4
	exitVault       = 5
)

// exitCodes is for the help of those commands; ok says what 0 means.
func exitCodes(ok string) string {
	return "Exit codes:\n" +
		"  0  " + ok + "\n" +
		"  1  another failure, or stopped by Ctrl-C\n" +
		"  2  the command line is wrong\n" +
		"  3  the server refused the key\n" +
		"  4  the server cannot be reached or cannot serve now"
}

// connectionFlags is how a command reaches a server.
type connectionFlags struct {
	url, key  string
	retryFor  time.Duration
	anonymous bool   // the command needs no key
	vaultName string // of the folder that is pushed; "": the server is told none
}

// add gives a command the flags.
func (f *connectionFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.url, "url", "", "the server, any of its nodes (TRIP2G_URL; default http://localhost:8081)")
	cmd.Flags().StringVar(&f.key, "key", "", "an API key; better TRIP2G_KEY, which other users of this machine cannot see")
	cmd.Flags().DurationVar(&f.retryFor, "retry-for", time.Minute, "how long to try again when the server is away or cannot serve now; 0: not at all")
}

// connect makes the client; it connects to nothing yet. onRetry is told before each new attempt, warn
// what the user should know.
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
		warn("warning: the URL is plain http and leads to another machine: the key and the notes can be read on the way")
	}
	return server, nil
}

// firstSet gives the first text that is not blank, without the blanks around it that come with a
// key or URL read from a file.
func firstSet(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}

// serverExitCode is for the failure of a command that talks to a server.
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

// folderExitCode tells a folder that is not there from one with files to mend.
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

// terminalError words an error for a terminal: one line for what happened, one for each file at
// fault. stopped is the line for Ctrl-C.
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
