package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/pull"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// pushFlags is what the command line of push can say.
type pushFlags struct {
	connectionFlags
	dir           string
	delete, force bool
	dryRun, watch bool
	quiet, json   bool
	verbose, yes  bool
	access        accessFlag
	exclude       []string
	maxNoteSize   sizeFlag
}

// sizeFlag makes a size a flag.
type sizeFlag struct{ config.Bytes }

func (f *sizeFlag) Set(text string) error { return f.UnmarshalText([]byte(text)) }
func (f *sizeFlag) Type() string          { return "size" }

func newPushCommand() *cobra.Command {
	f := pushFlags{maxNoteSize: sizeFlag{vault.DefaultMaxNoteSize}}
	cmd := &cobra.Command{
		Use:   "push [DIR]",
		Short: "Publish a folder of notes and the files that they refer to",
		Long: "Compares the folder with what the server has, sends what differs, and makes all of it visible in one step.\n" +
			"Until then readers see what they saw, and a push that fails or is stopped (Ctrl-C) leaves nothing behind: run it\n" +
			"again. DIR is the current folder unless you name another.\n\n" +
			"What the server cannot take for a passing reason (it restarts, its database is busy, its disk is full) is tried\n" +
			"again for --retry-for. If that is not enough, nothing of the push becomes visible.\n\n" +
			"Notes are the .md and .html files. Other files are sent if a note refers to them. Left out are names that start\n" +
			"with a dot, folders named node_modules, Obsidian's folder of templates, Excalidraw drawings that have an exported\n" +
			"image, and what .trip2gignore files (in the syntax of .gitignore), the lists exclude and include of _settings.md\n" +
			"or --exclude leave out. What is too large or invalid for the server is left out with a warning.\n\n" +
			"In a folder that `trip2g pull` has made, what others have published since the pull is not undone: files that are as\n" +
			"they were pulled are not sent over newer ones, and --delete leaves notes that the folder never had. --force sends\n" +
			"and hides those, too.\n\n" +
			"Notes that do not say who may read them (free, publish, draft, subgraph in their frontmatter) are for whom the site's\n" +
			"default names. As long as there is none they are for members, and the first push on a terminal asks. --access answers\n" +
			"for scripts, and changes the default later.\n\n" +
			"With --watch it goes on until Ctrl-C and sends each file that is saved. What is removed or renamed meanwhile is\n" +
			"hidden, without --delete too. A server that goes away gets what it missed when it is back.\n\n" +
			"The URL may be any node's: a replica hands the notes on to its leader.\n\n" +
			exitCodes("all is published, or there was nothing to do; Ctrl-C has ended a watch that had nothing left to send") + "\n" +
			"  5  something in the folder has to be corrected first",
		Example: "  export TRIP2G_URL=https://notes.example.com TRIP2G_KEY=t2g_...\n" +
			"  trip2g push ~/notes                        publish what has changed\n" +
			"  trip2g push ~/notes --dry-run --delete     say what would be sent and hidden\n" +
			"  trip2g push ~/notes --delete               also hide what the folder no longer has\n" +
			"  trip2g push ~/notes --access members       notes that do not say who may read them are for members\n" +
			"  trip2g push ~/notes --watch                publish each file as it is saved\n" +
			"  trip2g push ~/notes --json | jq .position",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeFolder,
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.delete, "delete", false, "hide the notes that the server has and the folder has no more; their history is kept")
	cmd.Flags().BoolVar(&f.force, "force", false, "also send what is older than the server's, and with --delete hide what the folder never had")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done and who may read each note, and change nothing")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "with --dry-run, list each note, and why")
	cmd.Flags().Var(&f.access, "access", "who may read notes that do not say: everyone or members")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "make notes public by --access everyone without asking")
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on and publish each file as it is saved")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().BoolVar(&f.json, "json", false, "print what was done as JSON, with --watch one line for each change")
	cmd.Flags().StringArrayVar(&f.exclude, "exclude", nil, "leave out what matches this `pattern`, written as in .gitignore; can be repeated")
	cmd.Flags().Var(&f.maxNoteSize, "max-note-size", "largest note that the server takes, its TRIP2G_MAX_NOTE_SIZE")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.watch && f.dryRun {
			return &codedError{exitUsage, errors.New("--watch publishes and --dry-run does not: leave one of them out")}
		}
		f.dir = "."
		if len(args) > 0 {
			f.dir = args[0]
		}
		if dir, err := filepath.Abs(f.dir); err == nil {
			f.vaultName = filepath.Base(dir)
		}
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.quiet)
		term.in, term.json, term.verbose = cmd.InOrStdin(), f.json, f.verbose
		if f.watch {
			return watchFolder(cmd.Context(), f, term)
		}
		return pushFolder(cmd.Context(), f, term)
	}
	return cmd
}

// completeFolder lets a shell complete the only argument with folders.
func completeFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// pushFolder does what the command line says. Its errors have exit codes and are fit for a terminal.
func pushFolder(ctx context.Context, f pushFlags, term *terminal) error {
	server, err := f.connect(term.Retry, term.Print)
	if err != nil {
		return err
	}
	notes, err := vault.Open(ctx, f.dir, f.vaultOptions(nil))
	if err != nil {
		return pushError(err, folderExitCode(err))
	}
	defer notes.Close()
	for _, w := range notes.Warnings() {
		term.Warn(w)
	}
	if len(notes.Notes()) == 0 {
		term.Print("warning: " + f.dir + " has no notes (.md or .html)")
	}
	state, err := pull.OpenState(f.dir)
	if err != nil {
		return pushError(err, exitVault)
	}
	defer state.Close()
	o := f.options(notes, state, server, term)
	if o.Ready, err = f.chooseAccess(ctx, notes, server, term); err != nil {
		return accessError(err)
	}
	summary, err := push.Run(ctx, o)
	if err != nil {
		return pushError(err, serverExitCode(err))
	}
	if err := f.lookAtAccess(ctx, notes, server, summary, term); err != nil {
		return pushError(err, serverExitCode(err))
	}
	term.noHome = f.lacksHome(ctx, notes, summary)
	term.Summary(summary, f.dryRun, server.Site())
	return nil
}

// vaultOptions returns how the folder is read; cache is nil for a folder that is read once.
func (f pushFlags) vaultOptions(cache *vault.Cache) vault.Options {
	return vault.Options{MaxNoteSize: int64(f.maxNoteSize.Bytes), Cache: cache, Exclude: f.exclude, Settings: markdown.PushRules}
}

// options gives what a push is made of; state is nil for a folder that no pull has made.
func (f pushFlags) options(notes *vault.Vault, state *pull.State, server *client.Client, term *terminal) push.Options {
	o := push.Options{Vault: notes, Server: server, Reporter: term, References: markdown.AssetRefs, Delete: f.delete, Force: f.force, DryRun: f.dryRun}
	if state != nil {
		o.Base = state
	}
	return o
}

// pushError words the failure of a push for a terminal.
func pushError(err error, code int) error {
	outcome := push.NotVisible
	if failed := (*push.Error)(nil); errors.As(err, &failed) {
		outcome = failed.Outcome
	}
	return terminalError(err, code, "stopped; "+outcome.String())
}
