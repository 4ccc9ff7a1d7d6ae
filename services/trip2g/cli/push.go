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

// pushFlags are the flags of push.
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

// sizeFlag is a size as a flag.
type sizeFlag struct{ config.Bytes }

func (f *sizeFlag) Set(text string) error { return f.UnmarshalText([]byte(text)) }
func (f *sizeFlag) Type() string          { return "size" }

func newPushCommand() *cobra.Command {
	f := pushFlags{maxNoteSize: sizeFlag{vault.DefaultMaxNoteSize}}
	cmd := &cobra.Command{
		Use:   "push [DIR]",
		Short: "Publish a folder of notes and the files that they refer to",
		Long: "Sends what differs from the server and publishes all of it in one step. A push that fails or is stopped (Ctrl-C)\n" +
			"changes nothing for readers: run it again. DIR is the current folder by default.\n\n" +
			"If the server is temporarily unavailable (it restarts, its database is busy, its disk is full), the command\n" +
			"retries for --retry-for.\n\n" +
			"Notes are the .md and .html files. Other files are sent if a note refers to them. Excluded are names that start\n" +
			"with a dot, folders named node_modules, the template folder of Obsidian, Excalidraw sources that have an exported\n" +
			"image, and whatever .trip2gignore files (in .gitignore syntax), the lists exclude and include in _settings.md, or\n" +
			"--exclude exclude. Files that are too large or invalid for the server are skipped with a warning.\n\n" +
			"In a folder that `trip2g pull` has written, a push does not revert what others have published since the pull. It\n" +
			"skips files that are older than those on the server (\"Not sent or removed\" in the output), and --delete keeps\n" +
			"notes that were never in the folder. --force sends and unpublishes those, too.\n\n" +
			"Notes that do not set their access (free, publish, draft, subgraph in the frontmatter) have the default access\n" +
			"of the site. Until one is chosen, they are for members, and the first push on a terminal asks. In scripts, set it\n" +
			"with --access, which also changes it later.\n\n" +
			"With --watch, the command continues until Ctrl-C and publishes each file that is saved. It also unpublishes notes\n" +
			"that are removed or renamed, without --delete. When a server comes back, it receives what it has missed.\n\n" +
			"The URL can be that of any node. A replica forwards the notes to the leader.\n\n" +
			exitCodes("everything is published, or there was nothing to do; with --watch, Ctrl-C when nothing was left to send") + "\n" +
			"  5  files in the folder need a correction first",
		Example: "  export TRIP2G_URL=https://notes.example.com TRIP2G_KEY=t2g_...\n" +
			"  trip2g push ~/notes                        publish what has changed\n" +
			"  trip2g push ~/notes --dry-run --delete     show what would be sent and unpublished\n" +
			"  trip2g push ~/notes --delete               also unpublish notes that are no longer in the folder\n" +
			"  trip2g push ~/notes --access members       set the default access to members\n" +
			"  trip2g push ~/notes --watch                publish each file as it is saved\n" +
			"  trip2g push ~/notes --json | jq .position",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeFolder,
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.delete, "delete", false, "unpublish notes that are no longer in the folder; their history is kept")
	cmd.Flags().BoolVar(&f.force, "force", false, "also send files listed as \"Not sent or removed\", which are older than those on the server; with --delete, also unpublish notes that were never in the folder")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would be done and who can read each note, without changing anything")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "with --dry-run, list each note with the reason")
	cmd.Flags().Var(&f.access, "access", "default access for notes that do not set it: everyone or members")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask before --access everyone makes notes public")
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "continue and publish each file as it is saved")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as JSON, with --watch one line per change")
	cmd.Flags().StringArrayVar(&f.exclude, "exclude", nil, "exclude what matches this `pattern` in .gitignore syntax; can be repeated")
	cmd.Flags().Var(&f.maxNoteSize, "max-note-size", "maximum size of a note: TRIP2G_MAX_NOTE_SIZE of the server")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.watch && f.dryRun {
			return &codedError{exitUsage, errors.New("--watch publishes and --dry-run does not: use only one of them")}
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

// completeFolder completes the only argument with folders.
func completeFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// pushFolder runs the command. Its errors have exit codes and are formatted for a terminal.
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
	if err := f.loadAccess(ctx, notes, server, summary, term); err != nil {
		return pushError(err, serverExitCode(err))
	}
	term.noHome = f.lacksHome(ctx, notes, summary)
	term.Summary(summary, f.dryRun, server.Site())
	return nil
}

// vaultOptions returns the options for reading the folder. cache is nil for a folder that is read
// once.
func (f pushFlags) vaultOptions(cache *vault.Cache) vault.Options {
	return vault.Options{MaxNoteSize: int64(f.maxNoteSize.Bytes), Cache: cache, Exclude: f.exclude, Settings: markdown.PushRules}
}

// options returns the options of a push. state is nil for a folder without a pull.
func (f pushFlags) options(notes *vault.Vault, state *pull.State, server *client.Client, term *terminal) push.Options {
	o := push.Options{Vault: notes, Server: server, Reporter: term, References: markdown.AssetRefs, Delete: f.delete, Force: f.force, DryRun: f.dryRun}
	if state != nil {
		o.Base = state
	}
	return o
}

// pushError formats an error of a push for a terminal.
func pushError(err error, code int) error {
	outcome := push.NotVisible
	if failed := (*push.Error)(nil); errors.As(err, &failed) {
		outcome = failed.Outcome
	}
	return terminalError(err, code, "stopped; "+outcome.String())
}
