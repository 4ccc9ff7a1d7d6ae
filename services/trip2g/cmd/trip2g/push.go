package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/client"
	"trip2g/services/trip2g/config"
	"trip2g/services/trip2g/push"
	"trip2g/services/trip2g/vault"
)

// Exit codes of push beside exitFailure and exitUsage.
const (
	exitRefused     = 3
	exitUnavailable = 4
	exitVault       = 5
)

// pushFlags is what the command line of push can say.
type pushFlags struct {
	dir, url, key         string
	delete, dryRun, quiet bool
	retryFor              time.Duration
	maxNoteSize           sizeFlag
}

// sizeFlag makes a size a flag.
type sizeFlag struct{ config.Bytes }

func (f *sizeFlag) Set(text string) error { return f.UnmarshalText([]byte(text)) }
func (f *sizeFlag) Type() string          { return "size" }

func newPushCommand() *cobra.Command {
	f := pushFlags{maxNoteSize: sizeFlag{vault.DefaultMaxNoteSize}}
	cmd := &cobra.Command{
		Use:   "push DIR",
		Short: "Publish a folder of notes and the files that they refer to",
		Long: "Compares the folder with what the server has, sends what differs, and makes all of it visible in one step.\n" +
			"Until then readers see what they saw. A push that was cut short continues where it was when it is run again.\n\n" +
			"Notes are the .md and .html files. Names that start with a dot and folders named node_modules are left out.\n" +
			"Other files are sent if a note refers to them.\n\n" +
			"The URL may be any node's: a replica hands the notes on to its leader.\n\n" +
			"Exit codes:\n" +
			"  0  all is published, or there was nothing to do\n" +
			"  1  another failure, or stopped by Ctrl-C\n" +
			"  2  the command line is wrong\n" +
			"  3  the server refused the key\n" +
			"  4  the server cannot be reached or cannot serve now\n" +
			"  5  something in the folder has to be mended first",
		Example: "  TRIP2G_KEY=t2g_... trip2g push ~/notes --url https://notes.example.com",
		Args:    usage(cobra.ExactArgs(1)),
	}
	cmd.Flags().StringVar(&f.url, "url", "", "the server (TRIP2G_URL; default http://localhost:8081)")
	cmd.Flags().StringVar(&f.key, "key", "", "an API key; better TRIP2G_KEY, which other users of this machine cannot see")
	cmd.Flags().BoolVar(&f.delete, "delete", false, "hide the notes that the server has and the folder has no more; their history is kept")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done and change nothing")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().DurationVar(&f.retryFor, "retry-for", time.Minute, "how long to try again when the server is away; 0: not at all")
	cmd.Flags().Var(&f.maxNoteSize, "max-note-size", "largest note that the server takes, its TRIP2G_MAX_NOTE_SIZE")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.dir = args[0]
		f.url = firstSet(f.url, os.Getenv(config.Prefix+"URL"), "http://localhost:8081")
		f.key = firstSet(f.key, os.Getenv(config.Prefix+"KEY"))
		return pushFolder(cmd.Context(), f, newPushConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.quiet))
	}
	return cmd
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

// pushFolder does what the command line says. Its errors have exit codes and are fit for a terminal.
func pushFolder(ctx context.Context, f pushFlags, console *pushConsole) error {
	server, err := client.New(client.Options{
		URL: f.url, Key: f.key, UserAgent: "trip2g/" + version, RetryFor: f.retryFor, OnRetry: console.Retry,
	})
	if err != nil {
		return &codedError{exitUsage, fmt.Errorf("%w (--url or TRIP2G_URL, --key or TRIP2G_KEY)", err)}
	}
	if server.Exposed() {
		console.Print("warning: the URL is plain http and leads to another machine: the key and the notes can be read on the way")
	}
	notes, err := vault.Open(ctx, f.dir, vault.Options{MaxNoteSize: int64(f.maxNoteSize.Bytes)})
	if err != nil {
		return pushError(err, vaultExitCode(err))
	}
	defer notes.Close()
	for _, w := range notes.Warnings() {
		console.Warn(w)
	}
	if len(notes.Notes()) == 0 {
		console.Print("warning: " + f.dir + " has no notes (.md or .html)")
	}
	summary, err := push.Run(ctx, push.Options{
		Vault: notes, Server: server, Reporter: console, References: references, Delete: f.delete, DryRun: f.dryRun,
	})
	if err != nil {
		return pushError(err, pushExitCode(err))
	}
	console.Summary(summary, f.dryRun, server.Site())
	return nil
}

// vaultExitCode tells a folder that is not there from one with files to mend.
func vaultExitCode(err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		return exitFailure
	case len(trip2g.ErrorFields(err)) == 0:
		return exitUsage
	default:
		return exitVault
	}
}

func pushExitCode(err error) int {
	switch trip2g.ErrorCode(err) {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN:
		return exitRefused
	case trip2g.EUNAVAILABLE:
		return exitUnavailable
	case trip2g.EINVALID, trip2g.ETOOLARGE, trip2g.ECONFLICT:
		return exitVault
	default:
		return exitFailure
	}
}

// pushError words an error for a terminal: one line for what happened, one for each file at fault.
func pushError(err error, code int) error {
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = "stopped; nothing of this push is visible, and running it again continues where it was"
		if failed := (*push.Error)(nil); errors.As(err, &failed) && failed.Unsure {
			text = "stopped while the push was made visible; run it again to be sure"
		}
	}
	if fault := (*trip2g.Error)(nil); errors.As(err, &fault) && len(fault.Fields) > 0 {
		text = strings.Replace(text, fault.Error(), fault.Message, 1)
		for _, field := range fault.Fields {
			text += "\n  " + field.Name + ": " + field.Value
		}
	}
	return &codedError{code, errors.New(printable(text))}
}
