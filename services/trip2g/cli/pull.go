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

// pullFlags are the flags of pull.
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
		Short: "Download the vault into a folder, byte for byte",
		Long: "Writes the files that differ from the server: every published note, and the files that notes refer to, at their\n" +
			"paths. DIR is created if it does not exist.\n\n" +
			"Your changes in the folder are kept. If a file has changed both in the folder and on the server since the last\n" +
			"pull, nothing is written, and the command lists the conflicts. --force takes the versions of the server. A note\n" +
			"that equals an old version on the server does not count as changed.\n" +
			"The command never removes files that were neither pulled nor pushed from this folder. DIR/.trip2g records what was.\n\n" +
			"--history also writes every version that was ever published, including those of unpublished notes. For example,\n" +
			"the version of guides/Start.md from May 1 is .history/guides/Start.md/2026-05-01T093000Z-17.md. Versions that are\n" +
			"already there are not downloaded again.\n\n" +
			"The URL can be that of any node. Run an interrupted pull again to continue it.\n\n" +
			exitCodes("the folder contains everything that the server has") + "\n" +
			"  5  conflicts: files in the folder have changes that would be lost, or block a path",
		Example: "  export TRIP2G_URL=https://notes.example.com TRIP2G_KEY=t2g_...\n" +
			"  trip2g pull ~/notes                        write what has changed on the server\n" +
			"  trip2g pull ~/notes --dry-run              show what would be written\n" +
			"  trip2g pull ~/notes --delete               also remove what the server no longer has\n" +
			"  trip2g pull ~/notes --history              also write every version of every note\n" +
			"  trip2g pull ~/notes --force                overwrite local changes\n" +
			"  trip2g pull ~/notes --json | jq '.notes[]'",
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: completeFolder,
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite files that have changed in the folder, and with --delete remove them")
	cmd.Flags().BoolVar(&f.delete, "delete", false, "remove files that were pulled or pushed from here and are no longer on the server")
	cmd.Flags().BoolVar(&f.history, "history", false, "also write every version of every note, to .history in the folder")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would be done without changing anything")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.dir = args[0]
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.quiet)
		term.json, term.doing = f.json, "Writing"
		return pullFolder(cmd.Context(), f, term)
	}
	return cmd
}

// pullFolder runs the command. Its errors have exit codes and are formatted for a terminal.
func pullFolder(ctx context.Context, f pullFlags, term *terminal) error {
	server, err := f.connect(term.Retry, term.Print)
	if err != nil {
		return err
	}
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &codedError{exitUsage, fmt.Errorf("%s is not a directory: name the folder to write the notes to", printable(f.dir))}
	}
	summary, err := pull.Run(ctx, f.dir, pull.Options{
		Server: server, Reporter: term, Text: vault.Text, Force: f.force, Delete: f.delete, DryRun: f.dryRun, History: f.history,
	})
	if err != nil {
		return terminalError(err, serverExitCode(err), "stopped; all files are complete: run the command again to continue")
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

// pullReport is the JSON output.
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

// pulled prints the summary of a pull.
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
		line("Renamed to the letter case of the server: %s (%s)", count(len(s.Renamed), "file"), names(s.Renamed))
	}
	if s.Versions > 0 {
		line("Written to .history: %s", count(s.Versions, "version"))
	}
	if len(s.Kept) > 0 {
		line("Kept your changes: %s (%s). `trip2g push` publishes them.", count(len(s.Kept), "file"), names(s.Kept))
	}
	if len(s.Gone) > 0 {
		line("No longer on the server: %s (%s). --delete removes them.", count(len(s.Gone), "file"), names(s.Gone))
	}
}
