package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g/sync/pull"
	"trip2g/services/trip2g/sync/vault"
)

// pullFlags is what the command line of pull can say.
type pullFlags struct {
	connectionFlags
	dir                   string
	force, delete, dryRun bool
	history               bool
	quiet, json           bool
}

func newPullCommand() *cobra.Command {
	f := pullFlags{}
	cmd := &cobra.Command{
		Use:   "pull DIR",
		Short: "Write the vault back into a folder, byte for byte",
		Long: "Compares the folder with what the server has and writes what differs: every note that is not hidden, and the\n" +
			"files that notes refer to, at their paths. The folder is made if it is not there.\n\n" +
			"What you have changed in the folder is not lost. A file that only you have changed since the last pull is kept; if\n" +
			"it has changed on the server as well, nothing is written, and the files are named. --force takes the server's. A\n" +
			"note that is an old version of the server's is not a change.\n" +
			"Files that no pull has written and no push has sent are never removed. What was pulled, and pushed from there, is\n" +
			"remembered in DIR/.trip2g.\n\n" +
			"With --history every version that was ever published comes, too, also of hidden notes: the one of guides/Start.md\n" +
			"from the first of May is .history/guides/Start.md/2026-05-01T093000Z-17.md. What is there is not asked for again.\n\n" +
			"The URL may be any node's. A pull that was cut short continues where it was when it is run again.\n\n" +
			exitCodes("the folder has what the server has, or more") + "\n" +
			"  5  files in the folder have changes that would be lost, or stand in the way",
		Example: "  export TRIP2G_URL=https://notes.example.com TRIP2G_KEY=t2g_...\n" +
			"  trip2g pull ~/notes                        write what has changed on the server\n" +
			"  trip2g pull ~/notes --dry-run              say what would be written\n" +
			"  trip2g pull ~/notes --delete               also remove what the server no longer has\n" +
			"  trip2g pull ~/notes --history              every version of every note as well\n" +
			"  trip2g pull ~/notes --force                take the server's, whatever was changed here\n" +
			"  trip2g pull ~/notes --json | jq '.notes[]'",
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: completeFolder,
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite, and with --delete remove, what has changed in the folder")
	cmd.Flags().BoolVar(&f.delete, "delete", false, "remove the files that were pulled, or pushed from here, and the server has no more")
	cmd.Flags().BoolVar(&f.history, "history", false, "also write every version of every note, to .history in the folder")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done and change nothing")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().BoolVar(&f.json, "json", false, "print what was done as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.dir = args[0]
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.quiet)
		term.json, term.doing = f.json, "Writing"
		return pullFolder(cmd.Context(), f, term)
	}
	return cmd
}

// pullFolder does what the command line says. Its errors have exit codes and are fit for a terminal.
func pullFolder(ctx context.Context, f pullFlags, term *terminal) error {
	server, err := f.connect(term.Retry, term.Print)
	if err != nil {
		return err
	}
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &codedError{exitUsage, fmt.Errorf("%s is not a directory: name the folder that the notes should go to", printable(f.dir))}
	}
	summary, err := pull.Run(ctx, f.dir, pull.Options{
		Server: server, Reporter: term, Text: vault.Text, Force: f.force, Delete: f.delete, DryRun: f.dryRun, History: f.history,
	})
	if err != nil {
		return terminalError(err, serverExitCode(err), "stopped; every file is whole, and running it again continues where it was")
	}
	switch {
	case f.json:
		printJSON(term.out, pullReport{
			DryRun: f.dryRun, Notes: list(summary.Notes), Files: list(summary.Files), Removed: list(summary.Removed), Renamed: list(summary.Renamed),
			Gone: list(summary.Gone), Kept: list(summary.Kept), Unchanged: summary.Unchanged, Versions: summary.Versions, Warnings: term.warningReports(),
		})
	case !f.quiet:
		term.pulled(summary, f.dryRun, f.dir)
	}
	return nil
}

// pullReport is what --json prints.
type pullReport struct {
	DryRun    bool            `json:"dryRun"`
	Notes     []string        `json:"notes"`
	Files     []string        `json:"files"`
	Removed   []string        `json:"removed"`
	Renamed   []string        `json:"renamed"`
	Gone      []string        `json:"gone"`
	Kept      []string        `json:"kept"`
	Unchanged int             `json:"unchanged"`
	Versions  int             `json:"versions"`
	Warnings  []warningReport `json:"warnings"`
}

// pulled ends a pull that succeeded.
func (t *terminal) pulled(s pull.Summary, dryRun bool, dir string) {
	line := func(format string, args ...any) { fmt.Fprintln(t.out, printable(fmt.Sprintf(format, args...))) }
	counts := fmt.Sprintf("%s and %s written, %d unchanged, %d removed", count(len(s.Notes), "note"), count(len(s.Files), "file"), s.Unchanged, len(s.Removed))
	switch {
	case dryRun:
		for _, path := range append(s.Notes, s.Files...) {
			line("would write %s", path)
		}
		for _, path := range s.Removed {
			line("would remove %s", path)
		}
		line("Dry run, nothing was changed: %s", strings.NewReplacer("written", "to write", "removed", "to remove").Replace(counts))
	case !s.Changed():
		line("Up to date: %s in %s", count(s.Unchanged, "file"), dir)
	default:
		line("Pulled into %s: %s", dir, counts)
	}
	if len(s.Renamed) > 0 {
		line("Renamed to the letter case that they have on the server: %s (%s)", count(len(s.Renamed), "file"), names(s.Renamed))
	}
	if s.Versions > 0 {
		line("Written to .history: %s", count(s.Versions, "version"))
	}
	if len(s.Kept) > 0 {
		line("Kept as you have changed it: %s (%s). `trip2g push` publishes it.", count(len(s.Kept), "file"), names(s.Kept))
	}
	if len(s.Gone) > 0 {
		line("Left in the folder, no longer on the server: %s (%s). --delete removes them.", count(len(s.Gone), "file"), names(s.Gone))
	}
}
